"""A run for the page about it: much that goes well, records that cannot be sent, and a server that asks to wait."""

from __future__ import annotations

from pathlib import Path

from pair import builders
from target.lab import Lab, Run
from target.messages import Message, inflow, line, offer, optiply, product, record, schema, sell_order, supplier

CUSTOMER = "Jane Doe"
EMAIL = "jane.doe@customer.example"


def messages(products: int) -> list[Message]:
    """Return an input with so many products, half as many orders, and a bit of everything that goes wrong."""
    found = optiply("Suppliers", *(supplier(f"S{number:02}") for number in range(products // 10)))
    rows = [product(f"P{number:03}") for number in range(products)]
    for number in range(0, products, 40):
        rows[number]["price"] = "12345678901.00"  # more digits than Optiply takes
    rows[7]["name"] = "A name that goes on " * 20
    found += optiply("Products", *rows)
    found += optiply("SupplierProducts", *(offer(f"I{number:03}", f"P{number:03}", "S00") for number in range(30)))
    found += [schema("SellOrders", "externalId")]
    for number in range(products // 2):
        mentioned = "P999" if number % 45 == 44 else f"P{number * 2 + 1:03}"
        found.append(record("SellOrders", sell_order(f"O{number:03}", line(mentioned, 2, "19.00"))))
    found += inflow("vendors", builders.vendor("V1"))
    numbered = {"orderRemarks": "Optiply 987654321", "vendorId": "V1"}
    found += inflow("purchase_orders", builders.purchase("PO1", builders.line("P001", "2", "8.00"), **numbered))
    customer = {"name": CUSTOMER, "email": EMAIL, "address1": "Canal 1"}
    found += [schema("customers", "customerId"), record("customers", customerId="C1", **customer)]
    return found


def run(lab: Lab, report: Path | str, *arguments: str, products: int = 80) -> Run:
    """Run the target on it against a server that refuses a record and asks to wait twice."""
    lab.control.request("PUT", "latency", {"optiply": 0.01})
    lab.fault("status", "POST", "^/suppliers$", skip=3, status=422, body={"message": f"{EMAIL} is taken"})
    for skip in (20, 90):
        lab.fault("status", "POST", skip=skip, status=429, headers={"Retry-After": "1"})
    return lab.run(messages(products), *arguments, report_path=str(report))
