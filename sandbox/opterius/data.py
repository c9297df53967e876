"""A made-up client of an Opterius Commerce installation: services, invoices, orders, domains."""

from __future__ import annotations

import random

from sandbox.lists import Row, Table, iso

_BEGIN = 1_735_689_600  # 2025-01-01
_DAY = 86_400


def tables(seed: int, services: int, invoices: int) -> dict[str, Table]:
    """Return the tables of a client of this size. Amounts are kept in the smallest unit of the currency."""
    draw = random.Random(seed)

    def moment(number: int) -> str:
        return iso(_BEGIN + number * _DAY // 4)

    made: dict[str, list[Row]] = {"services": [], "invoices": [], "orders": [], "domains": []}
    for number in range(1, services + 1):
        made["services"].append(
            {
                "id": number,
                "name": f"Hosting {number}",
                "domain": f"shop{number}.example.com",
                "status": draw.choice(("active", "active", "suspended", "pending", "cancelled")),
                "billing_cycle": draw.choice(("monthly", "annually")),
                "amount": draw.randrange(100, 20000),
                "next_due_date": "2026-01-01",
                "created_at": moment(number),
            }
        )
        made["domains"].append(
            {
                "id": number,
                "domain_name": f"shop{number}.example.com",
                "status": "active",
                "amount": 1299,
                "auto_renew": bool(number % 2),
                "created_at": moment(number),
            }
        )
    for number in range(1, invoices + 1):
        total = draw.randrange(100, 90000)
        made["invoices"].append(
            {
                "id": number,
                "invoice_number": f"INV-{number:05}",
                "status": draw.choice(("paid", "paid", "unpaid", "overdue")),
                "total": total,
                "amount_due": 0,
                "due_date": "2025-12-31",
                "paid_date": None,
                "created_at": moment(number),
            }
        )
        made["orders"].append({"id": number, "status": "active", "total": total, "created_at": moment(number)})
    me = [{"id": 7, "name": "Jane Smith", "email": "jane@example.com", "company": None, "created_at": moment(0)}]
    return {name: Table(rows, tracked=False) for name, rows in {"me": me, **made}.items()}
