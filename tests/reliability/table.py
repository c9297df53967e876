"""The table of the fault matrix: rows kept by the tests that tried them, written into the documentation.

``python tests/reliability/table.py`` (part of ``make soak``) writes it from what the latest run of the tests kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "reliability.md"
KEPT = ROOT / ".pytest_cache" / "v" / "reliability"
BEGIN, END = "<!-- matrix: begin -->", "<!-- matrix: end -->"


def keep(config: pytest.Config, program: str, fault: object, codes: Mapping[str, int]) -> None:
    """Keep the exit codes of the rows of one fault (by its ``name``), for the table."""
    if config.cache is not None:
        config.cache.set(f"reliability/{program}-{getattr(fault, 'name', fault)}".replace(" ", "_"), dict(codes))


def kinds_listed(text: str) -> set[str]:
    """Return the kinds of requests that the table in the documentation has a row for."""
    lines = text.partition(BEGIN)[2].partition(END)[0].splitlines()
    return {line.split("|")[1].strip().strip("`") for line in lines if line.startswith("| `")}


def faults_listed(text: str) -> list[str]:
    """Return the faults that the table in the documentation has a column for."""
    lines = text.partition(BEGIN)[2].partition(END)[0].splitlines()
    head = next((line for line in lines if line.startswith("| request")), "")
    return [cell.strip() for cell in head.split("|")[2:-1]]


def table(codes: Mapping[tuple[str, str], int], faults: list[str]) -> str:
    """Return the matrix as Markdown.

    Args:
        codes: Kind and fault to the exit code of the run that met it.
        faults: The columns.
    """
    kinds = sorted({kind for kind, _ in codes}, key=lambda kind: (kind.partition(" ")[2], kind))
    lines = [f"| request | {' | '.join(faults)} |", "|---" * (len(faults) + 1) + "|"]
    lines += [f"| `{kind}` | {' | '.join(str(codes.get((kind, fault), '')) for fault in faults)} |" for kind in kinds]
    return "\n".join(lines)


def main() -> None:
    """Write the tables into the documentation."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]
    from reliability.faults import FAULTS  # noqa: PLC0415 - the path is set above

    faults = [fault.name for fault in FAULTS]
    codes: dict[tuple[str, str], int] = {}
    for program in ("target", "tap"):
        for fault in faults:
            rows = json.loads((KEPT / f"{program}-{fault}".replace(" ", "_")).read_text(encoding="utf-8"))
            codes |= {(kind, fault): code for kind, code in rows.items()}
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table(codes, faults)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
