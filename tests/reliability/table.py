"""The table of the fault matrix: rows kept by the tests that tried them, written into the documentation.

``python tests/reliability/table.py`` (part of ``make soak``) writes it from what the latest run of the tests kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from reliability.faults import FOR_GOOD, ONCE
from reliability.scale import SOAK

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "reliability.md"
KEPT = ROOT / ".pytest_cache" / "reliability" / ("soak" if SOAK else "short")
NOTES = ROOT / ".pytest_cache" / "reliability" / "notes"
BEGIN, END = "<!-- matrix: begin -->", "<!-- matrix: end -->"


def keep(program: str, codes: Mapping[tuple[str, str], int]) -> None:
    """Keep the exit codes of cells, by kind of request and fault, for the table."""
    if not codes:
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    name = f"{program}-{next(iter(codes))[1]}".replace(" ", "_")
    cells = [[kind, fault, code] for (kind, fault), code in codes.items()]
    (KEPT / f"{name}.json").write_text(json.dumps(cells), encoding="utf-8")


def note(name: str, figures: Mapping[str, object]) -> None:
    """Keep what was measured, for the documentation."""
    NOTES.mkdir(parents=True, exist_ok=True)
    (NOTES / f"{name.replace(' ', '_')}.json").write_text(json.dumps({"name": name, **figures}), encoding="utf-8")


def kinds_listed(text: str) -> set[str]:
    """Return the kinds of requests that the table in the documentation has a row for."""
    lines = text.partition(BEGIN)[2].partition(END)[0].splitlines()
    return {line.split("|")[1].strip().strip("`") for line in lines if line.startswith("| `")}


def faults_listed(text: str) -> list[str]:
    """Return the faults that the table in the documentation has a column for."""
    lines = text.partition(BEGIN)[2].partition(END)[0].splitlines()
    head = next((line for line in lines if line.startswith("| request")), "")
    return [cell.strip() for cell in head.split("|")[2:-1]]


def table(codes: Mapping[tuple[str, str], int], faults: Sequence[str]) -> str:
    """Return the matrix as Markdown: in a cell the exit code of one fault, and of the same one repeated.

    Args:
        codes: Kind and fault to the exit code of the run that met it.
        faults: The columns.

    Raises:
        KeyError: A cell was not tried.
    """
    kinds = sorted({kind for kind, _ in codes}, key=lambda kind: (kind.split(" ")[-1], kind))
    names = {name for _, name in codes}

    def cell(kind: str, fault: str) -> str:
        twice = [codes[kind, f"{fault}, repeated"]] if f"{fault}, repeated" in names else []
        return " ".join(map(str, [codes[kind, fault], *twice]))

    lines = [f"| request | {' | '.join(faults)} |", "|---" * (len(faults) + 1) + "|"]
    lines += [f"| `{kind}` | {' | '.join(cell(kind, fault) for fault in faults)} |" for kind in kinds]
    return "\n".join(lines)


def main() -> None:
    """Write the matrix and what was measured into the documentation."""
    codes: dict[tuple[str, str], int] = {}
    for path in sorted(KEPT.glob("*.json")):
        codes |= {(kind, fault): code for kind, fault, code in json.loads(path.read_text(encoding="utf-8"))}
    text = DOCUMENT.read_text(encoding="utf-8")
    text = _between(text, BEGIN, END, table(codes, [fault.name for fault in (*ONCE, FOR_GOOD)]))
    DOCUMENT.write_text(text, encoding="utf-8")


def _between(text: str, begin: str, end: str, content: str) -> str:
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n{content}\n\n{end}{rest.partition(end)[2]}"


if __name__ == "__main__":
    main()
