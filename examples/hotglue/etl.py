"""The ETL step of a job: ``sync-output/data.singer`` to ``etl-output/data.singer``.

The target maps the inventory's streams itself, so that a step that only copies would do. This one asks for two fields
to be kept beside each product's id in the state, and says how many products the ID snapshots do not know yet.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

SOURCE, RESULT = Path("sync-output/data.singer"), Path("etl-output/data.singer")
KEPT = {"x-hotglue": {"target_state_fields": ["sku", "name"], "target_state_include_hash": True}}


def main() -> None:
    """Write the target's input."""
    known, new = known_products(), 0
    with SOURCE.open(encoding="utf-8") as lines, RESULT.open("w", encoding="utf-8") as result:
        for line in lines:
            message: dict[str, Any] = json.loads(line) if line.startswith('{"type"') else {}
            if message.get("stream") != "products":
                result.write(line)
            elif message["type"] == "SCHEMA":
                result.write(json.dumps({**message, **KEPT}) + "\n")
            else:
                new += message["type"] == "RECORD" and message["record"]["productId"] not in known
                result.write(line)  # as it was read: a decimal that passed through a float would not be exact
    print(f"ETL: {new} products are new to Optiply, {len(known)} are known", flush=True)


def known_products() -> set[str]:
    """Return the products that the tenant's ID snapshot knows."""
    snapshot = Path(os.environ["SNAPSHOT_DIR"]) / f"Products_{os.environ['FLOW']}.snapshot.csv"
    if not snapshot.exists():
        return set()
    with snapshot.open(encoding="utf-8", newline="") as file:
        return {row["InputId"] for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
