"""Whatever an inventory or a stream map sends: a payload inside the limits or a reason, never an exception."""

from __future__ import annotations

import copy
import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mapping import KEYS, MemoryFacts, of

from target_optiply.entities import ENTITIES
from target_optiply.model import EntityRecord, Figure, Reject, Remember, Remove, Skip, Upsert, Warn
from target_optiply.records import InvalidRecord, attributes_for, check, content_hash, encode
from target_optiply.translate.money import cents, running_whole, whole
from target_optiply.translate.route import MappingSettings, translator_for

SCHEMAS = Path(__file__).parents[3] / "tap_inventory" / "apis" / "inflow" / "schemas"
LIMITS = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))

# --- values: what an API of that shape may hold, the odd among it


def _mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return usual values, and an odd one now and then: a record odd all over shows only its first fault."""
    return st.integers(0, 24).flatmap(lambda draw: odd if draw == 7 else usual)


_IDS = _mostly(
    st.sampled_from(["a", "b", "c", "7d0f6c1e-2b61-4c0e-9d53-6a1f0c3b9a01"]), st.sampled_from(["", "nan", "\u2028"])
)
_NUMBERS = _mostly(
    st.decimals(-20, 1000, places=4).map(str) | st.integers(1, 40).map(lambda count: f"{count}.0000"),
    st.sampled_from(["0.0000", "99999999999999999999.99", "1e400", "", "nan", "Infinity", "x"])
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.integers(),
)
_TIMES = _mostly(
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
    | st.sampled_from(["2025-07-01T00:00:00-04:00", "2025-07-01"]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "", "soon"]),
)
_TEXTS = _mostly(
    st.text("aB 1é😀\t", max_size=20),
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(["Optiply-12", "a@x.nl; b", "x" * 300, "😀" * 130, "nan", "\ud800", "quote"]),
    ),
)
_JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(max_size=8), _NUMBERS, _TIMES, _IDS
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=4,
)


def shaped(schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Return records of a JSON schema: any property may be absent, null, or one of the odd values of its type."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "object" in types:
        properties = {field: shaped(inner, field) for field, inner in schema.get("properties", {}).items()}
        value: st.SearchStrategy[Any] = st.builds(
            lambda record, absent: {field: record[field] for field in record if field not in absent},
            st.fixed_dictionaries(properties),
            st.sets(st.sampled_from(sorted(properties) or [""]), max_size=1),
        )
    elif "array" in types:
        value = _mostly(st.lists(shaped(schema.get("items", {}), name), min_size=1, max_size=3), st.just([]))
    elif schema.get("format") == "x-singer.decimal":
        value = _NUMBERS
    elif schema.get("format") == "date-time" or name.endswith(("Date", "Dttm")):
        value = _TIMES
    elif name == "serviceCompleted":
        value = _mostly(st.none(), st.booleans())
    elif "boolean" in types:
        # Flags that withdraw a record would leave nothing to look at if they were up half of the time.
        value = st.booleans() if name in ("isActive", "isTaxInclusive", "isCompleted") else st.just(False)
    elif "integer" in types:
        value = st.integers(-5, 500)
    elif name.endswith("Id"):
        value = _IDS
    else:
        value = _TEXTS
    return _mostly(value, st.none()) if "null" in types else value


def trimmed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with the properties that the mapping may read, so that examples stay small."""
    read = set().union(*_READ.values())
    kept = {}
    for name, inner in schema.get("properties", {}).items():
        if name in read:
            items = inner.get("items")
            kept[name] = trimmed(inner) if "properties" in inner else dict(inner)
            if items and "properties" in items:
                kept[name] = {**inner, "items": trimmed(items)}
    return {**schema, "properties": kept}


