"""An access token that is had for a refresh token, which the server replaces each time: kept, renewed, never shown.

The refresh token is worth a login, and the one before is worthless as soon as it was used. So what the server gave is
on disk, in the file that the setting names, before it is used.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from singer_http.redact import add_secret, redact
from tap_inventory.errors import CredentialsError, TapError, UnavailableError
from tap_inventory.profile import RefreshedToken

logger = logging.getLogger("tap-inventory")

LEEWAY = 60.0
"""Seconds before its end in which an access token is renewed already; less for one that lives briefly."""

Grant = Callable[[str, Mapping[str, str]], "tuple[int, Any]"]
"""Sends a form to an address; returns the status and the JSON of the answer, None where that is none."""


class TokenFile:
    """What is kept of the tokens between runs, in a file that only its owner can read.

    Args:
        path: The file.
        seed: The refresh token of the settings. A file that began with another one is out of date: the user has
            authorised the application anew.
    """

    def __init__(self, path: str, seed: str) -> None:
        self.path = Path(path)
        self._seed = sha256(seed.encode()).hexdigest()

    def read(self) -> dict[str, Any]:
        """Return what the server gave last; nothing where there is no such file, or an out-of-date one.

        Raises:
            CredentialsError: The file cannot be read, or is not one of these.
        """
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CredentialsError(f"The token file {self.path} cannot be read: {error.strerror}.") from None
        except ValueError:
            kept = None
        if not isinstance(kept, dict) or not isinstance(kept.get("refresh_token"), str):
            raise CredentialsError(
                f"The token file {self.path} does not hold what this program writes there: check the setting "
                "token_file, or remove the file and authorise the application anew."
            )
        return kept if kept.get("seed") == self._seed else {}

    def check(self) -> None:
        """Make sure that a file can be put there: a token that was used cannot be had back.

        Raises:
            CredentialsError: It cannot.
        """
        try:
            with tempfile.TemporaryFile(dir=self.path.parent):
                pass
        except OSError as error:
            raise self._unwritable(error) from None

    def write(self, kept: Mapping[str, Any]) -> None:
        """Put it in the file's place at once, so that it is never half there.

        Raises:
            CredentialsError: It cannot be written.
        """
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)  # mode 0600
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump({**kept, "seed": self._seed}, file)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, self.path)  # noqa: PTH105 - the path of a file that is not there yet
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)  # noqa: PTH108 - as above
                raise
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> CredentialsError:
        return CredentialsError(f"The token file {self.path} cannot be written: {error.strerror}.")


class Tokens:
    """Gives the access token to any number of threads.

    Args:
        known: Which settings hold what.
        settings: Their values.
        grant: Asks the server for tokens.
        title: The API, in sentences.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        known: RefreshedToken,
        settings: Mapping[str, Any],
        grant: Grant,
        title: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._known = known
        self._title = title
        self._url = settings[known.url]
        self._client = {"client_id": settings[known.client_id], "client_secret": settings[known.client_secret]}
        self._first: str = settings[known.refresh_token]
        self._file = TokenFile(settings[known.file], self._first)
        self._grant = grant
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, Any] | None = None

    def access(self) -> str:
        """Return an access token that should be good.

        Raises:
            CredentialsError: The server gives none, or the token file cannot be used.
            TapError: The server cannot be reached.
        """
        with self._lock:
            kept = self._load()
            if not kept.get("access_token") or kept.get("renew_at", 0) <= self._clock():
                kept = self._renew()
            return str(kept["access_token"])

    def replace(self, refused: str) -> None:
        """Get another access token in place of one that the API refused; raises as :meth:`access`."""
        with self._lock:
            if self._load().get("access_token") == refused:
                self._renew()

    def _load(self) -> dict[str, Any]:
        if self._kept is None:
            self._kept = self._file.read()
            self._hide(self._kept)
        return self._kept

    def _renew(self) -> dict[str, Any]:
        there = self._file.read()  # another run may have used the refresh token that was read before
        self._hide(there)
        self._file.check()
        given = self._ask(there.get("refresh_token") or self._first, lost=not there)
        kept = {
            "refresh_token": given.get("refresh_token") or there.get("refresh_token") or self._first,
            "access_token": given["access_token"],
            "renew_at": self._clock() + _good_for(given.get("expires_in")),
        }
        self._hide(kept)
        self._file.write(kept)
        self._kept = kept
        return kept

    def _ask(self, refresh_token: str, *, lost: bool) -> Mapping[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **self._client}
        try:
            status, given = self._grant(self._url, form)
        except UnavailableError as error:
            raise TapError(redact(f"{error} Check the setting {self._known.url}.")) from None
        if status == 200 and isinstance(given, dict) and isinstance(given.get("access_token"), str):
            return given
        told = given.get("error") if isinstance(given, dict) else None
        said = f"{status} {told}" if isinstance(told, str) else str(status)
        if status in (400, 401, 403):
            why = (
                f"it has been replaced if it was used before, and the token file {self._file.path}, which would hold "
                "the newer one, is not there"
                if lost
                else f"the one in the token file {self._file.path} was used elsewhere, withdrawn or is too old"
            )
            raise CredentialsError(
                redact(
                    f"{self._title} refuses the refresh token ({said}): {why}; authorise the application anew and put "
                    f"its refresh token into the setting {self._known.refresh_token}, and check "
                    f"{self._known.client_id} and {self._known.client_secret}."
                )
            )
        raise CredentialsError(
            redact(f"{self._title} gives no access token ({said}): check the setting {self._known.url}.")
        )

    @staticmethod
    def _hide(kept: Mapping[str, Any]) -> None:
        for name in ("refresh_token", "access_token"):
            if isinstance(kept.get(name), str):
                add_secret(kept[name])


def _good_for(life: Any) -> float:
    """Return how long an access token is used; where the server does not say, until the API refuses it."""
    if not isinstance(life, (int, float, Decimal)):
        return 1e9
    return max(float(life) - min(LEEWAY, float(life) / 10), 0.0)
