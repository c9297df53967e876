"""The target within the test's own process, writing to an Optiply in the same process: a thousand runs in a minute."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

from requests.structures import CaseInsensitiveDict

from sandbox import http, identity
from sandbox.optiply.api import OptiplyApi
from sandbox.switches import Switches
from target_optiply.client import CONTENT_TYPE, Answer, Client, Request
from target_optiply.errors import RunStopped
from target_optiply.target import TargetOptiply

LONGEST = 20  # seconds that a run may take


class Optiply:
    """The sandbox's Optiply without its sockets, and a client that reaches it."""

    def __init__(self) -> None:
        self.api = OptiplyApi(Switches())
        self._lock = threading.Lock()
        self._token = self.api.tokens.login(time.time()).access_token

    def send(self, request: Request) -> Answer:
        """Answer one request, as the target's client does."""
        headers = {"content-type": CONTENT_TYPE, "authorization": f"Bearer {self._token}"}
        asked = http.Request(
            request.method, f"/{request.path}", list(request.query), headers, request.body or b"", time.time()
        )
        with self._lock:
            answer = self.api.handle(asked)
        return Answer(answer.status, answer.body, CaseInsensitiveDict(answer.headers))

    def client(self, *arguments: Any, **settings: Any) -> Client:
        """Make a client as the target does, whose requests come here."""
        made = Client(*arguments, **settings)
        made.send = self.send  # type: ignore[method-assign]
        return made

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Return the attributes of an entity's rows, with the remote id as ``remoteId``."""
        path = f"/{entity}"
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            query = (("accountId", str(identity.OPTIPLY_ACCOUNTS[0])), ("sort", "id"), ("page[limit]", "100"))
            answer = self.send(Request("GET", path[1:], (*query, ("filter[id][GT]", str(after)))))
            page = json.loads(answer.body)["data"]
            found += [row["attributes"] for row in page]
            if len(page) < 100:
                return found
            after = int(page[-1]["id"])


@dataclass(frozen=True)
class Ended:
    """How a run ended: the reason, if it was stopped, and what it printed."""

    stopped: RunStopped | None
    stdout: str


@contextlib.contextmanager
def no_hang() -> Iterator[None]:
    """Raise in the main thread what takes too long; give the signal handlers back as they were."""

    def give_up(_signum: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the run did not end in {LONGEST} seconds")

    numbers = (signal.SIGALRM, signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def run_target(stream: bytes, optiply: Optiply, state_path: Path, **settings: Any) -> Ended:
    """Run the target on a stream; whatever is raised but a stopped run is passed on."""
    config = {
        "api_url": "http://127.0.0.1:9/optiply/v1",
        "auth_url": "http://127.0.0.1:9/optiply/token",
        "client_id": identity.OPTIPLY_CLIENT_ID,
        "client_secret": identity.OPTIPLY_CLIENT_SECRET,
        "username": identity.OPTIPLY_USERNAME,
        "password": identity.OPTIPLY_PASSWORD,
        "account_id": identity.OPTIPLY_ACCOUNTS[0],
        "coupling_id": identity.OPTIPLY_COUPLINGS[0],
        "state_path": str(state_path),
        **settings,
    }
    stopped = None
    printed = io.StringIO()
    with no_hang(), mock.patch("target_optiply.run.Client", optiply.client), contextlib.redirect_stdout(printed):
        try:
            TargetOptiply(config=config).listen(io.BytesIO(stream))  # type: ignore[arg-type]
        except RunStopped as error:
            stopped = error
    return Ended(stopped, printed.getvalue())
