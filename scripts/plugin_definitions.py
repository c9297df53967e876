"""Writes what platforms list the two programs by, from what the programs say of themselves.

``docs/hub/`` holds the plugin definitions of Meltano Hub, in the folders of its own repository;
``examples/hotglue/connectors/`` the connector manifests of hotglue.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from about import ROOT, Setting, about, settings_of
from meltano_settings import plugin_lines
from readme_tables import SDK_SETTINGS

HUB = ROOT / "docs" / "hub"
MANIFESTS = ROOT / "examples" / "hotglue" / "connectors"
DISTRIBUTION = "inventory-to-optiply"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a program's ``--about`` does not say of it.

    Attributes:
        program: Its name.
        kind: ``tap`` or ``target``, as hotglue counts it.
        folder: Where Meltano Hub keeps definitions of this kind.
        label: A few words for a list of connectors.
        domain: Whose API it is.
        description: One sentence.
        keywords: What it is found by.
        needed: Settings that nothing works without.
        asked: Further settings that a tenant's user is asked for; the others have defaults.
        schedule: When it runs unless told otherwise: setting of the manifest and a cron line.
    """

    program: str
    kind: str
    folder: str
    label: str
    domain: str
    description: str
    keywords: tuple[str, ...]
    needed: tuple[str, ...]
    asked: tuple[str, ...]
    schedule: tuple[str, str]


LISTINGS = (
    Listing(
        "tap-inventory",
        "tap",
        "extractors",
        "inFlow Inventory",
        "inflowinventory.com",
        "Reads products, stock, vendors and orders of an inventory; only what changed, inside the API's rate limit",
        ("api", "inventory", "erp", "meltano_sdk"),
        ("api_key", "company_id"),
        ("start_date",),
        ("default_import_scheduler", "0 * * * *"),
    ),
    Listing(
        "target-optiply",
        "target",
        "loaders",
        "Optiply",
        "optiply.com",
        "Writes products, stock, suppliers and orders to the replenishment optimiser; only what differs, each once",
        ("api", "inventory", "reverse-etl", "meltano_sdk"),
        ("client_id", "client_secret", "username", "password", "account_id"),
        ("coupling_id",),
        ("default_export_scheduler", "0 * * * *"),
    ),
)


def hub_definition(listing: Listing) -> str:
    """Return a program's plugin definition for Meltano Hub, as YAML."""
    document = about(listing.program)
    head: dict[str, Any] = {
        "name": listing.program,
        "namespace": listing.program.replace("-", "_"),
        "variant": DISTRIBUTION,
        "label": listing.label,
        "description": listing.description,
        "domain_url": f"https://www.{listing.domain}",
        "pip_url": DISTRIBUTION,
        "executable": listing.program,
        "maintenance_status": "beta",
        "keywords": list(listing.keywords),
        "settings_group_validation": [list(listing.needed)],
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in head.items()]
    return "".join(lines) + textwrap.dedent(plugin_lines(document))


def manifest(listing: Listing) -> dict[str, Any]:
    """Return a program's connector manifest for hotglue."""
    document = about(listing.program)
    settings = {each.name: each for each in settings_of(document) if each.name not in SDK_SETTINGS}
    scheduler, cron = listing.schedule
    return {
        listing.kind: listing.program,
        "label": listing.label,
        "domain": listing.domain,
        "category": "inventory",
        "type": "api",
        "install_uri": {"prod": f"{DISTRIBUTION}=={_version()}"},
        "connect_ui_params": {
            name: _asked(settings[name], required=name in listing.needed) for name in (*listing.needed, *listing.asked)
        },
        "config": {
            name: each.default
            for name, each in settings.items()
            if name not in (*listing.needed, *listing.asked) and each.default is not None
        },
        "connector_props": {"singer_sdk": True},
        "validation_supported": True,
        scheduler: cron,
    }


def _asked(setting: Setting, *, required: bool) -> dict[str, Any]:
    """Return one field of the form that a tenant's user fills in."""
    return {
        "type": "password" if setting.secret else "text",
        "label": setting.label,
        "description": setting.description,
        "required": required,
    }


def _version() -> str:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("version = "))


def files() -> Iterator[tuple[Path, str]]:
    """Yield every file with what it must hold."""
    for listing in LISTINGS:
        hub = HUB / "_data" / "meltano" / listing.folder / listing.program / f"{DISTRIBUTION}.yml"
        yield hub, hub_definition(listing)
        text = json.dumps(manifest(listing), indent=2, ensure_ascii=False) + "\n"
        yield MANIFESTS / listing.program / "connector-config.json", text


if __name__ == "__main__":
    for path, content in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
