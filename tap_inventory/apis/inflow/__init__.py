"""inFlow Inventory's Cloud API (https://cloudapi.inflowinventory.com): all that is known of it, as data."""

from __future__ import annotations