_READ = {
    "keys": {*KEYS.values(), "vendorItemId", "itemBomId", "childProductId", "purchaseOrderReceiveLineId", "currencyId"},
    "products": {
        "name",
        "sku",
        "itemType",
        "isActive",
        "standardUomName",
        "salesUom",
        "purchasingUom",
        "conversionRatio",
        "standardQuantity",
        "uomQuantity",
        "totalQuantityOnHand",
        "defaultPrice",
        "priceType",
        "unitPrice",
        "productBarcodes",
        "barcode",
        "lineNum",
        "vendorItems",
        "vendorItemCode",
        "cost",
        "leadTimeDays",
        "itemBoms",
        "quantity",
        "currencyConversions",
        "exchangeRate",
        "email",
        "isTaxInclusive",
    },
    "stock": {"rawQuantityAvailable", "quantityAvailable", "quantityOnHand", "locationId"},
    "orders": {
        "orderDate",
        "inventoryStatus",
        "isQuote",
        "isCancelled",
        "isCompleted",
        "needsConfirmation",
        "confirmerTeamMemberId",
        "invoicedDate",
        "calculateTax2OnTax1",
        "lines",
        "subTotal",
        "tax1Rate",
        "tax2Rate",
        "serviceCompleted",
        "shipLines",
        "shippedDate",
        "orderNumber",
        "vendorOrderNumber",
        "orderRemarks",
        "requestShipDate",
        "receiveLines",
        "receiveDate",
    },
}


def inventory_record(stream: str) -> st.SearchStrategy[Any]:
    schema = trimmed(json.loads((SCHEMAS / f"{stream}.json").read_text(encoding="utf-8")))
    # The key is nearly always there; without it there is but one thing to be seen.
    return shaped(schema).map(
        lambda record: {KEYS[stream]: "a", **record} if record.get(KEYS[stream]) is None else record
    )


SETTINGS = st.builds(
    MappingSettings,
    stock=st.sampled_from(["available", "on_hand"]),
    open_sales_orders=st.sampled_from(["hold", "send"]),
    price_tax_percent=st.sampled_from([None, Decimal(21)]),
)
FACTS = {("vendor_currency", "a"): "b", ("rate", "b"): "1.25", ("no_rate", "c"): "true", ("parts", "c"): "a,b"}


# --- what must hold of every result


def verify_value(entity: str, name: str, value: Any) -> None:
    """Check a payload's value against the limits, without the code that keeps to them."""
    attribute = ENTITIES[entity].attribute(name)
    assert attribute is not None
    if value is None:
        assert not attribute.required
        return
    if attribute.kind == "text":
        assert isinstance(value, str)
        assert 0 < len(value.encode("utf-16-le")) // 2 <= attribute.max_length
        assert value == " ".join(value.split())
        assert value.lower() != "nan" or value not in ("nan", "NaN")
    elif attribute.kind == "decimal":
        assert isinstance(value, Decimal)
        assert value.is_finite()
        assert value.as_tuple().exponent == -2
        assert abs(value) < 10**attribute.integer_digits
    elif attribute.kind == "number":
        assert isinstance(value, (int, Decimal))
    elif attribute.kind == "integer":
        assert type(value) is int
        assert attribute.minimum <= value <= attribute.maximum
    elif attribute.kind == "boolean":
        assert isinstance(value, bool)
    elif attribute.kind == "enum":
        assert value in attribute.choices
    elif attribute.kind == "datetime":
        assert value.endswith("Z")
        assert value[10] == "T"
    else:
        assert all(address.count("@") == 1 for address in value)


def verify(record: EntityRecord) -> None:
    """A record is refused with a reason fit for a table, or gives payloads that the API takes."""
    try:
        checked, warnings = check(record)
    except InvalidRecord as error:
        verify_reason(str(error))
        return
    assert all(warning.isprintable() for warning in warnings)
    again, none = check(checked)
    assert again == checked
    assert none == []
    assert content_hash(again) == content_hash(checked)
    for name, value in checked.attributes.items():
        verify_value(record.entity, name, value)
    line_entity = ENTITIES[record.entity].line_entity
    for line in checked.lines or ():
        assert line_entity is not None
        for name, value in line.attributes.items():
            verify_value(line_entity, name, value)
    ids = dict.fromkeys(record.references, "5")
    products = {line.product.remote_id: "6" for line in checked.lines or () if line.product.remote_id}
    for method in ("POST", "PATCH"):
        try:
            sent = attributes_for(checked, ids, method=method, stock=record.stock, products=products, synced_at="x")
        except InvalidRecord as error:
            assert method == "POST"
            verify_reason(str(error))
            continue
        assert method == "PATCH" or None not in sent.values()
        parsed = json.loads(encode({"data": sent}), parse_constant=pytest.fail, parse_float=Decimal)
        assert parsed["data"].keys() == sent.keys()


