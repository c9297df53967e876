"""``tenants.yml``: which tenants there are, how each is set up, and when each runs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import fsspec
import yaml

from fleet.references import Reference, RefusedSetting, settings_of
from tap_inventory.settings import PROPERTIES
from target_optiply.settings import CONFIG_SCHEMA
from target_optiply.settings import SECRETS as TARGET_SECRETS

# What becomes a folder's name and a partition's key.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_KEYS = frozenset({"state", "executor", "retries", "defaults", "tenants"})
_TENANT_KEYS = frozenset({"schedule", "timezone", "tap", "target"})
_PROGRAMS: Mapping[str, Mapping[str, Any]] = {"tap": PROPERTIES, "target": CONFIG_SCHEMA["properties"]}
_SECRETS = {
    "tap": frozenset(name for name, known in PROPERTIES.items() if known.get("secret")),
    "target": frozenset(TARGET_SECRETS),
}
# What the fleet sees to itself.
_OWN = frozenset({"state_path", "state_output"})
EXECUTOR = "dagster:in_process_executor"
"""Executes a run's one step in the run's own process."""
# What says whose data a pipeline writes: no two tenants may share it.
_ACCOUNT = ("api_url", "account_id", "coupling_id")


class TenantsProblem(Exception):  # noqa: N818 - its children are reasons, as the programs' are
    """``tenants.yml`` cannot be used; the sentence names tenant and setting, and no value of a secret."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a run that may yet succeed is tried again, and after how long.

    Attributes:
        attempts: Tries after the first.
        first_wait: Seconds before the first of them; each further one waits twice as long.
        longest_wait: Seconds beyond which no wait grows.
    """

    attempts: int = 5
    first_wait: float = 60.0
    longest_wait: float = 3600.0

    def wait(self, retry: int) -> float:
        """Return the seconds before a retry, counted from 0: the whole wait or up to a tenth more, drawn by lot.

        Tenants that failed in the same outage do not come back in the same second.
        """
        return min(self.longest_wait, self.first_wait * 2.0**retry) * random.uniform(1, 1.1)  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class Tenant:
    """One pipeline.

    Attributes:
        name: The partition's key.
        folder: Path or fsspec URL of what is kept of it between runs.
        cron: When it runs; None where only somebody's hand starts it. ``H`` may stand for a number of its own.
        timezone: The zone that ``cron`` is read in.
        tap: Settings of ``tap-inventory``; secrets are references.
        target: Settings of ``target-optiply``, likewise.
    """

    name: str
    folder: str
    cron: str | None
    timezone: str
    tap: Mapping[str, Any]
    target: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fleet:
    """All tenants.

    Attributes:
        tenants: By name, in the order of the file.
        retries: How what may yet succeed is tried again.
        executor: ``module:name`` of the Dagster executor that a run's step is executed by.
    """

    tenants: Mapping[str, Tenant]
    retries: Retries = field(default_factory=Retries)
    executor: str = EXECUTOR


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the fast one where it was built
    """Reads YAML, and refuses a key that stands twice: the second tenant of a name would replace the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise TenantsProblem(f"{key.value} stands twice, again in line {key.start_mark.line + 1}")
                seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def read(location: str) -> Fleet:
    """Read the tenants from a path or an fsspec URL.

    Raises:
        TenantsProblem: The file is not there, or says what cannot be.
    """
    try:
        with fsspec.open(location, "rb") as file:
            content = file.read()
    except (OSError, ValueError, ImportError) as error:
        raise TenantsProblem(f"{location} cannot be read: {error}") from None
    try:
        return parse(content)
    except TenantsProblem as problem:
        raise TenantsProblem(f"{location}: {problem}") from None


