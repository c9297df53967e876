"""The APIs that the tap reads, as the tests of this folder see them, and runs of the tap against one of them.

Written from what is known of the APIs and of the sandbox; nothing of the program is imported.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from support.launcher import Launcher
from support.processes import Sandbox, forked, write_json
from support.singer import Run

from sandbox import identity

SIZE = (
    *("--products", "60", "--customers", "45", "--vendors", "6"),
    *("--sales-orders", "130", "--purchase-orders", "20"),
)
_DISCOVERED: dict[str, str] = {}
_CHANGES = count(1)
ORDERS = 130
PAGE = 25


@dataclass(frozen=True)
class Case:
    """One API.

    Attributes:
        name: The test's name of it: the API, and the variant where there are two.
        api: The setting ``api``.
        key: The field that identifies a row of its main stream.
        main: A stream of several pages.
        collection: The main stream's rows in the sandbox.
        counts: Rows that a full first run emits, by stream, where the sandbox tells them.
        secrets: What must never be seen.
        named: A setting that the sentence about a refused key names.
        required: Settings without which there is no run.
        switches: The sandbox's behaviour.
        size_switch: The sandbox's switch for the page size, where the request has none.
        versioned: Whether the main stream is emitted as far as it changed.
        newest_first: Whether it is read newest first, so that few requests find the changes.
        touch: A field of its rows that may be changed.
    """

    name: str
    api: str
    key: str
    main: str
    collection: str
    collections: Mapping[str, str]
    secrets: tuple[str, ...]
    named: str
    required: tuple[str, ...]
    switches: Mapping[str, Any] = field(default_factory=dict)
    size_switch: str | None = None
    versioned: bool = True
    newest_first: bool = True
    touch: str = "number"

    @property
    def path(self) -> str:
        """Return a pattern that the paths of the main stream match."""
        return f"/{self.collection}$"


INFLOW = Case(
    name="inflow",
    api="inflow",
    key="salesOrderId",
    main="sales_orders",
    collection="sales-orders",
    collections={"vendors": "vendors", "sales_orders": "sales-orders", "customers": "customers"},
    secrets=(identity.INFLOW_API_KEY, identity.INFLOW_COMPANY_ID),
    named="api_key",
    required=("api_key", "company_id"),
    touch="orderRemarks",
)
OPTIFLOW = Case(
    name="optiflow",
    api="optiflow",
    key="id",
    main="invoices",
    collection="invoices",
    collections={name: name for name in ("contacts", "products", "invoices", "workspaces")},
    secrets=(identity.OPTIFLOW_TOKEN,),
    named="token",
    required=("token", "tenant or api_url"),
    touch="notes",
)
QUICKSTART = Case(
    name="quickstart",
    api="quickstart",
    key="id",
    main="orders",
    collection="orders",
    collections={name: name for name in ("customers", "orders", "invoices")},
    secrets=(identity.QUICKSTART_CLIENT_SECRET, identity.QUICKSTART_REFRESH_TOKEN, identity.QUICKSTART_TOKEN_MARK),
    named="refresh_token",
    required=("client_id", "client_secret", "refresh_token", "token_url", "token_file", "api_url"),
    size_switch="quickstart_page_size",
)
_OPTERIUS = {name: name for name in ("me", "services", "invoices", "orders", "domains")}
OPTERIUS = tuple(
    Case(
        name=f"opterius {variant}",
        api="opterius",
        key="id",
        main="invoices",
        collection="invoices",
        collections=_OPTERIUS,
        secrets=(identity.OPTERIUS_TOKEN,),
        named="token",
        required=("token", "api_url"),
        switches={"opterius_variant": variant},
        versioned=False,
        newest_first=False,
        touch="invoice_number",
    )
    for variant in ("documented", "observed")
)
CASES = (INFLOW, OPTIFLOW, QUICKSTART, *OPTERIUS)


@dataclass
class Bench:
    """One API of a running sandbox, and the tap that reads it.

    Attributes:
        case: The API.
        sandbox: The sandbox.
        directory: Where configuration, STATE and token file lie.
        by: What starts the tap.
        page: Rows a page.
    """

    case: Case
    sandbox: Sandbox
    directory: Path
    by: Launcher
    page: int = PAGE

    @property
    def token_file(self) -> Path:
        return self.directory / "tokens.json"

    def config(self, **settings: Any) -> dict[str, Any]:
        """Return a configuration, unpaced unless told otherwise; None leaves a setting out."""
        ready = dict(self.sandbox.ready[self.case.api])
        if "token_url" in ready:
            ready["token_file"] = str(self.token_file)
        if self.case.size_switch is None:
            ready["page_size"] = self.page
        made = {"api": self.case.api, "requests_per_minute": 0, **ready, **settings}
        return {name: value for name, value in made.items() if value is not None}

    def run(
        self,
        *arguments: str,
        state: Any = None,
        code: int = 0,
        env: Mapping[str, str] | None = None,
        only: Sequence[str] = (),
        constants: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Run:
        """Run the tap to its end with a fresh request log; its exit code must be ``code``.

        ``constants`` names module constants of the tap to start with other values.
        """
        self.sandbox.control.clear_log()
        made = ["--config", str(write_json(self.directory / "tap.json", self.config(**settings))), *arguments]
        if state is not None:
            made += ["--state", str(write_json(self.directory / "tap-state.json", state))]
        if only:
            made += ["--catalog", str(write_json(self.directory / "catalog.json", self.catalog(only)))]
        (ended,) = forked([("tap_inventory", made)], self.directory, self.by, env=env, constants=constants)
        assert ended.code == code, ended.stderr[-3000:]
        return Run(ended)

    def catalog(self, selected: Sequence[str]) -> dict[str, Any]:
        """Return what the tap discovers, with these streams selected."""
        if self.case.api not in _DISCOVERED:
            config = write_json(self.directory / "config.json", self.config())
            (ended,) = forked([("tap_inventory", ["--config", str(config), "--discover"])], self.directory, self.by)
            _DISCOVERED[self.case.api] = ended.stdout
        catalog: dict[str, Any] = json.loads(_DISCOVERED[self.case.api])
        for entry in catalog["streams"]:
            for item in entry["metadata"]:
                if not item["breadcrumb"]:
                    item["metadata"]["selected"] = entry["stream"] in selected
        return catalog

    # The sandbox's side.

    def rows(self, collection: str | None = None) -> list[dict[str, Any]]:
        """Return the rows of a collection, by default the main stream's."""
        found: list[dict[str, Any]] = self.sandbox.control.request(
            "GET", f"{self.case.api}/{collection or self.case.collection}"
        )
        return found

    def put(self, *rows: Mapping[str, Any], collection: str | None = None) -> None:
        """Insert or change rows as users of the API's product would."""
        place = f"{self.case.api}/{collection or self.case.collection}"
        self.sandbox.control.request("PUT", place, [dict(row) for row in rows])

    def change(self, number: int) -> list[Any]:
        """Change so many rows of the main stream, spread over it, each time otherwise; return their keys."""
        rows, text = self.rows(), f"change {next(_CHANGES)}"
        picked = [row[self.case.key] for row in rows[:: len(rows) // number][:number]]
        self.put(*({self.case.key: key, self.case.touch: f"{text} {key}"} for key in picked))
        return picked

    def fault(self, path: str, kind: str, *, times: int | None = 1, skip: int = 0, **details: Any) -> None:
        """Let requests of this API go wrong."""
        match = {"api": self.case.api, "path": path, "skip": skip}
        self.sandbox.control.add_fault(match, {"kind": kind, **details}, times)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests of the last run, without those for tokens."""
        log = self.sandbox.control.log()
        return [entry for entry in log if entry["api"] == self.case.api and "token" not in entry["path"]]

    @property
    def pages(self) -> int:
        """How many requests of the last run asked for the main stream."""
        return sum(entry["path"].endswith(f"/{self.case.collection}") for entry in self.requests)

    def keys(self, run: Run) -> Counter[Any]:
        """Return how often each row of the main stream was emitted."""
        return Counter(record[self.case.key] for record in run.records(self.case.main))

    @property
    def everything(self) -> set[Any]:
        """The keys of all rows of the main stream."""
        return {row[self.case.key] for row in self.rows()}
