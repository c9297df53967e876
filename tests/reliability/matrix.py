"""The fault matrix of the target: which rows there are, and how a cell is tried.

A row is a kind of request, as the sandbox logged it in whole runs; a cell is a row and a fault that befalls requests of
that kind. Several cells may be tried in one run where nothing is lost by that: cells that promise the same exit code,
of different kinds. What no run has struck stays to be tried; a cell that is never struck fails.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pair.compare import assert_stands
from reliability.faults import BY_ID, FIGURE, Fault, promised_code
from reliability.recording import Recording, Recordings
from reliability.scale import ALONE, SEED, SOAK
from support.interference import NOTED, rule
from target.lab import Lab

# What a person waits for in an outage, and a test need not.
IMPATIENT = {"target_optiply.outage.PATIENCE": 4.0, "target_optiply.auth._PATIENCE": 4.0}
PATIENT = dict.fromkeys(IMPATIENT, 60.0)  # faults that pass are no outage, however long a busy machine takes over them
LONGEST = 120.0  # seconds a run may take: where many kinds of requests meet a 429, each is waited for by chance
TIMEOUT = 0.5  # seconds the target waits for an answer
LOST = {"kind": "reset", "when": "after"}  # the row is there, and nobody said so
LOOK_UP = "look-up "
A_FIGURE = r'"attributes": ?\{"stockLevel": ?-?[0-9]+\}'
# A look-up names an attribute of its row besides the time; the list of what was created lately does not.
LOOKING = r"filter%5BcreatedAt%5D%5BGE%5D=[^&]*&filter%5B(?!id%5D)"
Cell = tuple[str, Fault]
Promise = Callable[[str, Fault], int | None]


@dataclass(frozen=True)
class Phase:
    """One of the runs whose requests make the rows.

    Attributes:
        name: As the sandbox keeps the rows of its beginning.
        recording: What the target reads in it.
        before: What it read in the run before, if any.
        agreed: What must stand in Optiply afterwards, in the words of ``shown``; else the recording's expectation must.
    """

    name: str
    recording: Recording
    before: Recording | None = None
    agreed: Mapping[str, list[Any]] | None = None


def phases(recordings: Recordings) -> tuple[Phase, Phase]:
    """Return the first run, and the run after every kind of change."""
    return Phase("first", recordings.full), Phase("change", recordings.changed, recordings.full)


def kind_of(entry: Mapping[str, Any]) -> str:
    """Return the row that a request of the sandbox's log belongs to.

    What is read by its id, and a stock figure that is brought alone, have rows of their own.
    """
    if entry["attributes"] == ["stockLevel"]:
        return f"{entry['kind']}{FIGURE}"
    is_one = entry["method"] == "GET" and re.search(r"/\d+$", entry["path"]) is not None
    return f"{entry['kind']}{BY_ID}" if is_one else str(entry["kind"])


def match_of(kind: str) -> dict[str, Any]:
    """Return which requests a row is about, as the control interface takes it."""
    if kind == "token":
        return {"api": "auth"}
    method, _, entity = kind.removesuffix(BY_ID).removesuffix(FIGURE).partition(" ")
    one = kind.endswith(BY_ID) or method in ("PATCH", "DELETE")
    match = {"api": "optiply", "method": method, "path": rf"^/{entity}{'/[0-9]+' if one else ''}$"}
    if (method, entity) == ("PATCH", "products"):
        match["body"] = A_FIGURE if kind.endswith(FIGURE) else '"name"'
    return match


@dataclass
class Trial:
    """Tries cells with one target after the other, from the state in which a phase begins."""

    lab: Lab
    phase: Phase
    settings: dict[str, Any] = field(default_factory=dict)
    _logs: ClassVar[dict[str, list[dict[str, Any]]]] = {}
    _states: ClassVar[dict[str, bytes]] = {}  # of the target where a phase begins, which is brought about once

    def begin(self) -> None:
        """Bring Optiply and the target's state to where the phase begins."""
        name, control = self.phase.name, self.lab.control
        for path in self.lab.directory.glob("target-state.json*"):
            path.unlink()
        if name in self._states:
            control.bring_back(name)
            self.lab.state_path.write_bytes(self._states[name])
            return
        control.reset()
        if self.phase.before is not None:
            self.lab.succeed(self.phase.before.lines)
            self.keep(name)

    def keep(self, name: str) -> None:
        """Keep what stands now as the beginning of a phase."""
        self.lab.control.keep(name)
        self._states[name] = self.lab.state_path.read_bytes()

    def clean_log(self) -> list[dict[str, Any]]:
        """Return the requests that the phase makes where all goes well, tried once in a session."""
        if self.phase.name not in self._logs:
            self.begin()
            self.lab.succeed(self.phase.recording.lines)
            self.assert_agreement()
            self._logs[self.phase.name] = self.lab.control.log()
        return self._logs[self.phase.name]

    def counts(self) -> Counter[str]:
        """Return how many requests of each kind the phase makes where all goes well."""
        return Counter(kind_of(entry) for entry in self.clean_log())

    def kinds(self) -> set[str]:
        """Return the kinds of requests that the phase makes, and those after an answer to a POST was lost."""
        kinds = set(self.counts())
        return kinds | {f"{LOOK_UP}{kind.partition(' ')[2]}" for kind in kinds if kind.startswith("POST ")}

    def assert_agreement(self) -> None:
        """Insist that Optiply is exactly what the source asks for: nothing missing, twice or stale."""
        if self.phase.agreed is not None:
            assert shown(self.lab) == self.phase.agreed
            return
        optiply = self.lab.sandbox.ready["optiply"]
        account = {"account_id": int(optiply["account_id"]), "coupling_id": int(optiply["coupling_id"])}
        assert_stands(self.lab.control, self.phase.recording.expectation, **account)

    def strike(
        self,
        rules: Iterable[tuple[dict[str, Any], Mapping[str, Any], int | None]],
        interference: Iterable[Mapping[str, Any]] = (),
        **constants: Any,
    ) -> int:
        """Run with faults, then without, and insist that both sides agree; return the first run's exit code.

        Args:
            rules: Match, fault and times, as the control interface takes them.
            interference: Rules of ``support.interference``.
            constants: Module constants of the first run.
        """
        control = self.lab.control
        self.begin()
        noted = self.lab.directory / NOTED
        noted.unlink(missing_ok=True)
        for match, fault, times in rules:
            control.add_fault(match, fault, times)
        if rows := [dict(each) for each in interference]:
            constants["tests.support.interference.RULES"] = rows
        control.clear_log()
        run = self.lab.start(
            self.phase.recording.lines, request_timeout=TIMEOUT, constants={**IMPATIENT, **constants}, **self.settings
        ).wait(LONGEST)
        self.log = control.log()
        self.refused = set(noted.read_text(encoding="utf-8").splitlines()) if noted.exists() else set()
        control.clear_faults()
        assert "Traceback" not in run.stderr, run.stderr[-3000:]
        released = run.states[-1] if run.states else None
        clean = self.lab.start(self.phase.recording.after(released)).wait()
        before = f"--- the run before, exit {run.code}:\n{run.stderr[-3000:]}"
        assert clean.code == 0, f"the run after it failed too:\n{clean.stderr[-3000:]}\n{before}"
        try:
            self.assert_agreement()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{before}") from None
        self.last = run
        return run.code or 0

    def struck_kinds(self) -> set[str]:
        """Return the kinds of requests that the last run saw going wrong, whatever the fault."""
        struck = [entry for entry in self.log if entry["fault"]]
        looked = {f"{LOOK_UP}{entry['kind'][4:]}" for entry in struck if re.search(LOOKING, entry["query"])}
        return {kind_of(entry) for entry in struck} | looked | self.refused

    def try_cells(self, cells: Iterable[Cell]) -> dict[tuple[str, str], int]:
        """Try cells, several in one run where that loses nothing; see :func:`bundles` and :func:`cover`."""
        found: dict[tuple[str, str], int] = {}
        for bundle in bundles(cells):
            # Of two 401 in a row the second refuses a token that was just issued, which ends a run: one at a time.
            self.settings = {"max_connections": 1} if any(fault.status == 401 for _, fault in bundle) else {}
            found |= cover(f"{self.phase.name}", bundle, self._attempt)
        return found

    def _attempt(self, cells: list[Cell]) -> tuple[int, set[str]]:
        rules: list[tuple[dict[str, Any], Mapping[str, Any], int | None]] = []
        refused: list[Mapping[str, Any]] = []
        for kind, fault in cells:
            match = match_of(kind)
            if kind.startswith(LOOK_UP):
                entity = kind.removeprefix(LOOK_UP)
                rules.append(({**match_of(f"POST {entity}"), "body": self._of_a_new_row(entity)}, LOST, 1))
                match = {**match_of(f"GET {entity}"), "query": LOOKING}
            elif fault.times != 1 or "body" in match:  # a connection is refused by the path alone
                match |= self._one_record(kind, fault)
            if fault.is_refusal:
                path = match.get("path", "^/oauth/token").removeprefix("^").removesuffix("$")
                path = rf"{path}\?.*{match['query']}" if "query" in match else rf"{path}(\?|$)"
                refused.append(rule(kind, "refuse", match.get("method", ""), path, times=fault.times))
            else:
                rules.append((match, fault.rule, fault.times))
        passing = all(fault.times is not None for _, fault in cells)
        return self.strike(rules, refused, **(PATIENT if passing else {})), self.struck_kinds()

    def _one_record(self, kind: str, fault: Fault) -> dict[str, Any]:
        """Return what tells the requests about one record from the others of a kind, where a kind is about records."""
        if kind.startswith("POST ") and fault.times is None:
            return {"body": self._of_a_new_row(kind.partition(" ")[2])}
        if kind.startswith(("PATCH ", "DELETE ")):
            path = next(entry["path"] for entry in self.clean_log() if kind_of(entry) == kind)
            return {"path": f"^{path}$"}
        return {}

    def _of_a_new_row(self, entity: str) -> str:
        """Return what the body of a POST holds that creates one of the rows that are new in this phase.

        By its telling attribute the row can be looked up too: a product without a code, whose name has a comma, cannot.
        """
        if self.phase.agreed is not None:
            return "Promotion M1|relative"
        before = self.phase.before.expectation.rows[entity] if self.phase.before else {}
        rows = self.phase.recording.expectation.rows[entity]
        new = (row for key, row in rows.items() if key not in before)
        row = next(row for row in new if row[TOLD_BY[entity]] and "," not in str(row[TOLD_BY[entity]]))
        return body_of(entity, row)


