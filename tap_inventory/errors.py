"""What can go wrong in the tap, as sentences for the people who run it.

::

    SingerSDKError (singer_sdk)
    └── TapError                 one sentence says it all; the run ends with exit 1
        ├── ClosedPipeError      nobody reads any more
        ├── SettingsError        a setting is missing or wrong
        ├── StateError           the given STATE is no STATE
        ├── CredentialsError     the API refuses the key or the company
        └── StreamError          one stream cannot be read further
            ├── RefusedError     the API answered with a 4xx: asking again would not help
            └── UnavailableError the tries allowed are used up
    RunEnding (BaseException)    carries what ends the run past the SDK, which would log it as unhandled
"""

from __future__ import annotations

from singer_sdk.exceptions import SingerSDKError


class TapError(SingerSDKError):
    """Ends the run. Its text is one sentence, without a secret."""


class ClosedPipeError(TapError):
    """Nobody reads what is written: the run ends quietly."""


class SettingsError(TapError):
    """A setting is missing or wrong; the sentence names it."""


class StateError(TapError):
    """The given STATE cannot be used at all."""


class CredentialsError(TapError):
    """The API refuses the key or the company; the sentence names the setting."""


class StreamError(TapError):
    """One stream cannot be read further; the others can."""

    status: int | None = None


class RefusedError(StreamError):
    """The API answered with a status that a further try would not change."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UnavailableError(StreamError):
    """Every try allowed has failed: no answer, a broken one, or a status of overload."""


class RunEnding(BaseException):
    """Carries what ends the run past the SDK, which would log it as unhandled. Its cause says why."""
