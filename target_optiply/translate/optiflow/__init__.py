"""OptiFlow's streams: which function maps them, and which are known to map to nothing."""

from __future__ import annotations

from target_optiply.translate.optiflow import contacts, invoices, products
from target_optiply.translate.source import Source, Stream

SOURCE = Source(
    streams={
        "products": Stream("id", "products", products.translate, frozenset({"sku", "product_type", "track_stock"})),
        "contacts": Stream("id", "suppliers", contacts.translate, frozenset({"contact_type"})),
        "invoices": Stream("id", "sellOrders", invoices.translate, frozenset({"document_number", "issue_date"})),
    },
    nothing={
        "quotations": frozenset({"document_number", "issue_date"}),
        "workspaces": frozenset({"slug", "is_default"}),
    },
)
