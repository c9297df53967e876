"""The console program: ``target-optiply`` and ``python -m target_optiply``."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys

from singer_http.redact import redact
from target_optiply.errors import RunStopped
from target_optiply.target import TargetOptiply


def main() -> None:
    """Run the program; the last line on stderr says why a run ended early, in one sentence."""
    try:
        TargetOptiply.cli()
    except RunStopped as error:
        _end(f"{error.outcome}: {error}", error.exit_code)
    except sqlite3.DatabaseError as error:  # of many places, which could all do nothing about it
        _end(f"outage: the working copy beside the state could not be read or written ({error}); is the disk full?", 1)
    except Exception as error:
        logging.getLogger(TargetOptiply.name).debug("unexpected error", exc_info=True)
        _end(f"outage: unexpected error ({type(error).__name__}: {error}); please report it", 1)


def _end(sentence: str, code: int) -> None:
    print(redact(" ".join(sentence.split())), file=sys.stderr, flush=True)  # noqa: T201 - the program's last word
    _let_go_of_stdout()
    sys.exit(code)


def _let_go_of_stdout() -> None:
    """Drop what cannot be written: the interpreter would try once more, and end with a code of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
