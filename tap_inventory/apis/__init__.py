"""The APIs that can be read: one package each, found by the setting ``api``."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from tap_inventory.profile import ApiProfile

APIS: tuple[str, ...] = ("inflow", "optiflow", "quickstart", "opterius")
"""Values of the setting ``api``; each names a package here whose module ``profile`` holds ``PROFILE``."""


@cache
def load_profile(api: str) -> ApiProfile:
    """Return what is known of an API.

    Raises:
        KeyError: There is no such API.
    """
    if api not in APIS:
        raise KeyError(api)
    profile: ApiProfile = import_module(f"{__name__}.{api}.profile").PROFILE
    return profile
