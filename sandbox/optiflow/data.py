"""A made-up company in OptiFlow: workspaces, contacts, products with stock, invoices and quotations."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from sandbox.data.names import FIRST_NAMES, LAST_NAMES
from sandbox.lists import Row, Table, iso

_BEGIN = 1_735_689_600  # 2025-01-01
_DAY = 86_400
_SALES = ("paid", "paid", "paid", "pending_payment", "partially_paid", "submitted", "dgii_accepted")
_OTHERS = ("draft", "cancelled", "deleted", "dgii_rejected")


def tables(
    seed: int, products: int, customers: int, suppliers: int, invoices: int, bumps: Callable[[], bool]
) -> dict[str, Table]:
    """Return the tables of a company of this size."""
    draw = random.Random(seed)
    moments = _Moments(draw)
    workspaces = [_workspace(number, moments) for number in (1, 2)]
    contacts = [_contact(number, draw, moments, customers, suppliers) for number in range(1, customers + suppliers + 2)]
    goods = [_product(number, draw, moments, customers, suppliers) for number in range(1, products + 1)]
    sold = [_document(number, "invoice", draw, moments, goods, customers) for number in range(1, invoices + 1)]
    offered = [
        _document(number, "quotation", draw, moments, goods, customers) for number in range(1, invoices // 5 + 2)
    ]
    return {
        "workspaces": Table(workspaces),
        "contacts": Table(contacts),
        # A movement of stock is a change of the stock's row alone.
        "products": Table(goods, parts=("stocks",), bumps=lambda: False),
        "invoices": Table(sold, parts=("items",), bumps=bumps),
        "quotations": Table(offered, parts=("items",), bumps=bumps),
    }


class _Moments:
    """Instants of a year, in whole seconds: several rows may share one."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw

    def pair(self) -> dict[str, str]:
        created = _BEGIN + self._draw.randrange(200 * _DAY)
        return {"created_at": iso(created), "updated_at": iso(created + self._draw.randrange(90 * _DAY))}


def _workspace(number: int, moments: _Moments) -> Row:
    return {
        "id": number,
        "name": ("Main shop", "Second shop")[number - 1],
        "slug": f"shop-{number}",
        "code": f"W{number}",
        "description": None,
        "address": None,
        "phone": None,
        "owner_id": 1,
        "settings": {"timezone": "America/Santo_Domingo"},
        "is_active": True,
        "is_default": number == 1,
        **moments.pair(),
    }


def _contact(number: int, draw: random.Random, moments: _Moments, customers: int, suppliers: int) -> Row:
    name = f"{draw.choice(FIRST_NAMES)} {draw.choice(LAST_NAMES)}"
    kind = "customer" if number <= customers else "supplier" if number <= customers + suppliers else "optometrist"
    if kind == "supplier":
        name = f"{draw.choice(LAST_NAMES)} Optics {number}"
    email = f"contact{number}@example.com"
    if kind == "supplier":
        email = draw.choice((email, email, f"{email}; orders{number}@example.com", "none", ""))
    return {
        "id": number,
        "name": name,
        "email": email,
        "phone_primary": "809-555-0100",
        "contact_type": kind,
        "status": "inactive" if draw.random() < 0.1 else "active",
        "credit_limit": f"{draw.randrange(100000)}.00",
        "birth_date": None,
        "metadata": None,
        **moments.pair(),
    }


def _product(number: int, draw: random.Random, moments: _Moments, customers: int, suppliers: int) -> Row:
    service = draw.random() < 0.08
    tracked = not service and draw.random() < 0.95
    times = moments.pair()
    stocks = [
        {
            "id": number * 10 + workspace,
            "product_id": number,
            "workspace_id": workspace,
            "supplier_id": customers + draw.randint(1, suppliers) if suppliers and draw.random() < 0.8 else None,
            "quantity": draw.choice((draw.randrange(0, 80), draw.randrange(0, 80), -2, 3.5)),
            "minimum_quantity": 5,
            **times,
        }
        for workspace in (1, 2)
        if tracked and draw.random() < 0.9
    ]
    return {
        "id": number,
        "name": f"{draw.choice(('Frame', 'Lens', 'Case', 'Cloth'))} {draw.choice(LAST_NAMES)} {number}",
        "sku": f"OF-{number:05}",
        "description": draw.choice((None, "Acetate, black")),
        "product_type": "service" if service else "product",
        "price": f"{draw.randrange(100, 90000) / 100:.2f}",
        "cost": draw.choice((None, f"{draw.randrange(100, 40000) / 100:.2f}")),
        "track_stock": tracked,
        "is_active": draw.random() > 0.1,
        "allow_negative_stock": False,
        "default_tax_id": 1,
        "unit": draw.choice((None, "pcs", "pairs of two")),
        "product_category_id": None,
        **times,
        "stocks": stocks,
    }


def _document(number: int, kind: str, draw: random.Random, moments: _Moments, goods: list[Row], customers: int) -> Row:
    times = moments.pair()
    picked = draw.choices(goods, k=draw.randint(1, 4)) if goods else []
    items = [_item(number * 10 + place, kind, number, product, draw, times) for place, product in enumerate(picked)]
    if draw.random() < 0.1:  # written out by hand, of no product
        items.append(_item(number * 10 + 9, kind, number, None, draw, times))
    status = draw.choice(_SALES) if draw.random() < 0.85 else draw.choice(_OTHERS)
    if kind == "quotation":
        status = draw.choice(("draft", "converted", "non_converted", "cancelled"))
    return {
        "id": number,
        "workspace_id": draw.choice((1, 2)),
        "contact_id": draw.randint(1, max(customers, 1)),
        "document_subtype_id": 1,
        "status": status,
        "document_number": f"{kind[:3].upper()}-{number:06}",
        "issue_date": times["created_at"][:10],
        "due_date": None,
        "subtotal_amount": round(sum(item["subtotal"] for item in items), 2),
        "tax_amount": round(sum(item["tax_amount"] for item in items), 2),
        "discount_amount": round(sum(item["discount_amount"] for item in items), 2),
        "total_amount": f"{sum(item['total'] for item in items):.2f}",
        "notes": None,
        "created_by": 1,
        "currency_id": 1,
        **({"payment_term": None, "is_electronic": False, "encf": None} if kind == "invoice" else {}),
        **times,
        "items": items,
    }


def _item(number: int, kind: str, document: int, product: Row | None, draw: random.Random, times: Row) -> Row:
    quantity = draw.choice((1, 1, 2, 3, 10, 0, 1.5))
    price = float(product["price"]) if product else 25.0
    subtotal = round(quantity * price, 2)
    discount = round(subtotal * draw.choice((0, 0, 0.1)), 2)
    tax = round((subtotal - discount) * draw.choice((0, 0.18)), 2)
    item: dict[str, Any] = {
        "id": number,
        f"{kind}_id": document,
        "product_id": product["id"] if product else None,
        "description": product["name"] if product else "Adjustment",
        "quantity": quantity,
        "unit_price": price,
        "subtotal": subtotal,
        "discount_rate": None,
        "discount_amount": discount,
        "tax_id": 1,
        "tax_rate": 18 if tax else 0,
        "tax_amount": tax,
        "total": round(subtotal - discount + tax, 2),
    }
    return item | times
