"""Searches what the programs said and left behind for everything that must stay secret."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from sandbox import identity

# What tests themselves write for the programs to read: configurations, and records on their way in; and the file that
# is there to keep tokens.
INPUTS = frozenset(
    {
        "tap.json",
        "tokens.json",
        "tap-config.json",
        "target.json",
        "config.json",
        "stdin",
        "catalog.json",
        "tap-state.json",
        "ready.json",
        ".env",
    }
)
SECRETS = (
    identity.INFLOW_API_KEY,
    identity.OPTIPLY_CLIENT_ID,
    identity.OPTIPLY_CLIENT_SECRET,
    identity.OPTIPLY_USERNAME,
    identity.OPTIPLY_PASSWORD,
    identity.OPTIFLOW_TOKEN,
    identity.QUICKSTART_CLIENT_SECRET,
    identity.QUICKSTART_REFRESH_TOKEN,
    identity.OPTERIUS_TOKEN,
    base64.b64encode(f"{identity.OPTIPLY_CLIENT_ID}:{identity.OPTIPLY_CLIENT_SECRET}".encode()).decode(),
)


def spellings(secret: str) -> set[str]:
    """Return the spellings under which a secret may appear."""
    return {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}


_FORMS = sorted({form for secret in SECRETS for form in spellings(secret)})
_TOKENS = (identity.OPTIPLY_TOKEN_MARK, identity.QUICKSTART_TOKEN_MARK)
_FOUND = re.compile(
    "|".join([*map(re.escape, _FORMS), f"(?:{'|'.join(_TOKENS)})[0-9a-f]{{16}}"]).encode(), re.IGNORECASE
)
_MARKS = tuple(form.lower().encode() for form in (*_FORMS, *_TOKENS))


def told(content: bytes | str) -> list[str]:
    """Return the beginnings of the secrets, tokens among them, that a text tells."""
    data = content.encode() if isinstance(content, str) else content
    lower = data.lower()
    if not any(mark in lower for mark in _MARKS):  # a search for plain bytes takes a fraction of the time
        return []
    return sorted({f"{found.group()[:12].decode()}…" for found in _FOUND.finditer(data)})


def check(*texts: str) -> None:
    """Insist that what a program said tells no secret."""
    for text in texts:
        found = told(text.encode(errors="replace"))
        assert not found, f"a program told {found}"


def outputs(directory: Path) -> Iterator[Path]:
    """Yield every file below a directory that a program may have written."""
    for path in sorted(directory.rglob("*")):
        if path.name not in INPUTS and path.is_file() and not path.is_symlink():
            yield path


def leaks(directory: Path) -> list[str]:
    """Return one sentence for every file below a directory that tells a secret."""
    found = ((path, told(path.read_bytes())) for path in outputs(directory))
    return [f"{path.relative_to(directory)} tells {secrets}" for path, secrets in found if secrets]
