"""The inventory APIs that the demo can run with: what the sandbox holds of each, and the tap's settings for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demolib.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Inventory:
    """One inventory API.

    Attributes:
        api: The setting ``api``.
        title: Its name.
        collections: Streams of the tap, and what the sandbox's control interface calls their rows.
        note: What a reader of the tables should know.
        sends: Whether Optiply has a use for any of it.
        named: Whether meltano.yml leads its tap to the sandbox's API already.
    """

    api: str
    title: str
    collections: Mapping[str, str]
    note: str
    sends: bool = True
    named: bool = False

    def rows(self, sandbox: Sandbox) -> dict[str, int]:
        """Return how many rows the sandbox holds, by stream."""
        return {
            stream: len(sandbox.control(f"{self.api}/{collection}")) for stream, collection in self.collections.items()
        }

    def settings(self, sandbox: Sandbox, scratch: Path) -> dict[str, str]:
        """Return the tap's settings; tokens, where there are any to keep, go into the scratch folder."""
        ready = {name: str(value) for name, value in sandbox.ready[self.api].items()}
        kept = {"token_file": str(scratch / "tokens.json")} if "token_url" in ready else {}
        return {"api": self.api, **ready, **kept}

    def environment(self, sandbox: Sandbox, scratch: Path) -> dict[str, str]:
        """Return variables that lead Meltano's tap to this API; the one that meltano.yml names needs none."""
        if self.named:
            return {}
        settings = {f"TAP_INVENTORY_{name.upper()}": value for name, value in self.settings(sandbox, scratch).items()}
        return {**settings, "TAP_INVENTORY__SELECT": json.dumps(["*.*"])}


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


INVENTORIES = {
    each.api: each
    for each in (
        Inventory(
            "inflow",
            "inFlow",
            {
                **_same("vendors", "currencies", "products", "customers", "locations"),
                "sales_orders": "sales-orders",
                "purchase_orders": "purchase-orders",
            },
            "  (Order lines are created with their orders. Stock: one figure a product, for all locations together.)",
            named=True,
        ),
        Inventory(
            "optiflow",
            "OptiFlow",
            _same("contacts", "products", "invoices", "quotations", "workspaces"),
            "  (Contacts that are suppliers, products with their stock, and invoices as sales. Nothing else is sent.)",
        ),
        Inventory(
            "quickstart",
            "the quick-start API",
            _same("customers", "orders", "invoices"),
            "  (Completed orders, with the products that they name. Nothing else is sent.)",
        ),
        Inventory(
            "opterius",
            "Opterius Commerce",
            _same("me", "services", "invoices", "orders", "domains"),
            "  (Optiply has no use for hosting: each stream says so once in the log, and nothing is sent.)",
            sends=False,
        ),
    )
}
