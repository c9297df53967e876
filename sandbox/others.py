"""The inventory APIs beside inFlow's, with their data and what a caller needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox import identity
from sandbox.lists import ListApi
from sandbox.opterius import data as opterius_data
from sandbox.opterius.api import OpteriusApi
from sandbox.optiflow import data as optiflow_data
from sandbox.optiflow.api import OptiflowApi
from sandbox.quickstart import data as quickstart_data
from sandbox.quickstart.api import QuickstartApi
from sandbox.switches import Switches


@dataclass(frozen=True)
class Sizes:
    """How much of everything there is."""

    seed: int = 1
    products: int = 200
    customers: int = 50
    vendors: int = 12
    orders: int = 300


def others(sizes: Sizes, switches: Switches) -> dict[str, ListApi]:
    """Return the APIs by name; their data are made when they are first asked for."""
    seed, products, customers = sizes.seed, sizes.products, sizes.customers
    return {
        "optiflow": OptiflowApi(
            partial(
                optiflow_data.tables,
                *(seed, products, customers, sizes.vendors, sizes.orders),
                lambda: switches.optiflow_child_bumps_parent,
            ),
            switches,
        ),
        "quickstart": QuickstartApi(partial(quickstart_data.tables, seed, customers, products, sizes.orders), switches),
        "opterius": OpteriusApi(partial(opterius_data.tables, seed, customers, sizes.orders), switches),
    }


def ready(url: str) -> dict[str, dict[str, Any]]:
    """Return the tap's settings for each API, at this address."""
    return {
        "optiflow": {"api_url": f"{url}/optiflow/api/v1", "token": identity.OPTIFLOW_TOKEN},
        "quickstart": {
            "api_url": f"{url}/quickstart",
            "token_url": f"{url}/quickstart/oauth/token",
            "client_id": identity.QUICKSTART_CLIENT_ID,
            "client_secret": identity.QUICKSTART_CLIENT_SECRET,
            "refresh_token": identity.QUICKSTART_REFRESH_TOKEN,
        },
        "opterius": {"api_url": f"{url}/opterius/api/v1", "token": identity.OPTERIUS_TOKEN},
    }
