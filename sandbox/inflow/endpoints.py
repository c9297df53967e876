"""The list endpoints of the API, as a table: key, shape and filters of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: How a filter is written and matched; see ``filters``.
FilterKind = Literal["text", "boolean", "guid", "dates", "numbers", "any_of", "not_cancelled", "ignored", "days_since"]


@dataclass(frozen=True, slots=True)
class Filter:
    """One ``filter[…]`` parameter: its kind, and the fields it looks at (dotted through lists and objects)."""

    kind: FilterKind
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """One list endpoint.

    Attributes:
        key: The field that identifies a row.
        shape: The shape of its rows; the empty one has no relations.
        filters: What it can be filtered by; any other filter is ignored.
        by_id: Whether a row can be read alone.
        paged: Whether the paging parameters count.
        optional: Whether not every plan of inFlow has it.
    """

    key: str
    shape: str
    filters: dict[str, Filter] = field(default_factory=dict)
    by_id: bool = True
    paged: bool = True
    optional: bool = False


def _same(kind: FilterKind, *names: str) -> dict[str, Filter]:
    return {name: Filter(kind, (name,)) for name in names}


_PARTNER = {
    **_same("text", "name", "contactName", "phone", "email", "website"),
    **_same("boolean", "isActive"),
    "address": Filter("text", ("addresses.address.address1", "addresses.address.address2")),
    **{name: Filter("text", (f"addresses.address.{name}",)) for name in ("city", "state", "postalCode", "country")},
    "smart": Filter("text", ("name", "contactName")),
}
_ORDER = {
    **_same("text", "orderNumber"),
    **_same("any_of", "inventoryStatus", "paymentStatus"),
    **_same("dates", "orderDate"),
    **_same("guid", "locationId"),
    **_same("numbers", "total", "balance"),
    "isActive": Filter("not_cancelled", ("isCancelled",)),
}

COLLECTIONS: dict[str, Collection] = {
    "adjustment-reasons": Collection("adjustmentReasonId", "AdjustmentReason"),
    "categories": Collection("categoryId", "Category"),
    "currencies": Collection("currencyId", "Currency"),
    "custom-field-definitions": Collection(
        "customFieldDefinitionId",
        "CustomFieldDefinition",
        {**_same("any_of", "entityType"), **_same("boolean", "isActive")},
        by_id=False,
        optional=True,
    ),
    "customers": Collection(
        "customerId",
        "Customer",
        {
            **_PARTNER,
            **_same("guid", "pricingSchemeId", "defaultLocationId"),
            "lastOrder": Filter("days_since", ("orderHistory.lastOrderDate",)),
        },
    ),
    "locations": Collection("locationId", "Location", _same("boolean", "isActive")),
    "manufacturing-orders": Collection(
        "manufacturingOrderId",
        "ManufacturingOrder",
        {
            **_same("text", "manufacturingOrderNumber"),
            **_same("any_of", "status"),
            **_same("boolean", "isPrioritized"),
            **_same("dates", "orderDate", "dueDate"),
            **_same("guid", "locationId"),
            "assignedTo": Filter("guid", ("assignedToTeamMemberId",)),
            "isActive": Filter("not_cancelled", ("isCancelled",)),
        },
        optional=True,
    ),
    "operation-types": Collection("operationTypeId", "OperationType"),
    "payment-terms": Collection("paymentTermsId", "PaymentTerms"),
    "pricing-schemes": Collection("pricingSchemeId", "PricingScheme"),
    "product-cost-adjustments": Collection("productCostAdjustmentId", "ProductCostAdjustment"),
    "products": Collection(
        "productId",
        "Product",
        {
            **_same("text", "name", "description"),
            **_same("boolean", "isActive"),
            **_same("guid", "categoryId"),
            **_same("dates", "lastModifiedDateTime"),
            # Documented, and without any effect on live accounts.
            **_same("ignored", "itemType"),
            "barcode": Filter("text", ("productBarcodes.barcode",)),
            "smart": Filter("text", ("name", "description", "sku", "productBarcodes.barcode", "category.name")),
        },
    ),
    "purchase-orders": Collection(
        "purchaseOrderId",
        "PurchaseOrder",
        {
            **_ORDER,
            **_same("text", "vendorOrderNumber"),
            **_same("guid", "vendorId"),
            **_same("dates", "requestShipDate"),
            "smart": Filter("text", ("orderNumber", "vendor.name")),
        },
    ),
    "sales-orders": Collection(
        "salesOrderId",
        "SalesOrder",
        {
            **_ORDER,
            **_same("text", "poNumber"),
            **_same("guid", "customerId"),
            **_same("dates", "requestedShipDate", "invoicedDate"),
            "smart": Filter("text", ("orderNumber", "customer.name")),
        },
    ),
    "stock-adjustments": Collection("stockAdjustmentId", "StockAdjustment", _same("text", "adjustmentNumber")),
    "stock-counts": Collection("stockCountId", "StockCount", _same("text", "stockCountNumber")),
    "stock-transfers": Collection("stockTransferId", "StockTransfer", _same("text", "transferNumber")),
    "stockroom-scans": Collection(
        "stockroomScanId", "", _same("text", "stockroomScanNumber"), by_id=False, optional=True
    ),
    "stockroom-users": Collection("stockroomUserId", "", optional=True),
    "tax-codes": Collection("taxCodeId", "TaxCode"),
    "taxing-schemes": Collection("taxingSchemeId", "TaxingScheme", _same("text", "name")),
    "team-members": Collection("teamMemberId", "TeamMember", by_id=False, optional=True),
    "vendors": Collection("vendorId", "Vendor", _PARTNER),
    "webhooks": Collection("webHookSubscriptionId", "", paged=False, optional=True),
}