def verify_reason(reason: str) -> None:
    attribute, _, text = reason.partition(": ")
    assert attribute.isidentifier()
    assert text
    assert reason.isprintable()
    assert len(reason) < 200


def verify_all(instructions: list[Any]) -> None:
    for item in instructions:
        if isinstance(item, Upsert):
            verify(item.record)
            for entity, children in item.record.children.items():
                ids = [child.remote_id for child in children]
                assert None not in ids
                for child in children:
                    assert child.entity == entity
                    verify(child)
        elif isinstance(item, Reject):
            verify_reason(item.reason)
        elif isinstance(item, Warn):
            assert item.message.isprintable()
        elif isinstance(item, Figure):
            assert item.value.is_finite()
        else:
            assert isinstance(item, (Remove, Skip, Remember))
    # Facts stand before the records that need them.
    kinds = [type(item) for item in instructions]
    if Upsert in kinds and Remember in kinds:
        assert max(place for place, kind in enumerate(kinds) if kind is Remember) < kinds.index(Upsert)


@pytest.mark.parametrize("stream", sorted(KEYS))
@LIMITS
@given(data=st.data())
def test_any_inventory_record_gives_a_payload_inside_the_limits_or_a_reason(stream: str, data: st.DataObject) -> None:
    record = data.draw(inventory_record(stream))
    chosen = data.draw(SETTINGS)
    translate = translator_for(stream, {}, [KEYS[stream]], chosen)
    assert translate is not None
    before = copy.deepcopy(record)
    instructions = translate(record, MemoryFacts(FACTS), (record.get(KEYS[stream]),))
    verify_all(instructions)
    # Deterministic, and without a trace on what it was given (repr: NaN equals nothing, not even itself).
    assert repr(record) == repr(before)
    assert repr(translate(record, MemoryFacts(FACTS), (record.get(KEYS[stream]),))) == repr(instructions)


@pytest.mark.parametrize("entity", sorted(ENTITIES))
@LIMITS
@given(data=st.data())
def test_any_optiply_shaped_record_gives_a_payload_inside_the_limits_or_a_reason(
    entity: str, data: st.DataObject
) -> None:
    row = ENTITIES[entity]
    names = [attribute.name for attribute in row.attributes]
    names += [name for reference in row.references for name in (reference.name, f"Remote_{reference.name}")]
    names += ["id", "remoteId", "stockLevel", "line_items", "deleted_at", "optiply"]
    lines = st.lists(
        st.fixed_dictionaries({}, optional=dict.fromkeys(("Remote_productId", "quantity", "subtotalValue"), _JSON)),
        max_size=3,
    )
    record = data.draw(
        st.fixed_dictionaries(
            {"externalId": _IDS}, optional={name: _JSON if name != "line_items" else _JSON | lines for name in names}
        )
    )
    translate = translator_for(entity, {}, ["externalId"], MappingSettings())
    assert translate is not None
    verify_all(translate(record, MemoryFacts(), (record["externalId"],)))


@LIMITS
@given(value=_JSON, entity=st.sampled_from(sorted(ENTITIES)), data=st.data())
def test_any_value_of_any_attribute_is_brought_inside_its_limits_or_refused(
    value: Any, entity: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([attribute.name for attribute in ENTITIES[entity].attributes] or [""]))
    verify(EntityRecord(entity, "1", {name: value}))


@pytest.mark.parametrize("value", [Decimal("sNaN"), Decimal("-NaN"), Decimal("Infinity")])
def test_a_number_that_is_none_is_refused_for_any_attribute(value: Decimal) -> None:
    for entity, declared in ENTITIES.items():
        for attribute in declared.attributes:
            verify(EntityRecord(entity, "1", {attribute.name: value}))


