"""One stream through the target: as a process, or within the test's own process with an Optiply beside it."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

from requests.structures import CaseInsensitiveDict
from target.lab import Lab

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
    """How a run ended.

    Attributes:
        outcome: ``ok``, or what it was stopped for, as the state names it.
        reason: The sentence that says so.
        stdout: What it printed.
        state: The text of the state that it left.
        names: Entity to the names of the rows that it left.
    """

    outcome: str
    reason: str
    stdout: str
    state: str
    names: dict[str, list[str]]


NAMED = ("products", "suppliers")


def by_process(lab: Lab, stream: bytes) -> Ended:
    """Run the target as a process on a stream, from nothing."""
    lab.control.reset()
    lab.state_path.unlink(missing_ok=True)
    run = lab.start(stream).wait(LONGEST)
    assert run.code in (0, 1), run.stderr[-3000:]
    assert "Traceback" not in run.stderr, run.stderr[-3000:]
    outcome, _, reason = run.last_word.partition(": ") if run.code else ("ok", "", "")
    names = {entity: [row["attributes"]["name"] for row in lab.rows(entity)] for entity in NAMED}
    return Ended(outcome, reason, run.stdout, lab.state_path.read_text(encoding="utf-8"), names)


def in_process(stream: bytes) -> Ended:
    """Run the target in this process on a stream, from nothing."""
    optiply = Optiply()
    with tempfile.TemporaryDirectory() as directory:
        state_path = Path(directory) / "state.json"
        stopped, stdout = run_target(stream, optiply, state_path)
        state = state_path.read_text(encoding="utf-8")
    names = {entity: [row["name"] for row in optiply.rows(entity)] for entity in NAMED}
    return Ended(stopped.outcome if stopped else "ok", str(stopped or ""), stdout, state, names)


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


def run_target(stream: bytes, optiply: Optiply, state_path: Path, **settings: Any) -> tuple[RunStopped | None, str]:
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
    return stopped, printed.getvalue()
