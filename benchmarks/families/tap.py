"""The tap reading ready-made pages as fast as it can, beside a plain ``singer_sdk`` stream on the same pages."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.lab import Lab, MeasurementError, Server, serving
from benchmarks.model import Figure, Measure, Row, Spent, rate, times
from benchmarks.pages import KINDS

_WHAT = {"thin": "the 13-field record of the SDK's own size class", "full": "the full product with relations"}
_KEY = "bench-key"


def tap_config(kind: str, url: str) -> dict[str, Any]:
    """Return a configuration of the tap for a server of pages."""
    include = [] if kind == "thin" else ["defaultPrice", "vendorItems", "itemBoms", "productBarcodes"]
    return {
        "api_url": url,
        "company_id": "11111111-2222-4333-8444-555555555555",
        "api_key": _KEY,
        "requests_per_minute": 0,
        "include": {"products": include},
    }


def products_catalog(lab: Lab) -> dict[str, Any]:
    """Return the tap's catalog with nothing but products in it."""
    out = lab.folder / "discovered.json"
    if not out.exists():
        lab.run("-m", "tap_inventory", "--discover", keep=out)
    catalog: dict[str, list[dict[str, Any]]] = json.loads(out.read_text(encoding="utf-8"))
    products = [stream for stream in catalog["streams"] if stream["tap_stream_id"] == "products"]
    return {"streams": products}


class Reads:
    """Runs that read one kind of rows."""

    def __init__(self, lab: Lab, kind: str, number: int, server: Server) -> None:
        self._lab = lab
        self._number = number
        self._url = urllib.parse.urlsplit(server.ready["url"])
        self._config = lab.write_json(f"tap-{kind}.json", tap_config(kind, server.ready["url"]))
        catalog = products_catalog(lab)
        self._catalog_file = lab.write_json("catalog.json", catalog)
        schema = catalog["streams"][0]["schema"]
        names = KINDS[kind](0)
        given = {**schema, "properties": {name: schema["properties"][name] for name in names}}
        self._plain = lab.write_json(
            f"plain-{kind}.json", {"url": f"{server.ready['url']}/products", "key": _KEY, "schema": given}
        )
        lab.write_json("empty.json", {})

    def tap(self) -> Spent:
        """Run the tap."""
        return self._counted(
            partial(
                self._lab.run,
                *("-m", "tap_inventory", "--config", str(self._config), "--catalog", str(self._catalog_file)),
            )
        )

    def plain(self) -> Spent:
        """Run the plain stream."""
        script = Path(__file__).parents[1] / "baselines" / "sdk_stream.py"
        return self._counted(partial(self._lab.run, str(script), str(self._plain)))

    def bare(self) -> Spent:
        """Read the pages and do nothing with them."""
        address = (str(self._url.hostname), str(self._url.port))
        return self._lab.baseline("read_pages", *address, str(self._number), units=self._number)

    def _counted(self, run: partial[Spent]) -> Spent:
        out = self._lab.folder / "out"
        spent = run(units=self._number, keep=out)
        with out.open("rb") as lines:
            written = sum(line.startswith(b'{"type":"RECORD"') for line in lines)
        if written != self._number:
            raise MeasurementError(f"{written} records were written, not {self._number}")
        return spent


@contextmanager
def rows(lab: Lab) -> Iterator[list[Row]]:
    """Yield the family's rows, with servers of ready-made pages that stand while they are measured."""
    found = []
    with ExitStack() as stack:
        for kind, full in (("thin", 200_000), ("full", 60_000)):
            number = lab.sizes.of(full)
            server = stack.enter_context(serving("-m", "benchmarks.pages", kind, str(number)))
            reads = Reads(lab, kind, number, server)
            subject: Measure = reads.tap
            found += [
                Row(
                    f"headroom-pages-{kind}",
                    f"the server of pages, {_WHAT[kind]}, read over a bare socket",
                    "the tap reading the same",
                    (Figure("records a second ÷ those of the tap", times, at_least=2.0),),
                    reads.bare,
                    subject,
                ),
                Row(
                    f"tap-{kind}",
                    f"the tap, CPU-bound, {_WHAT[kind]}",
                    "a plain `singer_sdk` REST stream with defaults on the same pages",
                    (
                        Figure("times the baseline's records a second", times, at_least=3.0),
                        Figure("records a second", rate, unit="/s"),
                    ),
                    subject,
                    reads.plain,
                ),
            ]
        yield found
