"""The files a run is given: configuration, catalog and STATE, or a sentence that says what is wrong with one."""

from __future__ import annotations

import json
from typing import IO, Any

from singer_http.config_file import fault_of
from tap_inventory.errors import SettingsError, StateError


def check_configuration(path: str) -> None:
    """Make sure that a configuration file can be read and holds a JSON object.

    Raises:
        SettingsError: It does not.
    """
    if fault := fault_of(path):
        raise SettingsError(fault)


def read_catalog(file: IO[str] | None) -> dict[str, Any] | None:
    """Return a catalog.

    Raises:
        SettingsError: It is none.
    """
    given = _json(file, "catalog")
    if given is not None and not (isinstance(given, dict) and isinstance(given.get("streams"), list)):
        raise SettingsError("The given catalog is not a JSON object with streams.")
    return given


def read_state(file: IO[str] | None) -> dict[str, Any] | None:
    """Return a STATE; None where there is none, or an empty one.

    Raises:
        StateError: It is none.
    """
    try:
        given = _json(file, "STATE")
    except SettingsError as error:
        raise StateError(str(error)) from None
    if given and not isinstance(given, dict):
        raise StateError("The given STATE is not a JSON object.")
    return given or None


def _json(file: IO[str] | None, what: str) -> Any:
    if file is None:
        return None
    try:
        return json.load(file)
    except ValueError:
        raise SettingsError(f"The given {what} is no JSON.") from None
