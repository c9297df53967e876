"""What the demo prints of a run: two small tables, of what was read and of what was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from demolib.pipeline import WRITES, Run


def read_table(run: Run, title: str, inventory: Mapping[str, int]) -> str:
    """Return the table of what was read, a line per stream.

    Args:
        run: The run.
        title: The inventory's name.
        inventory: Rows that stand in it, by stream, where they are known.
    """
    streams = sorted({*run.read, *inventory})
    rows = [(stream, inventory.get(stream, ""), run.read.get(stream, 0)) for stream in streams]
    return _table((f"read from {title}", "rows there", "passed on"), rows)


def written_table(run: Run) -> str:
    """Return the table of what was written, a line per entity."""
    counts = [_counts(run, entity) for entity in run.standing]
    rows = [(entity, *each) for entity, each in zip(run.standing, counts, strict=True)]
    heading = ("written to Optiply", "created", "changed", "removed", "unchanged", "skipped", "rejected", "rows there")
    return _table(heading, [*rows, ("in all", *map(sum, zip(*counts, strict=True)))])


def _counts(run: Run, entity: str) -> tuple[int, ...]:
    written, summary = run.written.get(entity, {}), run.summary.get(entity, {})
    return (
        *(written.get(what, 0) for what in WRITES.values()),
        summary.get("existing", 0),
        summary.get("skipped", 0),
        summary.get("fail", 0),
        run.standing[entity],
    )


def _table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [tuple(heading), *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    return "\n".join(
        "  " + "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )
