"""The page as HTML: one file that loads nothing, made of a template, a style sheet and a script in ``files/``."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from target_optiply.report.page import Page


def _file(name: str) -> str:
    return (files(__package__) / "files" / name).read_text(encoding="utf-8")


def render(page: Page) -> Iterator[bytes]:
    """Yield the page in UTF-8, piece by piece.

    Every text of the run is escaped, and should one get through all the same, the page's own policy lets no script but
    its own run, and no request leave it.
    """
    environment = Environment(
        loader=FunctionLoader(_file), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "seconds": seconds, "moment": moment}
    style, script = _file("page.css"), _file("page.js")
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'"
    pieces = environment.get_template("page.html").generate(
        page=page,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=policy,
    )
    for piece in pieces:
        yield piece.encode("utf-8", "replace")  # half a surrogate pair, which no file can hold, becomes "?"


def _digest(text: str) -> str:
    """Return a text's digest as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def number(value: float) -> str:
    """Return a number for people: thin spaces between thousands, one decimal below ten unless it is whole."""
    if value == int(value) or abs(value) >= 10:
        return f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{value:.1f}"


def seconds(value: float) -> str:
    """Return a duration for people."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(value: datetime) -> str:
    """Return an instant for people."""
    return f"{value:%d %b %Y, %H:%M:%S} UTC".lstrip("0")
