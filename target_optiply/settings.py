"""The settings of target-optiply: their schema, their order of precedence, and what is wrong with them in sentences."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from singer_sdk import typing as th
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from singer_http.env_file import read_env_file
from target_optiply.errors import ConfigProblem
from target_optiply.translate.route import SHAPES

TEXT_OR_NUMBER = th.CustomType({"type": ["string", "integer"]})
TEXT_NUMBER_OR_NULL = th.CustomType({"type": ["string", "integer", "null"]})
NUMBER_TEXT_OR_NULL = th.CustomType({"type": ["number", "string", "null"]})
OPTIPLY_ORDERS = r"(?i)optiply[\s#:_-]*(\d*)"

CONFIG_SCHEMA: dict[str, Any] = th.PropertiesList(
    th.Property("client_id", th.StringType, required=True, secret=True, title="Client ID",
                description="OAuth client of the webshop, sent as Basic credentials to the token endpoint."),
    th.Property("client_secret", th.StringType, required=True, secret=True, title="Client secret",
                description="Secret of the OAuth client."),
    th.Property("username", th.StringType, required=True, secret=True, title="User name",
                description="API user of the password grant."),
    th.Property("password", th.StringType, required=True, secret=True, title="Password",
                description="Password of the API user."),
    th.Property("account_id", TEXT_OR_NUMBER, required=True, title="Account ID",
                description="Optiply account, sent as the query parameter accountId."),
    th.Property("coupling_id", TEXT_NUMBER_OR_NULL, title="Coupling ID",
                description="Integration that the remote ids belong to, sent as the query parameter couplingId."),
    th.Property("api_url", th.StringType, default="https://api.optiply.com/v1", title="API URL",
                description="Base URL of the Optiply API."),
    th.Property("auth_url", th.StringType, default="https://dashboard.optiply.nl/api/auth/oauth/token",
                title="Token URL", description="OAuth token endpoint."),
    th.Property("state_path", th.StringType, default="target-state.json", title="State file",
                description="What is known of Optiply, kept between runs: a path or an fsspec URL."),
    th.Property("max_connections", th.IntegerType(minimum=1, maximum=256), default=16, title="Most connections",
                description="Upper bound of requests in flight; the run starts at 2 and adapts to the answers."),
    th.Property("max_writes_per_second", th.NumberType(minimum=0), default=0, title="Most writes per second",
                description="For accounts that ask for restraint; 0 is off."),
    th.Property("request_timeout", th.NumberType(exclusive_minimum=0), default=30, title="Request timeout",
                description="Seconds to wait for an answer."),
    th.Property("max_rejected_records", th.IntegerType(minimum=0), default=0, title="Most rejected records",
                description="Records that stand rejected at the end above which the run exits 1, "
                "after doing everything it could."),
    th.Property("delete", th.StringType(allowed_values=["soft", "hard", "ignore"]), default="soft", title="Deletes",
                description="soft: products and supplierProducts are disabled, suppliers ignored, the rest deleted; "
                "hard: everything is deleted; ignore: nothing is."),
    th.Property("max_delete_percent", th.NumberType(minimum=0, maximum=100), default=10, title="Most deletions",
                description="A run that would delete or disable more of an entity's known rows (and at least 20) "
                "deletes none of them and exits 1."),
    th.Property("adopt_existing", th.BooleanType, default=True, title="Adopt existing rows",
                description="With an empty state, adopt what an earlier integration (or a lost state) wrote."),
    th.Property("stock", th.StringType(allowed_values=["available", "on_hand"]), default="available",
                title="Stock figure", description="Which figure of an inventory's stock summary is sent."),
    th.Property("open_sales_orders", th.StringType(allowed_values=["hold", "send"]), default="hold",
                title="Open sales orders", description="hold: sent once completed; send: sent at once."),
    th.Property("optiply_orders", th.CustomType({"type": ["string", "null"]}), default=OPTIPLY_ORDERS,
                title="Optiply's own orders",
                description="Purchase orders whose number matches, or whose remarks match with a number, were placed "
                "by Optiply itself: the number is the buy order's id. Empty turns it off."),
    th.Property("price_tax_percent", NUMBER_TEXT_OR_NULL, title="Tax in prices",
                description="Tax in per cent contained in tax-inclusive price lists."),
    th.Property("state_output", th.StringType(allowed_values=["auto", "singer", "hotglue"]), default="auto",
                title="Output on stdout", description="singer: the tap's STATE; hotglue: the target state; "
                "auto: hotglue in a hotglue job or with --state, else singer."),
    th.Property("source", th.StringType(allowed_values=list(SHAPES)), default="auto", title="Shape of the source",
                description="Shape of streams whose name fits several; auto tells by the SCHEMA."),
    th.Property("unknown_stream", th.StringType(allowed_values=["warn", "fail"]), default="warn",
                title="Unknown streams", description="What to do with a stream that maps to nothing."),
    th.Property("report_path", th.CustomType({"type": ["string", "null"]}), title="Report",
                description="Where a page about the run is written, as one HTML file: a path or an fsspec URL."),
    th.Property("verify_days", th.IntegerType(minimum=0), default=0, title="Verify every so many days",
                description="Re-read Optiply every so many days and repair what was deleted or changed there; "
                "0 is off."),
).to_dict()  # fmt: skip

SECRETS = ("client_id", "client_secret", "username", "password")
_NEVER_EMPTY = (*SECRETS, "account_id", "state_path")
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_FRACTIONS = ("max_writes_per_second", "request_timeout", "max_delete_percent")
_HOTGLUE_ENVIRONMENT = ("JOB_ROOT", "FLOW", "ENV_ID")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run, checked."""

    client_id: str
    client_secret: str
    username: str
    password: str
    account_id: str
    coupling_id: str | None
    api_url: str
    auth_url: str
    state_path: str
    max_connections: int
    max_writes_per_second: float
    request_timeout: float
    max_rejected_records: int
    delete: str
    max_delete_percent: float
    adopt_existing: bool
    stock: str
    open_sales_orders: str
    optiply_orders: re.Pattern[str] | None
    price_tax_percent: Decimal | None
    state_output: str
    source: str
    unknown_stream: str
    report_path: str | None
    verify_days: int

    @property
    def secrets(self) -> list[str]:
        """The values that must never be seen in an output."""
        return [getattr(self, name) for name in SECRETS]


