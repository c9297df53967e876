"""Searches everything that a run left behind for everything that must stay secret."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

# What the tests themselves hand to the programs: configurations, and records on their way in.
INPUTS = frozenset({"tap.json", "target.json", "config.json", "stdin", "catalog.json", "tap-state.json"})
_WORD = re.compile(rb"[A-Za-z0-9+/=._~-]{8,}")


def secrets_of(ready: Mapping[str, Any]) -> list[str]:
    """Return the secrets of a sandbox's two logins, as they are and as they travel."""
    optiply = ready["optiply"]
    names = ("client_id", "client_secret", "username", "password")
    basic = base64.b64encode(f"{optiply['client_id']}:{optiply['client_secret']}".encode()).decode()
    return [ready["inflow"]["api_key"], *(optiply[name] for name in names), basic]


def spellings(secret: str) -> set[bytes]:
    """Return the spellings under which a secret may appear, in lower case."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return {form.lower().encode() for form in forms}


def outputs(directory: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file below a directory that a program wrote."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.name not in INPUTS:
            yield path, path.read_bytes()


def leaks(directory: Path, secrets: Iterable[str], authorizations: Iterable[str] = ()) -> list[str]:
    """Return one sentence for every secret in a program's output.

    Args:
        directory: Where the programs ran.
        secrets: What must not be seen.
        authorizations: SHA-256 of Authorization headers, of which no token must be seen.
    """
    forms = {form: secret for secret in secrets for form in spellings(secret)}
    known = set(authorizations)
    found = []
    for path, content in outputs(directory):
        lower = content.lower()
        found += [f"{path.name} holds the secret {secret[:3]}…" for form, secret in forms.items() if form in lower]
        if known:
            words = set(_WORD.findall(content))
            spoken = {hashlib.sha256(scheme + word).hexdigest() for word in words for scheme in (b"Bearer ", b"Basic ")}
            found += [f"{path.name} holds a token"] * bool(spoken & known)
    return found
