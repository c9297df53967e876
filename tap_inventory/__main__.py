"""The command ``tap-inventory``: runs the tap, and says in one sentence why it ended where it failed."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import click

from singer_http.redact import redact
from tap_inventory.errors import ClosedPipeError, TapError
from tap_inventory.tap import TapInventory

CLOSED_PIPE = 141
"""The exit code of a program whose reader went away, as the shell counts SIGPIPE."""


def main() -> None:
    """Run the command line; the console script."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _leave_pipe()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the tap with command line arguments and return the exit code."""
    try:
        code = TapInventory.cli.main([*arguments], prog_name=TapInventory.name, standalone_mode=False)
    except ClosedPipeError:
        return _leave_pipe()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 130
    except TapError as error:
        return _say(str(error))
    except Exception as error:
        # Whatever it is, a user gets a sentence; the traceback is there at debug level.
        logging.getLogger(TapInventory.name).debug("Where it happened:", exc_info=True)
        return _say(f"{type(error).__name__}: {error}")
    return code if isinstance(code, int) else 0


def _say(sentence: str) -> int:
    sys.stderr.write(redact(" ".join(sentence.split())) + "\n")
    return 1


def _leave_pipe() -> int:
    # The interpreter flushes stdout when it ends, and would complain about the pipe once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CLOSED_PIPE


if __name__ == "__main__":
    main()
