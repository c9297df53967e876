from __future__ import annotations

import pytest
from about import between
from readme_tables import README, regenerated, settings_table


def test_the_readme_says_what_the_programs_say() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == regenerated(text), "settings or streams changed: run `make docs-tables`"


def test_a_changed_setting_changes_the_table() -> None:
    schema = {
        "type": "object",
        "properties": {"speed": {"type": "integer", "default": 3, "description": "How | fast."}},
    }
    table = settings_table({"settings": schema})
    assert "| `speed` | `3` | How \\| fast. |" in table
    schema["properties"]["speed"]["default"] = 4
    assert table != settings_table({"settings": schema})


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    text = "before\n<!-- begin: x, generated -->\nold\nolder\n<!-- end: x -->\nafter\n"
    assert between(text, "x", "new\n") == "before\n<!-- begin: x, generated -->\nnew\n<!-- end: x -->\nafter\n"


@pytest.mark.parametrize("text", ["", "# begin: x\n", "# end: x\n# begin: x\n", "# begin: x\n# end: x\n" * 2])
def test_markers_that_are_missing_or_twice_there_are_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="exactly once"):
        between(text, "x", "new\n")
