"""Where requests go and with which headers: an API's templates, filled with settings (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tap_inventory.profile import ApiProfile

_PLACE = re.compile(r"\{(\w+)\}")


def needs(template: str) -> set[str]:
    """Return the settings that a template stands for."""
    return set(_PLACE.findall(template))


def headers_of(profile: ApiProfile, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of every request; one that needs a setting which is not given is left out."""
    given = {name: value for name, value in values.items() if value is not None}
    return {name: text.format_map(given) for name, text in profile.headers.items() if needs(text) <= given.keys()}


def root_of(profile: ApiProfile, values: Mapping[str, Any]) -> str:
    """Return what every path follows, without a closing slash."""
    quoted = {name: quote(str(value), safe="") for name, value in values.items() if value is not None}
    given = str(values["api_url"]).rstrip("/")
    address = _PLACE.sub(lambda place: quoted.get(place[1], place[0]), given)
    root = profile.root.format_map(quoted)
    return address if root and address.endswith(root) else address + root