# An attribute by which a body names one record (or the few that share the value).
TOLD_BY = {
    "products": "skuCode",
    "suppliers": "name",
    "supplierProducts": "articleCode",
    "productCompositions": "partQuantity",
    "sellOrders": "totalValue",
    "sellOrderLines": "quantity",
    "buyOrders": "totalValue",
    "buyOrderLines": "quantity",
    "receiptLines": "quantity",
}


def body_of(entity: str, row: Mapping[str, Any]) -> str:
    """Return the regular expression that finds a row's telling attribute in the body of its POST."""
    value = re.escape(str(row[TOLD_BY[entity]]))
    return rf'"{TOLD_BY[entity]}": ?"?{value}"?[,}}]'


def shown(lab: Lab) -> dict[str, list[Any]]:
    """Return what stands in Optiply that is not the inventory's own, ids replaced by what they stand for."""
    names: dict[tuple[str, int], str] = {}
    references = {"productId": "products", "promotionId": "promotions", "buyOrderId": "buyOrders"}
    references |= {"buyOrderLineId": "buyOrderLines", "supplierId": "suppliers"}
    told = {"promotions": ("name", "enabled"), "promotionProducts": ("specificUpliftIncrease",)}
    told |= {"buyOrders": ("completed", "totalValue"), "buyOrderLines": ("quantity",), "receiptLines": ("quantity",)}
    found: dict[str, list[Any]] = {}
    for entity in ("products", "suppliers", "promotions", "promotionProducts", *list(told)[2:]):
        rows = []
        for row in lab.rows(entity):
            values = row["attributes"]
            pointers = [names[place, int(values[name])] for name, place in references.items() if values.get(name)]
            own = [values.get(name) for name in told.get(entity, ("name",))]
            rows.append([row["remoteId"], *pointers, *own])
            names[entity, int(row["id"])] = str(rows[-1])
        found[entity] = sorted(rows, key=str)
    return found


