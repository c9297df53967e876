"""Reads an HTML page as far as tests ask about it: its tables, its text, and what it would load."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = frozenset({"meta", "input", "rect", "line", "link", "br", "img"})


class Page(HTMLParser):
    """A page, read strictly: a tag that is not closed, or closed twice, fails.

    Attributes:
        tables: Of each table, its rows, the head's first; a row is its cells' texts.
        tags: Every opening tag with its attributes.
        text: All that is read by people.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if {"style", "script"} & set(self._open):
            return
        self.text += data
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data.strip()

    def table(self, *head: str) -> list[list[str]]:
        """Return the rows of the one table whose head begins so, without the head."""
        found = [rows for rows in self.tables if rows[0][: len(head)] == list(head)]
        assert len(found) == 1, f"{len(found)} tables begin with {head}"
        return found[0][1:]
