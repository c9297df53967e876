"""inFlow's streams, in the order in which they are written.

Vendors and currencies come first, then the stock figures of a page of products before the page itself, then orders,
then the rest: so a reader can write as it reads.
"""

from __future__ import annotations

from typing import Any

from tap_inventory.apis.schemas import read_schema
from tap_inventory.profile import DateFilter, Figures, StreamProfile

_RANGE = '{{"fromDate":"{date}"}}'
"""A date range is a JSON object in one parameter; only plain dates are documented, and ``fromDate`` alone is taken."""

_ROWVERSION = "timestamp"
"""16 hex digits that grow with every write anywhere in the database."""


def _stream(name: str, path: str, *key: str, **known: Any) -> StreamProfile:
    schema, relations = read_schema(__package__, name)
    if _ROWVERSION in schema["properties"]:
        known.setdefault("version", _ROWVERSION)
    return StreamProfile(name=name, path=path, key=key, schema=schema, relations=relations, **known)


def _documents(name: str, path: str, key: str, **known: Any) -> StreamProfile:
    """A stream of many rows with no filter on changes: read newest first, where the API keeps that order."""
    return _stream(name, path, key, newest_first=_ROWVERSION, **known)


STREAMS: tuple[StreamProfile, ...] = (
    _documents("vendors", "/vendors", "vendorId", selected=True, modified="lastModifiedDttm"),
    _stream("currencies", "/currencies", "currencyId", selected=True, include=("currencyConversions",)),
    # Before the products, whose prices are read by them: a price list says whether its prices contain tax.
    _stream("pricing_schemes", "/pricing-schemes", "pricingSchemeId"),
    _stream(
        "product_summaries",
        "/products/summary",
        "productId",
        "locationId",
        selected=True,
        figures=Figures(
            parent="products",
            parent_key="productId",
            split_key="locationId",
            split_setting="location_ids",
            batch=100,
        ),
    ),
    _stream(
        "products",
        "/products",
        "productId",
        selected=True,
        include=("defaultPrice", "vendorItems", "itemBoms", "productBarcodes"),
        include_alone=("inventoryLines",),
        modified="lastModifiedDateTime",
        since=DateFilter("filter[lastModifiedDateTime]", "lastModifiedDateTime", _RANGE),
        # Stock moves without the product being changed.
        unversioned=("inventoryLines",),
    ),
    _documents(
        "sales_orders",
        "/sales-orders",
        "salesOrderId",
        selected=True,
        include=("lines", "shipLines"),
        start=DateFilter("filter[orderDate]", "orderDate", _RANGE),
    ),
    _documents(
        "purchase_orders", "/purchase-orders", "purchaseOrderId", selected=True, include=("lines", "receiveLines")
    ),
    _documents(
        "customers", "/customers", "customerId", selected=True, include=("addresses",), modified="lastModifiedDttm"
    ),
    _stream("locations", "/locations", "locationId", selected=True),
    _stream("adjustment_reasons", "/adjustment-reasons", "adjustmentReasonId"),
    _stream("categories", "/categories", "categoryId"),
    _stream("custom_field_definitions", "/custom-field-definitions", "customFieldDefinitionId", optional=True),
    _documents(
        "manufacturing_orders",
        "/manufacturing-orders",
        "manufacturingOrderId",
        optional=True,
        include=("lines", "pickLines", "putLines"),
    ),
    _stream("operation_types", "/operation-types", "operationTypeId"),
    _stream("payment_terms", "/payment-terms", "paymentTermsId"),
    _documents("product_cost_adjustments", "/product-cost-adjustments", "productCostAdjustmentId"),
    _documents("stock_adjustments", "/stock-adjustments", "stockAdjustmentId", include=("lines",)),
    _documents("stock_counts", "/stock-counts", "stockCountId", include=("sheets.lines",)),
    _documents("stock_transfers", "/stock-transfers", "stockTransferId", include=("lines",)),
    _stream("stockroom_scans", "/stockroom-scans", "stockroomScanId", optional=True),
    _stream("stockroom_users", "/stockroom-users", "stockroomUserId", optional=True),
    _stream("tax_codes", "/tax-codes", "taxCodeId"),
    _stream("taxing_schemes", "/taxing-schemes", "taxingSchemeId", include=("taxCodes",)),
    _stream("team_members", "/team-members", "teamMemberId", optional=True),
    # The list documents no paging parameters.
    _stream("webhooks", "/webhooks", "webHookSubscriptionId", optional=True, paged=False),
)
