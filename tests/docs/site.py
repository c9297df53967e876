"""The built site (`make docs` builds it, then runs this): every page is there, and none asks another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from about import ROOT

SITE = ROOT / "site"
PAGES = sorted(SITE.rglob("*.html"))
LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "object": "data"}


class Loads(HTMLParser):
    """Collects what a browser fetches for a page without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in LOADING and (address := given.get(LOADING[tag])):
            self.addresses.append(address)
        if tag == "link" and given.get("rel") not in ("canonical", "next", "prev", None):
            self.addresses.append(given.get("href") or "")


def named(entries: Any) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    for each in entries.values() if isinstance(entries, dict) else entries if isinstance(entries, list) else []:
        yield from named(each)


def test_every_page_of_the_menu_is_built() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    for name in named(config["nav"]):
        folder = name.removesuffix(".md").removesuffix("README").removesuffix("index")
        assert (SITE / folder / "index.html").is_file(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(SITE).as_posix())
def test_a_page_loads_only_what_is_beside_it(page: Path) -> None:
    loads = Loads()
    loads.feed(page.read_text(encoding="utf-8"))
    assert loads.addresses
    for address in loads.addresses:
        assert not re.match(r"[a-z]+:|//", address), address
        if page.name != "404.html":  # which may be shown for any address, so its own are absolute
            assert (page.parent / address.partition("?")[0]).exists(), address


def test_no_style_loads_from_elsewhere() -> None:
    styles = list(SITE.rglob("*.css"))
    assert styles
    for style in styles:
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style.name


def test_a_message_of_trouble_is_found_by_the_search() -> None:
    index = (SITE / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "the login was refused; check client_id, client_secret, username and password" in index
