"""Made-up customers, orders and invoices of the quick-start API; only ids and times of a row are documented."""

from __future__ import annotations

import random

from sandbox.data.names import FIRST_NAMES, LAST_NAMES
from sandbox.lists import Row, Table, plain_time

_BEGIN = 1_735_689_600  # 2025-01-01
_DAY = 86_400


def tables(seed: int, customers: int, products: int, orders: int) -> dict[str, Table]:
    """Return the tables of a company of this size."""
    draw = random.Random(seed)
    goods = [
        {"id": number, "name": f"Article {draw.choice(LAST_NAMES)} {number}", "sku": f"QS-{number:04}"}
        for number in range(1, products + 1)
    ]
    buyers = [
        {
            "id": number,
            "name": f"{draw.choice(FIRST_NAMES)} {draw.choice(LAST_NAMES)}",
            "email": f"buyer{number}@example.com",
            **_times(draw),
        }
        for number in range(1, customers + 1)
    ]
    sold = [_order(number, draw, goods, customers) for number in range(1, orders + 1)]
    billed = [
        {
            "id": order["id"],
            "customer_id": order["customer_id"],
            "order_id": order["id"],
            "number": f"F{order['id']:05}",
            "status": "paid",
            "date": order["date"],
            "total": order["total"],
            "created_at": order["created_at"],
            "updated_at": order["updated_at"],
        }
        for order in sold
        if order["status"] == "completed"
    ]
    return {
        "customers": Table(buyers, plain_time),
        "orders": Table(sold, plain_time),
        "invoices": Table(billed, plain_time),
    }


def _times(draw: random.Random) -> dict[str, str]:
    created = _BEGIN + draw.randrange(200 * _DAY)
    return {"created_at": plain_time(created), "updated_at": plain_time(created + draw.randrange(90 * _DAY))}


def _order(number: int, draw: random.Random, goods: list[Row], customers: int) -> Row:
    items = []
    for place, product in enumerate(draw.choices(goods, k=draw.randint(1, 3)) if goods else ()):
        quantity, price = draw.choice((1, 2, 5, 0)), draw.randrange(100, 20000)
        items.append(
            {
                "id": number * 10 + place,
                "product_id": product["id"],
                "product": product,
                "quantity": quantity,
                "price": price / 100,
                "total": quantity * price / 100,
            }
        )
    times = _times(draw)
    return {
        "id": number,
        "customer_id": draw.randint(1, max(customers, 1)),
        "number": f"O{number:05}",
        "status": draw.choice(("completed", "completed", "completed", "open", "cancelled", "draft")),
        "date": times["created_at"][:10],
        "total": round(sum(item["total"] for item in items), 2),
        **times,
        "items": items,
    }
