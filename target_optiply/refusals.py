"""What is kept of what Optiply refused: a whole record, or a product's stock figure alone. Pure."""

from __future__ import annotations

from target_optiply.jobs import Job, decode_job, encode_job
from target_optiply.tables import Entry, Status


def payload_of(job: Job) -> bytes | None:
    """Return a job's mapped record to be tried again; None where no JSON can hold it (half a surrogate pair)."""
    try:
        return encode_job(job)
    except UnicodeEncodeError:
        return None


def is_refused_figure(entry: Entry) -> bool:
    """Whether of a product only the stock figure was refused."""
    return entry.status == Status.REJECTED and entry.payload is not None and decode_job(entry.payload).figure_only


def with_figure(entry: Entry, figure: int) -> Entry:
    """Return what is known of a product, such that trying again what was refused of it brings no older figure back."""
    if entry.status != Status.REJECTED or entry.payload is None:
        return entry
    job = decode_job(entry.payload)
    job.record.stock, job.record.stock_is_fallback = figure, False
    return entry._replace(payload=encode_job(job))