@LIMITS
@given(data=st.data())
def test_the_hash_does_not_depend_on_key_order_or_the_spelling_of_numbers(data: st.DataObject) -> None:
    amount = data.draw(st.decimals(-(10**8), 10**8, places=2))
    names = data.draw(st.permutations(["name", "price", "skuCode", "minimumStock"]))
    spellings = [amount, str(amount), f"{amount}000", amount.normalize(), f"{amount:E}"]
    hashes = set()
    for spelling in spellings:
        values = {"name": "x", "price": spelling, "skuCode": "k", "minimumStock": spelling}
        for order in (names, sorted(names)):
            hashes.add(content_hash(check(EntityRecord("products", "1", {name: values[name] for name in order}))[0]))
    assert len(hashes) == 1


@LIMITS
@given(parts=st.lists(st.fractions(0, 50, max_denominator=1000), max_size=12))
def test_rounded_receipts_add_up_to_the_rounded_total_at_every_step(parts: list[Fraction]) -> None:
    rounded = running_whole(parts)
    assert all(share >= 0 for share in rounded)
    for count in range(len(parts) + 1):
        assert sum(rounded[:count]) == whole(sum(parts[:count], Fraction(0)))


@LIMITS
@given(amount=st.decimals(-(10**12), 10**12, places=7))
def test_cents_are_rounded_half_up(amount: Decimal) -> None:
    assert cents(Fraction(amount)) == amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


@LIMITS
@given(
    subtotals=st.lists(st.decimals(0, 10**6, places=5), min_size=1, max_size=5),
    rate=st.decimals("0.0001", 1000, places=10).filter(bool),
    taxes=st.tuples(st.decimals(0, 30, places=3), st.decimals(0, 30, places=3)),
    tax_on_tax=st.booleans(),
)
def test_a_value_is_the_exact_quotient_rounded_once(
    subtotals: Any, rate: Decimal, taxes: Any, tax_on_tax: bool
) -> None:
    rows = [
        {
            "productId": "p",
            "quantity": {"standardQuantity": "1"},
            "subTotal": str(subtotal),
            "tax1Rate": str(taxes[0]),
            "tax2Rate": str(taxes[1]),
        }
        for subtotal in subtotals
    ]
    order = {
        "salesOrderId": "a",
        "orderDate": "2025-01-01",
        "isCompleted": True,
        "exchangeRate": str(rate),
        "isTaxInclusive": True,
        "calculateTax2OnTax1": tax_on_tax,
        "lines": rows,
    }
    translate = translator_for("sales_orders", {}, ["salesOrderId"], MappingSettings())
    assert translate is not None
    (upsert,) = of(Upsert, translate(order, MemoryFacts(), ("a",)))
    first, second = (Fraction(tax) / 100 for tax in taxes)
    factor = (1 + first) * (1 + second) if tax_on_tax else 1 + first + second
    exact = Fraction(sum(subtotals)) / Fraction(rate) / factor
    (line,) = upsert.record.lines
    assert abs(Fraction(line.attributes["subtotalValue"]) - exact) <= Fraction(1, 200)
    assert upsert.record.attributes["totalValue"] == line.attributes["subtotalValue"]


def test_checking_and_hashing_an_unchanged_record_costs_little() -> None:
    # Encoded once for comparison: the budget is in units of work of this machine, not of seconds.
    import timeit  # noqa: PLC0415

    record = EntityRecord(
        "products", "1", {"name": "Blue chair", "skuCode": "BC-1", "price": Decimal("19.95"), "status": "enabled"}
    )
    body = {"data": {"attributes": {f"a{place}": "text of some length" for place in range(20)}}}
    yardstick = min(timeit.repeat(lambda: msgspec.json.decode(msgspec.json.encode(body)), number=2000, repeat=5))
    cost = min(timeit.repeat(lambda: content_hash(check(record)[0]), number=2000, repeat=5))
    assert cost < 12 * yardstick
