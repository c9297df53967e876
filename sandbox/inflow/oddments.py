"""The few endpoints that are not lists of rows: custom fields, count sheets, suggested sublocations."""

from __future__ import annotations

from sandbox.data import Row
from sandbox.http import Request, Response, json_response
from sandbox.identity import INFLOW_COMPANY_ID
from sandbox.inflow.errors import RefusedError
from sandbox.inflow.listing import Lists
from sandbox.inflow.store import Store

_ENTITY_TYPES = frozenset(
    {
        "CountSheet",
        "Customer",
        "ManufacturingOrder",
        "Product",
        "PurchaseOrder",
        "SalesOrder",
        "StockAdjustment",
        "StockCount",
        "StockTransfer",
        "Vendor",
    }
)
_PRINTED = ("purchaseOrder", "salesOrder", "stockAdjustment", "stockTransfer", "workOrder")
_CHANNELS = ["web", "shop", "“phone”"]


class Oddments:
    """Answers what is neither a collection nor a stock figure."""

    def __init__(self, store: Store, lists: Lists) -> None:
        self._store = store
        self._lists = lists

    def answer(self, path: list[str], request: Request) -> Response | None:
        """Return the answer for a path below the company; None if there is no such endpoint.

        Raises:
            RefusedError: The endpoint exists, but not what is asked of it.
        """
        match path:
            case ["custom-fields"]:
                return json_response(200, _custom_fields())
            case ["custom-field-dropdown-options", entity]:
                if entity.lower() not in {name.lower() for name in _ENTITY_TYPES}:
                    raise RefusedError(400, "InvalidParameter", f"'{entity}' is not an entity type.")
                return json_response(200, _dropdown_options(entity))
            case ["count-sheets", key]:
                return self._count_sheet(key.lower(), request)
            case ["locations", location_id, "suggested-sublocations"]:
                return json_response(200, self._sublocations(location_id.lower()))
            case ["locations", location_id, "products", product_id, "suggested-sublocations"]:
                return json_response(200, self._product_sublocations(location_id.lower(), product_id.lower()))
        return None

    def _count_sheet(self, key: str, request: Request) -> Response:
        tree = self._lists.tree(request, "CountSheet")
        for count in self._store.tables["stock-counts"]:
            for sheet in (self._store.row("stock-counts", count) or {}).get("sheets", ()):
                if sheet["countSheetId"] == key:
                    return json_response(200, self._lists.renderer.shown(sheet, "CountSheet", tree))
        raise RefusedError(404, "NotFound", "The requested resource was not found.")

    def _sublocations(self, location_id: str) -> Row:
        if location_id not in self._store.tables["locations"]:
            raise RefusedError(404, "NotFound", "The requested resource was not found.")
        return {"id": location_id, "type": "suggested-sublocations", "sublocations": ["A-12-B", "Aisle 3 / Bin 07"]}

    def _product_sublocations(self, location_id: str, product_id: str) -> list[Row]:
        product = self._store.row("products", product_id)
        if product is None or location_id not in self._store.tables["locations"]:
            raise RefusedError(404, "NotFound", "The requested resource was not found.")
        lines = [line for line in product["inventoryLines"] if line["locationId"] == location_id]
        return [
            {"id": line["inventoryLineId"], "quantity": line["quantityOnHand"], "sublocation": line["sublocation"]}
            for line in lines
        ]


def _custom_fields() -> Row:
    flags = {f"custom{number}Print": False for number in range(1, 4)}
    return {"customFieldsId": INFLOW_COMPANY_ID} | {f"{name}CustomFieldPrintLabels": dict(flags) for name in _PRINTED}


def _dropdown_options(entity: str) -> list[Row]:
    if entity.lower() != "salesorder":
        return []
    return [
        {
            "id": "SalesOrder-custom1",
            "entityType": "salesOrder",
            "propertyName": "custom1",
            "dropdownOptions": _CHANNELS,
        }
    ]