def with_environment(config: Mapping[str, Any], from_environment: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the sources of settings: config file, then TARGET_OPTIPLY_*, then optiply_*_url, then defaults.

    Args:
        config: What the config file says.
        from_environment: What the TARGET_OPTIPLY_* variables say, parsed.
    """
    merged = {**from_environment, **{name: value for name, value in config.items() if value is not None}}
    if (base := os.environ.get("optiply_base_url")) and "api_url" not in merged:  # noqa: SIM112 - its name on the platform
        merged["api_url"] = base
    if (dashboard := os.environ.get("optiply_dashboard_url")) and "auth_url" not in merged:  # noqa: SIM112
        merged["auth_url"] = dashboard.rstrip("/") + "/auth/oauth/token"
    for name, schema in CONFIG_SCHEMA["properties"].items():
        if "default" in schema and merged.get(name) is None:
            merged[name] = schema["default"]
    return merged


def environment(*, dotenv: bool = False) -> dict[str, Any]:
    """Return the settings that TARGET_OPTIPLY_* variables give, by their schema's types.

    Args:
        dotenv: Whether the nearest ``.env`` file, from the working folder upwards, is read first, as for
            ``--config=ENV``.
    """
    if dotenv:
        read_env_file()
    found: dict[str, Any] = {}
    for name, schema in CONFIG_SCHEMA["properties"].items():
        text = os.environ.get(f"TARGET_OPTIPLY_{name.upper()}")
        types = schema.get("type", [])
        types = types if isinstance(types, list) else [types]
        if text is not None and (text.strip() or "string" in types):
            found[name] = _typed(text, types)
    return found


def _typed(text: str, types: list[str]) -> Any:
    """Read a variable's text as one of these types; text that is none of them is left for the check to name."""
    if "string" in types:
        return text
    if "boolean" in types:
        return _BOOLEANS.get(text.strip().lower(), text)
    try:
        number = int(text) if "integer" in types else float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def problems(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the settings, one clause each, naming the setting and never its value."""
    found = []
    properties = CONFIG_SCHEMA["properties"]
    for error in sorted(DEFAULT_JSONSCHEMA_VALIDATOR(CONFIG_SCHEMA).iter_errors(dict(config)), key=str):
        name = str(error.path[0]) if error.path else ""
        if error.validator == "required":
            missing = [each for each in error.validator_value if each not in config]
            found += [f"{each} is missing ({properties[each]['description'].rstrip('.')})" for each in missing]
        elif error.validator == "enum":
            found.append(f"{name} must be one of {', '.join(map(str, error.validator_value))}")
        elif error.validator == "type":
            types = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
            found.append(f"{name} must be {' or '.join(each for each in types if each != 'null')}")
        else:
            found.append(f"{name} is out of bounds ({error.validator} {error.validator_value})")
    found += [f"{name} is empty" for name in _NEVER_EMPTY if _is_blank(config.get(name))]
    for name in ("api_url", "auth_url"):
        if not re.match(r"https?://[^/\s]+", str(config.get(name, ""))):
            found.append(f"{name} must be an http(s) URL")
    try:
        re.compile(config.get("optiply_orders") or "")
    except re.error as error:
        found.append(f"optiply_orders is no regular expression (at position {error.pos})")
    except TypeError:
        found.append("optiply_orders must be string")
    if (tax := config.get("price_tax_percent")) not in (None, "") and not _is_percentage(tax):
        found.append("price_tax_percent must be a number from 0 up")
    return list(dict.fromkeys(found))


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _is_percentage(value: Any) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", str(value)) is not None


def settings_from(config: Mapping[str, Any], *, state_flag: bool = False) -> Settings:
    """Build the settings of a run.

    Args:
        config: The merged configuration.
        state_flag: Whether ``--state`` was given, which tells a hotglue runner.

    Raises:
        ConfigProblem: A setting is missing or wrong; the message names all of them.
    """
    if wrong := problems(config):
        raise ConfigProblem("; ".join(wrong))
    values = {name: config.get(name) for name in Settings.__dataclass_fields__}
    coupling = values["coupling_id"]
    tax = values["price_tax_percent"]
    values |= {
        "account_id": _as_text(values["account_id"]),
        "coupling_id": None if coupling is None or _is_blank(coupling) else _as_text(coupling),
        "api_url": str(values["api_url"]).rstrip("/"),
        "price_tax_percent": None if tax in (None, "") else Decimal(str(tax)),
        # A fraction in the config file is a Decimal, which sockets do not take for seconds.
        **{name: float(values[name] or 0) for name in _FRACTIONS},
        "optiply_orders": re.compile(str(values["optiply_orders"])) if values["optiply_orders"] else None,
        "report_path": values["report_path"] or None,
        "state_output": state_output(str(values["state_output"]), state_flag=state_flag),
    }
    return Settings(**values)  # type: ignore[arg-type]  # the schema was checked above


def _as_text(identifier: Any) -> str:
    """Return an id that is given as text or number; JSON may write a whole number as 1380.0."""
    return identifier.strip() if isinstance(identifier, str) else str(int(identifier))


def state_output(asked: str, *, state_flag: bool) -> str:
    """Decide what stdout carries; Meltano would store a hotglue document as the tap's state, and break the next run.

    Args:
        asked: The setting of this name.
        state_flag: Whether ``--state`` was given, which tells a hotglue runner.
    """
    if asked != "auto":
        return asked
    if "MELTANO_PROJECT_ROOT" in os.environ:
        return "singer"
    job = "JOB_ID" in os.environ and any(name in os.environ for name in _HOTGLUE_ENVIRONMENT)
    return "hotglue" if state_flag or job else "singer"
