"""Broken, mutated and hostile input: never a traceback or a hang, and no good record lost beside a bad one."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reliability.in_process import Ended, by_process, in_process
from reliability.recording import Recordings
from reliability.scale import SOAK
from support.secrets import check
from target.lab import Lab
from target.messages import product, record, schema, sell_order, supplier

UNTROUBLED = settings(
    max_examples=600 if SOAK else 100,
    deadline=None,
    derandomize=not SOAK,
    suppress_health_check=list(HealthCheck),
    database=None,
)
MUTATED = settings(UNTROUBLED, max_examples=400 if SOAK else 25)

# Text as it may stand in JSON: control characters, lone surrogates and astral planes included.
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " ", "\0", "\x1f", "nan", "NaN", "Infinity", "null", "-0", "1e5", "2025-13-45", "\u202e"]),
    st.sampled_from(["\ud800", "\udfff x", "x" * 1_000_000, "9" * 5_000, "é\U0001f600" * 300]),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    TEXTS,
    st.integers(),
    st.sampled_from([10**30, -(10**400), 2**63, -1, 0]),
    st.floats(),
    st.sampled_from([1e308, -1e-308, 0.1 + 0.2]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
DEEP = "[" * 100_000 + "]" * 100_000
GOOD = {"Products": product, "Suppliers": supplier}
FIELDS = {
    "Products": (*product("x"), "id", "optiply", "deleted_at", "eanCode", "minimumStock", "createdAtRemote"),
    "Suppliers": (*supplier("x"), "id", "deliveryTime", "ignored", "emails"),
    "SellOrders": (*sell_order("x"), "id", "totalValue", "orderLines"),
}
STREAMS = tuple(FIELDS)
_NUMBERS = itertools.count()


def line(message: Any) -> bytes:
    """Return a message as a line; what no JSON holds goes out as programs in the wild write it."""
    return json.dumps(message).encode("utf-8", "surrogatepass")


@st.composite
def bad_records(draw: st.DrawFn) -> bytes:
    """Return a RECORD that is wrong, or at least odd, in itself."""
    stream = draw(st.sampled_from(STREAMS))
    key = f"B{next(_NUMBERS)}"
    base = sell_order(key) if stream == "SellOrders" else GOOD[stream](key)
    kind = draw(st.sampled_from(["values", "values", "values", "key", "no object", "deep"]))
    if kind == "no object":
        return line(record(stream) | {"record": draw(SCALARS | st.lists(SCALARS, max_size=2))})
    if kind == "deep":
        return line(record(stream, base, name="?")).replace(b'"?"', DEEP.encode())
    if kind == "key":
        del base["externalId"]
        return line(record(stream, base))
    changed = draw(st.dictionaries(st.sampled_from(FIELDS[stream]), VALUES, min_size=1, max_size=3))
    changed.pop("id", None)  # would name a row of another record
    return line(record(stream, {**base, **changed, "externalId": key}))


HARMLESS = st.one_of(
    st.sampled_from([b"", b"   ", line({"type": "LOG", "x": 1}), line({"type": "STATE", "value": None})]),
    st.sampled_from([line(schema(stream, "externalId")) for stream in STREAMS]),
    st.sampled_from([line(schema(stream, "externalId", name={"type": ["string", "null"]})) for stream in STREAMS]),
    st.builds(lambda value: line({"type": "STATE", "value": {"n": value}}), st.integers(0, 99)),
    st.just(line(schema("SomethingElse", "a"))),
    bad_records(),
)
FATAL = st.one_of(
    st.sampled_from([b"{", b"[]", b"17", b'"text"', b"null", b"{}", b'{"type": 1}', b"\xff\xfe", b"{'type': 'STATE'}"]),
    st.sampled_from([line(record("Products", product("C")))[:-7], DEEP.encode(), b'{"type": "STATE"}']),
    st.sampled_from([line(record("Promotions", externalId="x")), line({"type": "RECORD", "record": {}})]),
    st.sampled_from([line({"type": "SCHEMA", "stream": "Products"}), line({"type": "BATCH", "stream": "Products"})]),
    st.sampled_from(
        [line({"type": "SCHEMA", "stream": "Products", "schema": {"properties": 3}, "key_properties": []})]
    ),
    st.sampled_from([line({"type": "ACTIVATE_VERSION", "stream": "Products"})]),
)


@pytest.fixture
def through(request: pytest.FixtureRequest) -> Callable[[bytes], Ended]:
    """Return what runs the target on a stream: a process in the long form."""
    if not SOAK:
        return in_process
    lab: Lab = request.getfixturevalue("lab")
    return lambda stream: by_process(lab, stream)


@UNTROUBLED
@given(
    parts=st.lists(HARMLESS | st.sampled_from(["Products", "Suppliers"]), min_size=2, max_size=10),
    fatal=st.none() | st.tuples(FATAL, st.integers(0, 10)),
)
def test_a_bad_line_costs_no_good_record(
    through: Callable[[bytes], Ended], parts: list[bytes | str], fatal: tuple[bytes, int] | None
) -> None:
    lines = [line(schema(stream, "externalId")) for stream in STREAMS]
    wanted: dict[str, list[str]] = {"Products": [], "Suppliers": []}
    cut = len(parts) if fatal is None else min(fatal[1], len(parts))
    for number, part in enumerate(parts):
        if number == cut and fatal is not None:
            lines.append(fatal[0])
        if isinstance(part, bytes):
            lines.append(part)
            continue
        lines.append(line(record(part, GOOD[part](f"G{number}"))))
        if number < cut:
            wanted[part].append(GOOD[part](f"G{number}")["name"])
    if fatal is not None and cut == len(parts):
        lines.append(fatal[0])
    ended = through(b"\n".join(lines) + b"\n")
    for stream, names in wanted.items():
        found = ended.names[stream.lower()]
        assert [found.count(name) for name in names] == [1] * len(names), (stream, ended)
    assert json.loads(ended.state)["run"]["outcome"] == ended.outcome
    assert ended.outcome == "input" if fatal is not None else ended.outcome in ("ok", "rejected"), ended
    if fatal is not None:
        assert f"line {len(STREAMS) + cut + 1}" in ended.reason
    for printed in ended.stdout.splitlines():
        assert json.loads(printed)
    check(ended.reason, ended.stdout, ended.state)


def _mutate(draw: st.DrawFn, value: Any, depth: int = 0) -> Any:
    """Return a copy of a record with one node replaced, removed or doubled."""
    if isinstance(value, dict) and value and (depth == 0 or draw(st.booleans())):
        name = draw(st.sampled_from(sorted(value)))
        rest = {key: each for key, each in value.items() if key != name}
        return rest if draw(st.integers(0, 4)) == 0 else {**rest, name: _mutate(draw, value[name], depth + 1)}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        repeated = [value[place]] if draw(st.integers(0, 4)) == 0 else []
        return [*value[:place], _mutate(draw, value[place], depth + 1), *repeated, *value[place + 1 :]]
    return draw(VALUES)


@MUTATED
@given(data=st.data())
def test_mutated_inventory_records_spoil_no_other(
    through: Callable[[bytes], Ended], recordings: Recordings, data: st.DataObject
) -> None:
    messages = recordings.full.messages
    places = [place for place, message in enumerate(messages) if message["type"] == "RECORD"]
    spoilt = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4, unique=True))
    products: set[str] = set()
    vendors: set[str] = set()
    for place in spoilt:
        message = copy.deepcopy(messages[place])
        products.add(str(message["record"].get("productId")))
        vendors.add(str(message["record"].get("vendorId")))
        message["record"] = _mutate(data.draw, message["record"])
        products.add(str(message["record"].get("productId")))
        vendors.add(str(message["record"].get("vendorId")))
        messages[place] = message
    ended = through(b"\n".join(map(line, messages)) + b"\n")
    assert ended.outcome in ("ok", "rejected"), ended.reason
    assert json.loads(ended.state)["run"]["outcome"] == ended.outcome
    for entity, touched in (("products", products), ("suppliers", vendors)):
        rows = recordings.full.expectation.rows[entity]
        wanted = sorted(row["name"] for key, row in rows.items() if key not in touched)
        assert [name for name in wanted if name not in ended.names[entity]] == []
