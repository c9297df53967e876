"""Secrets by reference: ``tenants.yml`` names where a value is kept; it is read when the tenant's run begins."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fsspec

_KEYS = ({"env"}, {"url"}, {"url", "key"})


class RefusedSetting(Exception):  # noqa: N818 - a reason, told in one sentence
    """A setting cannot be had; the sentence begins with its name and tells no value."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a value is kept.

    Attributes:
        env: The name of an environment variable, or
        url: the path or fsspec URL of a document:
        key: a member of its JSON, or None for the whole of its text.
    """

    env: str | None = None
    url: str | None = None
    key: str | None = None


def settings_of(given: Mapping[str, Any], tenant: str) -> dict[str, Any]:
    """Return settings with their references made out; ``{tenant}`` and ``{TENANT}`` in them stand for the name.

    Args:
        given: Settings by name, as ``tenants.yml`` has them.
        tenant: Whose they are. ``{TENANT}`` is the name in capitals with ``_`` for ``-``, as variables are named.

    Raises:
        RefusedSetting: A reference names no place.
    """
    return {name: _reference(name, value, tenant) if _refers(value) else value for name, value in given.items()}


def _refers(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool({"env", "url"} & value.keys())
        and not any(
            isinstance(member, list)
            for member in value.values()  # the tap's include: lists of relations by stream
        )
    )


def _reference(name: str, value: Mapping[str, Any], tenant: str) -> Reference:
    if set(value) not in _KEYS or not all(isinstance(member, str) and member for member in value.values()):
        raise RefusedSetting(f"{name} must be {{env: NAME}}, {{url: PLACE}} or {{url: PLACE, key: NAME}}")
    capitals = tenant.upper().replace("-", "_")
    return Reference(
        **{part: text.replace("{tenant}", tenant).replace("{TENANT}", capitals) for part, text in value.items()}
    )


def resolve(settings: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return settings with every reference replaced by its value.

    Args:
        settings: Settings by name.
        environment: Where the variables are.

    Raises:
        RefusedSetting: A variable, document or member is not there.
        OSError: A document cannot be read now; another time may do better.
    """
    documents: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Reference):
            try:
                found[name] = _read(value, documents, environment)
            except _Absent as reason:
                raise RefusedSetting(f"{name}: {reason}") from None
        else:
            found[name] = value
    return found


class _Absent(Exception):  # noqa: N818 - a reason
    pass


def _read(reference: Reference, documents: dict[str, str], environment: Mapping[str, str]) -> Any:
    if reference.env is not None:
        if not (value := environment.get(reference.env)):
            raise _Absent(f"the environment variable {reference.env} is not set")
        return value
    url = reference.url or ""
    if url not in documents:
        documents[url] = _document(url)
    if reference.key is None:
        return documents[url].strip()
    try:
        member = json.loads(documents[url])[reference.key]
    except (ValueError, LookupError, TypeError):
        raise _Absent(f"{url} is no JSON object with a member {reference.key}") from None
    if not isinstance(member, str | int) or isinstance(member, bool):
        raise _Absent(f"the member {reference.key} of {url} is neither text nor a number")
    return member


def _document(url: str) -> str:
    try:
        with fsspec.open(url, "rb") as file:
            content: bytes = file.read()
        return content.decode()
    except FileNotFoundError:
        raise _Absent(f"{url} is not there") from None
    except (ValueError, ImportError) as error:  # a scheme that nobody knows, or no text
        raise _Absent(f"{url} cannot be read ({type(error).__name__})") from None
