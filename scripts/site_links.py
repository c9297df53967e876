"""Lets the pages of docs/ link to files beside docs/: right on a code host, and no broken link on the site.

MkDocs calls :func:`on_page_markdown` for each page (``hooks`` in mkdocs.yml). A link that leaves docs/ becomes one to
the repository where mkdocs.yml names it (``repo_url``), and else the name of the file, since no file is beside a site.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\(([^)\s#:]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)
PAGES = {"README.md": "index.md"}
"""Files beside docs/ whose part a page of the site plays."""


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Return a page's Markdown with its links out of docs/ replaced."""
    del files
    return replaced(markdown, page.file.src_uri, config.repo_url)


def replaced(markdown: str, source: str, repository: str | None) -> str:
    """Return Markdown whose links out of docs/ lead somewhere.

    Args:
        markdown: The text of a page.
        source: The page's path below docs/.
        repository: The address of the repository; None where there is no public one.
    """

    def link(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(source), target))
        if path.startswith("docs/"):
            return found[0]
        if path in PAGES:
            return f"[{text}]({posixpath.relpath(PAGES[path], posixpath.dirname(source) or '.')})"
        if repository:
            return f"[{text}]({repository.rstrip('/')}/blob/main/{path}{anchor})"
        return text if path in text else f"{text} (`{path}`)"

    parts = _FENCE.split(markdown)
    return "".join(part if part.startswith("```") else _LINK.sub(link, part) for part in parts)
