"""The tap's settings: one table, and the sentences that say what is wrong with a configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_inventory.address import needs
from tap_inventory.apis import APIS, load_profile
from tap_inventory.errors import SettingsError
from tap_inventory.profile import ApiProfile
from tap_inventory.start import parse_instant

Json = dict[str, Any]

_INTEGER: Json = {"type": ["integer", "null"]}
_STRING: Json = {"type": ["string", "null"]}

REQUIRED: list[str] = []
"""None for every API: what each of them needs is in its profile."""

PROPERTIES: Json = {
    "api": _STRING | {"title": "API", "description": "Which API to read.", "default": "inflow", "enum": [*APIS, None]},
    "api_key": _STRING
    | {
        "title": "API key",
        "description": "The key, sent as a Bearer token. Required for inflow.",
        "secret": True,
        "writeOnly": True,
    },
    "company_id": _STRING
    | {
        "title": "Company id",
        "description": "The company whose data are read: the first part of every path. Required for inflow.",
        "pattern": r"^[^/?#\s]+$",
    },
    "api_url": _STRING
    | {
        "title": "API address",
        "description": "The API's address, for inflow without the company. Required for quickstart and opterius, and "
        "for optiflow where tenant does not say it.",
        "default": "https://cloudapi.inflowinventory.com",
        "pattern": r"^https?://[^\s]+$",
    },
    "api_version": _STRING
    | {
        "title": "API version",
        "description": "The version of the API to ask for, in the Accept header.",
        "default": "2025-06-24",
    },
    "tenant": _STRING
    | {
        "title": "Tenant",
        "description": "optiflow: the host of the organisation (acme.example.com), or its name alone where api_url "
        "holds {tenant} in its place.",
        "pattern": r"^[A-Za-z0-9.-]+$",
    },
    "workspace_id": {"type": ["string", "integer", "null"]}
    | {
        "title": "Workspace",
        "description": "optiflow: the workspace whose data are read; without it, the token's current one.",
    },
    "token": _STRING
    | {
        "title": "Token",
        "description": "The API token, sent as a Bearer token. Required for optiflow and opterius.",
        "secret": True,
        "writeOnly": True,
    },
    "client_id": _STRING
    | {"title": "Client id", "description": "The registered application. Required for quickstart.", "secret": True},
    "client_secret": _STRING
    | {
        "title": "Client secret",
        "description": "Its secret. Required for quickstart.",
        "secret": True,
        "writeOnly": True,
    },
    "refresh_token": _STRING
    | {
        "title": "Refresh token",
        "description": "What authorising the application gave. It is used once; the ones that replace it are kept in "
        "token_file. Required for quickstart.",
        "secret": True,
        "writeOnly": True,
    },
    "token_url": _STRING
    | {
        "title": "Token address",
        "description": "Where tokens are had. Required for quickstart.",
        "pattern": r"^https?://[^\s]+$",
    },
    "token_file": _STRING
    | {
        "title": "Token file",
        "description": "The file that keeps the tokens between runs, readable by its owner alone. Whoever loses it "
        "must authorise the application anew. Required for quickstart.",
    },
    "start_date": _STRING
    | {
        "title": "Start date",
        "description": "Sales orders placed before it are not read. Master data and purchase orders are always "
        "complete on the first sync.",
        "format": "date-time",
    },
    "page_size": _INTEGER
    | {"title": "Page size", "description": "Rows a request asks for.", "default": 100, "minimum": 1, "maximum": 100},
    "requests_per_minute": _INTEGER
    | {
        "title": "Requests per minute",
        "description": "Never more than this in any 60 seconds, by all streams together; 0 turns pacing off.",
        "default": 60,
        "minimum": 0,
    },
    "requests_per_hour": _INTEGER
    | {
        "title": "Requests per hour",
        "description": "A second limit, in any hour; 0 is off. It is switched on by itself when the API says that it "
        "allows 1000 an hour.",
        "default": 0,
        "minimum": 0,
    },
    "request_timeout": {"type": ["number", "null"]}
    | {
        "title": "Request timeout",
        "description": "Seconds to wait for an answer.",
        "default": 60,
        "exclusiveMinimum": 0,
    },
    "max_retries": _INTEGER
    | {
        "title": "Retries",
        "description": "How often a request is repeated after failures that may pass.",
        "default": 7,
        "minimum": 0,
    },
    "include": {"type": ["object", "null"], "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    | {
        "title": "Relations",
        "description": "Relations to read with a stream, {stream: [relation, ...]}, in place of its default ones. "
        "A dot reaches deeper: lines.product.",
    },
    "location_ids": {"type": ["array", "null"], "items": {"type": "string"}}
    | {
        "title": "Locations",
        "description": "Stock figures are read for each of these locations; without it, one figure a product for all "
        "locations together. Orders of every location are read.",
    },
    "lookback_days": {"type": ["number", "null"]}
    | {
        "title": "Look-back",
        "description": "Days by which a window of changes overlaps the last one, since the bounds and time zones of "
        "the API's date filters are not proven.",
        "default": 2,
        "minimum": 0,
    },
    "rescan_days": {"type": ["number", "null"]}
    | {
        "title": "Full rescan",
        "description": "How often every stream is emitted in full all the same, in days.",
        "default": 7,
        "minimum": 0,
    },
    "emit_activate_version_messages": {"type": ["boolean", "null"]}
    | {
        "title": "ACTIVATE_VERSION messages",
        "description": "Emit them for streams that are read in full on every run; refused while a stream that emits "
        "changes only is selected.",
        "default": False,
    },
}

SECRET_SETTINGS = ("api_key", "company_id", "token", "client_id", "client_secret", "refresh_token")
"""Values that appear in no log: the company is part of every URL."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run, checked, with their defaults.

    Attributes are the settings of the table above.
    """

    profile: ApiProfile
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def include(self, stream: str, *, alone: bool = False) -> tuple[str, ...]:
        """Return the relations to ask for with a stream; ``alone`` where no figures are read for its rows."""
        asked = (self.values["include"] or {}).get(stream)
        if asked is not None:
            return tuple(dict.fromkeys(asked))
        known = self.profile.by_name[stream]
        return known.include + (known.include_alone if alone else ())


def from_environment(schema: Json, prefix: str) -> Json:
    """Return the settings found in the environment.

    Raises:
        SettingsError: One of them is not of its kind; its value is not said.
    """
    found: Json = {}
    for name, kind in schema["properties"].items():
        found |= _one_from_environment(name, kind, prefix)
    return found


def _one_from_environment(name: str, kind: Json, prefix: str) -> Json:
    try:
        # os.devnull: a .env file somewhere above is no source of settings unless --config=ENV asks for it.
        found = parse_environment_config({"properties": {name: kind}}, prefix, os.devnull)
        return {known: float(value) if "number" in kind.get("type", ()) else value for known, value in found.items()}
    except ValueError:
        raise SettingsError(f"The environment variable {prefix}{name.upper()} is not of its kind.") from None


def problems(config: Mapping[str, Any], schema: Json) -> list[str]:
    """Return what is wrong with a configuration, a sentence each, without any value from it."""
    errors = DEFAULT_JSONSCHEMA_VALIDATOR(schema).iter_errors(dict(config))
    found = [_sentence(error) for error in errors if error.validator != "required"]
    api = config.get("api") or PROPERTIES["api"]["default"]
    if found or api not in APIS:
        return found
    profile = load_profile(api)
    values = effective(config, profile)
    found += [
        f"The setting {' or '.join(names)} is required."
        for names in (each if isinstance(each, tuple) else (each,) for each in profile.required)
        if not any(values[name] for name in names)
    ]
    found += [
        f"The setting {name} must be a whole host, such as acme.example.com, where api_url does not hold {{{name}}}."
        for name in profile.hosts
        if values[name] and values["api_url"] == profile.address and "." not in values[name]
    ]
    if config.get("start_date") and parse_instant(config["start_date"]) is None:
        found.append("The setting start_date must be a date or a date-time, such as 2025-01-31.")
    return found + _unknown_names(config.get("include") or {}, profile)


def _sentence(error: Any) -> str:
    path = [str(part) for part in error.absolute_path]
    name = path[0] if path else "configuration"
    where = f"The setting {name}" + (f" (at {'.'.join(path[1:])})" if path[1:] and name == "include" else "")
    rules = {
        "type": lambda rule: f"must be of type {rule if isinstance(rule, str) else ' or '.join(rule)}",
        "enum": lambda rule: f"must be one of {', '.join(str(value) for value in rule if value is not None)}",
        "minimum": lambda rule: f"must be at least {rule}",
        "exclusiveMinimum": lambda rule: f"must be above {rule}",
        "maximum": lambda rule: f"must be at most {rule}",
        "format": lambda rule: f"must be a {rule}",
        "pattern": lambda rule: "has a form that it cannot have" if name in SECRET_SETTINGS else f"must match {rule}",
    }
    rule = rules.get(error.validator)
    return f"{where} {rule(error.validator_value) if rule else 'is not valid'}."


def _unknown_names(include: Mapping[str, Iterable[str]], profile: ApiProfile) -> list[str]:
    found = []
    for stream, relations in include.items():
        if stream not in profile.by_name:
            found.append(f"The setting include names the stream {stream}, which {profile.title} does not have.")
            continue
        known = profile.by_name[stream].relations
        found += [
            f"The setting include asks for {relation} with {stream}, which has no such relation."
            for relation in relations
            if relation.split(".")[0] not in known
        ]
    return found


def effective(config: Mapping[str, Any], profile: ApiProfile) -> Json:
    """Return every setting as it is for an API: given, or taken from another, or the default."""
    values = {
        name: known.get("default") if config.get(name) is None else config[name] for name, known in PROPERTIES.items()
    }
    for name, other in profile.stand_ins.items():
        values[name] = values[name] if values[name] is not None else values[other]
    # The default is the address of one API only, and runners pass defaults on as if they were given: the key of
    # another API must never go there.
    if values["api_url"] == PROPERTIES["api_url"]["default"]:
        usable = profile.address is not None and all(values[name] for name in needs(profile.address))
        values["api_url"] = profile.address if usable else None
    return values


def settle(config: Mapping[str, Any]) -> Settings:
    """Return the settings of a configuration that has no problems."""
    profile = load_profile(config.get("api") or PROPERTIES["api"]["default"])
    return Settings(profile, effective(config, profile))
