"""The site's own rules, without building it: what is in its menu, and links that lead out of docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from about import ROOT
from site_links import replaced

CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def menu(entries: Any) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    for each in entries.values() if isinstance(entries, dict) else entries if isinstance(entries, list) else []:
        yield from menu(each)


def test_every_page_is_in_the_menu_once() -> None:
    pages = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))
    assert sorted(menu(CONFIG["nav"])) == pages


def test_a_reader_s_browser_is_sent_to_no_other_host() -> None:
    assert CONFIG["theme"]["font"] is False
    assert CONFIG["plugins"] == ["search"]
    assert not {"extra_css", "extra_javascript", "repo_url"} & CONFIG.keys()


def test_a_link_is_wrong_by_strict_rules() -> None:
    assert set(CONFIG["validation"]["links"].values()) == {"warn"}


@pytest.mark.parametrize(
    ("source", "markdown", "repository", "expected"),
    [
        ("meltano.md", "see [settings](settings.md#a)", None, "see [settings](settings.md#a)"),
        ("meltano.md", "the [README](../README.md)", None, "the [README](index.md)"),
        ("hub/README.md", "the [README](../../README.md)", None, "the [README](../index.md)"),
        ("hub/README.md", "back to [it](../meltano.md)", None, "back to [it](../meltano.md)"),
        ("shell.md", "in [the example](../examples/pipe/)", None, "in the example (`examples/pipe`)"),
        ("shell.md", "in [the example](../examples/pipe/run.sh#x)", "https://host/a/", "in [the example](https://host/a/blob/main/examples/pipe/run.sh#x)"),
        ("shell.md", "[`run.sh`](../examples/pipe/run.sh)", None, "`run.sh` (`examples/pipe/run.sh`)"),
        ("shell.md", "```\n[a](../b.md)\n```\n[it](https://host/b.md)", None, "```\n[a](../b.md)\n```\n[it](https://host/b.md)"),
        ("shell.md", "![a picture](../b.png)", None, "![a picture](../b.png)"),
    ],
)  # fmt: skip
def test_a_link_out_of_the_docs_leads_somewhere_or_names_the_file(
    source: str, markdown: str, repository: str | None, expected: str
) -> None:
    assert replaced(markdown, source, repository) == expected


def test_no_page_links_to_an_anchor_that_only_one_renderer_makes() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        for anchor in re.findall(r"\]\([^)#:]*#([^)]+)\)", page.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[a-z0-9_-]+", anchor), f"{page.name}: {anchor}"