def parse(content: bytes | str) -> Fleet:
    """Return the tenants that a document tells of.

    Raises:
        TenantsProblem: It is no YAML, or says what cannot be.
    """
    try:
        document = yaml.load(content, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        # Its text alone would repeat the line, and what somebody took for the place of a password.
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise TenantsProblem(f"not YAML{where}") from None
    top = _mapping(document, "the file", _KEYS)
    state = top.get("state", "fleet-state")
    if not isinstance(state, str) or not state:
        raise TenantsProblem("state must be a folder or a URL")
    state = state if "://" in state else str(Path(state).absolute())
    defaults = _mapping(top.get("defaults", {}), "defaults", _TENANT_KEYS)
    named = _mapping(top.get("tenants"), "tenants", None)
    tenants = {str(name): _tenant(str(name), given, defaults, state) for name, given in named.items()}
    if not tenants:
        raise TenantsProblem("tenants names none")
    _refuse_shared_accounts(tenants.values())
    return Fleet(tenants, _retries(top.get("retries", {})), _executor(top.get("executor", EXECUTOR)))


def _mapping(value: Any, what: str, allowed: frozenset[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TenantsProblem(f"{what} must be a mapping")
    for name in value:
        if allowed is not None and name not in allowed:
            raise TenantsProblem(f"{what} has no {name}; it may have {', '.join(sorted(allowed))}")
    return value


def _tenant(name: str, value: Any, defaults: Mapping[str, Any], state: str) -> Tenant:
    if not _NAME.fullmatch(name):
        raise TenantsProblem(f"the tenant {name!r} must be named by letters, digits, - and _, a hundred at most")
    given = {**defaults, **_mapping({} if value is None else value, name, _TENANT_KEYS)}
    settings: dict[str, Mapping[str, Any]] = {}
    for program in _PROGRAMS:
        own = _mapping((value or {}).get(program, {}), f"{name}: {program}", None)
        common = _mapping(defaults.get(program, {}), f"defaults: {program}", None)
        settings[program] = _settings(name, program, {**common, **own})
    cron, zone = given.get("schedule"), given.get("timezone", "UTC")
    if not isinstance(cron, str | None) or not isinstance(zone, str):
        raise TenantsProblem(f"{name}: schedule and timezone must be text")
    folder = f"{state.rstrip('/')}/{name}"
    return Tenant(name, folder, cron, zone, settings["tap"], settings["target"])


def _settings(tenant: str, program: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in given:
        if name in _OWN:
            raise TenantsProblem(f"{tenant}: {program}.{name} is seen to by the fleet; leave it out")
        if name not in _PROGRAMS[program]:
            raise TenantsProblem(f"{tenant}: {program} has no setting {name}")
    try:
        found = settings_of(given, tenant)
    except RefusedSetting as problem:
        raise TenantsProblem(f"{tenant}: {program}.{problem}") from None
    for name in _SECRETS[program] & found.keys():
        if not isinstance(found[name], Reference):
            raise TenantsProblem(
                f"{tenant}: {program}.{name} is a secret; name where it is kept, as {{env: NAME}} or {{url: PLACE}}"
            )
    return found


def _refuse_shared_accounts(tenants: Iterable[Tenant]) -> None:
    """See that no two tenants write to one account: neither would know what the other wrote."""
    owners: dict[tuple[str, ...], str] = {}
    for tenant in tenants:
        if isinstance(tenant.target.get("account_id"), str | int):
            account = tuple(str(tenant.target.get(name)) for name in _ACCOUNT)
            if account in owners:
                raise TenantsProblem(f"{owners[account]} and {tenant.name} write to one account under one coupling")
            owners[account] = tenant.name


def _retries(value: Any) -> Retries:
    given = _mapping(value, "retries", frozenset(each.name for each in fields(Retries)))
    for name, number in given.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
            raise TenantsProblem(f"retries: {name} must be a number from 0")
    if not isinstance(given.get("attempts", 0), int):
        raise TenantsProblem("retries: attempts must be a whole number")
    return Retries(**given)


def _executor(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.]+:\w+", value):
        raise TenantsProblem("executor must be module:name")
    return value
