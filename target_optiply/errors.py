"""Why a run ends early: one exception per outcome word, each message one sentence for the person who runs it.

RunStopped
 ├─ ConfigProblem        settings that cannot work
 │   └─ StateInUse       another run holds the state: what waiting may mend
 ├─ CredentialsProblem   Optiply refuses the login
 ├─ InputProblem         stdin is not a Singer stream
 │   └─ RecordBeforeSchema
 ├─ Outage               Optiply does not take writes; what is unsettled stays so
 ├─ Brake                more rejections or deletions than allowed
 └─ Terminated           a signal
"""

from __future__ import annotations

import signal
from typing import ClassVar

from singer_sdk.exceptions import RecordsWithoutSchemaException, SingerSDKError


class RunStopped(SingerSDKError):  # noqa: N818 - its children are reasons, not faults of the program
    """The run could not go on, or must not be called a success."""

    outcome: ClassVar[str]

    @property
    def exit_code(self) -> int:
        """The exit code of the process."""
        return 1


class ConfigProblem(RunStopped):
    """A setting is missing, of the wrong type, or contradicts the state."""

    outcome = "config"


class StateInUse(ConfigProblem):
    """Another run holds the state."""


class CredentialsProblem(RunStopped):
    """The token endpoint refused the grant, or the API refused a fresh token."""

    outcome = "credentials"


class InputProblem(RunStopped):
    """A line on stdin that makes the rest unreadable."""

    outcome = "input"


class RecordBeforeSchema(InputProblem, RecordsWithoutSchemaException):
    """A RECORD whose stream has had no SCHEMA."""


class Outage(RunStopped):
    """No write succeeds; sending stops and nothing is rejected for it."""

    outcome = "outage"


class Brake(RunStopped):
    """Everything possible was done, but more was rejected (or would be deleted) than the settings allow."""

    outcome = "rejected"


class Terminated(RunStopped):
    """A signal asked the run to end."""

    outcome = "terminated"

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(f"stopped by {signal.Signals(signum).name}; what was not written is written by the next run")

    @property
    def exit_code(self) -> int:
        """128 + signal number, but 0 for SIGUSR1, by which hotglue asks for a graceful stop."""
        return 0 if self.signum == getattr(signal, "SIGUSR1", None) else 128 + self.signum