def bundles(cells: Iterable[Cell], promised: Promise = promised_code) -> list[list[Cell]]:
    """Put cells together that can be tried in one run: of one promise, and nothing that ends a run or shifts others.

    In the long form one cell in ``ALONE`` gets a run of its own.
    """
    grouped: dict[Any, list[Cell]] = {}
    for place, (kind, fault) in enumerate(cells):
        alone = SOAK and (place + SEED) % ALONE == 0
        promise = promised(kind, fault)
        solo = alone or fault.times is None or fault.status == 401 or (SOAK and promise is None)
        key = place if solo else (promise, kind.startswith(LOOK_UP))
        grouped.setdefault(key, []).append((kind, fault))
    return list(grouped.values())


def cover(
    name: str,
    cells: Iterable[Cell],
    attempt: Callable[[list[Cell]], tuple[int, set[str]]],
    promised: Promise = promised_code,
) -> dict[tuple[str, str], int]:
    """Try cells of one promise until every one was struck, and return (kind, fault's name) to exit code.

    Args:
        name: What is tried, for messages.
        cells: The cells.
        attempt: Tries cells, no kind of them twice, in one run; returns its exit code and which kinds were struck.
        promised: What exit code is promised; None where ``attempt`` itself tells.

    Raises:
        AssertionError: A promise is broken, or a cell cannot be struck.
    """
    found: dict[tuple[str, str], int] = {}
    left = list(cells)
    while left:
        tried = list({kind: (kind, fault) for kind, fault in reversed(left)}.values())
        said = f"{name}, {', '.join(f'{kind} with {fault.name}' for kind, fault in tried)}"
        try:
            ended, struck = attempt(tried)
        except AssertionError as error:
            raise AssertionError(f"{said}: {error}") from None
        done = [cell for cell in tried if cell[0] in struck]
        assert done, f"{said}: never struck"
        code = promised(*done[0])
        assert code in (None, ended), f"{said}: exit {ended}, not {code}"
        found |= {(kind, fault.name): ended for kind, fault in done}
        left = [cell for cell in left if cell not in done]
    return found
