"""The streams of tap-inventory, by name: which function maps them, and which are known to map to nothing."""

from __future__ import annotations

from collections.abc import Mapping

from target_optiply.translate.inflow import currencies, products, purchases, sales, stock, vendors
from target_optiply.translate.source import Stream

STREAMS: Mapping[str, Stream] = {
    "products": Stream("productId", "products", products.translate),
    "product_summaries": Stream("productId", None, stock.translate),
    "vendors": Stream("vendorId", "suppliers", vendors.translate),
    "currencies": Stream("currencyId", None, currencies.translate),
    "pricing_schemes": Stream("pricingSchemeId", None, currencies.translate_pricing_scheme),
    "sales_orders": Stream("salesOrderId", "sellOrders", sales.translate),
    "purchase_orders": Stream("purchaseOrderId", "buyOrders", purchases.translate),
}

WITHOUT_MAPPING = frozenset(
    {
        "adjustment_reasons",
        "categories",
        "custom_field_definitions",
        "customers",
        "locations",
        "manufacturing_orders",
        "operation_types",
        "payment_terms",
        "product_cost_adjustments",
        "stock_adjustments",
        "stock_counts",
        "stock_transfers",
        "stockroom_scans",
        "stockroom_users",
        "tax_codes",
        "taxing_schemes",
        "team_members",
        "webhooks",
    }
)
"""Streams of the tap that Optiply has no use for."""
