from __future__ import annotations

from pathlib import Path

import pytest

from singer_http.config_file import fault_of


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory."),
        (b'{\n  "password" "s3cr3t"}', "is no JSON: see line 2, column 14."),
        (b"", "is no JSON: see line 1, column 1."),
        (b'["s3cr3t"]', "holds no JSON object."),
        (b"\xff{s3cr3t}", "is no text in UTF-8."),
    ],
    ids=["missing", "no JSON", "empty", "a list", "no text"],
)
def test_what_is_wrong_with_a_file_is_told_by_its_name_and_place_and_not_by_its_content(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "target.json"
    if content is not None:
        path.write_bytes(content)
    assert fault_of(str(path)) == f"The configuration file {path} {said}"


def test_a_file_that_holds_settings_has_no_fault(tmp_path: Path) -> None:
    (tmp_path / "tap.json").write_text("{}")
    assert fault_of(str(tmp_path / "tap.json")) is None
