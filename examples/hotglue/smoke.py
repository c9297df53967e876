"""Recorded smoke tests of the target, in the layout of hotglue's own harness: record, generate, run.

    python smoke.py record   CASE --api-url URL --auth-url URL   # writes to that Optiply; keeps fixtures/vcr.yaml
    python smoke.py generate CASE                                # replays it; keeps expected_output/state.json
    python smoke.py run      CASE                                # replays it and compares; what CI runs

A case is a folder of ``__tests__`` with ``config.json`` and ``data.singer``. The cassette is in VCR.py's format (JSON,
which is YAML), so that the platform's harness replays it as well; beyond that harness, what is written is compared
body by body. No credentials and no tokens are kept in it.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

CASES = Path(__file__).with_name("__tests__")
API, AUTH = "https://api.optiply.com/v1", "https://dashboard.optiply.nl/api/auth/oauth/token"
VARYING = "remoteDataSyncedToDate"  # an attribute that tells the time of its request
_OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

Interaction = dict[str, Any]


def main() -> int:
    """Do one of the three, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("verb", choices=("record", "generate", "run"))
    parser.add_argument("case", type=Path, help="a folder, or its name below __tests__")
    parser.add_argument("--api-url", default=API)
    parser.add_argument("--auth-url", default=AUTH)
    parser.add_argument("--login", type=Path, help="JSON file with the credentials to record with")
    parser.add_argument("--target", default="target-optiply", help="the target's command")
    options = parser.parse_args()
    case: Path = options.case if options.case.is_dir() else CASES / options.case
    cassette, expected = case / "fixtures" / "vcr.yaml", case / "expected_output" / "state.json"
    target = shlex.split(options.target)
    if options.verb == "record":
        login = json.loads(options.login.read_text(encoding="utf-8")) if options.login else {}
        recorder = Recorder(options.api_url, options.auth_url)
        _export(case, target, recorder, login)
        _write(cassette, {"version": 1, "interactions": recorder.interactions})
        return 0
    player = Player(json.loads(cassette.read_text(encoding="utf-8"))["interactions"])
    state = _export(case, target, player, {})
    wrong = player.complaints()
    if options.verb == "generate" and not wrong:
        _write(expected, state)
    elif not wrong:
        ignored = json.loads((case / "test-config.json").read_text(encoding="utf-8"))["ignore_files"]
        if _without(state, ignored) != _without(json.loads(expected.read_text(encoding="utf-8")), ignored):
            wrong = ["state.json differs from what is expected"]
            _write(case / "test_runtime" / "state.json", state)
    for complaint in wrong:
        print(f"{case.name}: {complaint}", file=sys.stderr)
    return 1 if wrong else 0


def _export(case: Path, target: list[str], peer: Peer, login: dict[str, Any]) -> Any:
    """Run the target on a case's data against a peer, and return the state that it prints."""
    with serving(peer) as url, tempfile.TemporaryDirectory() as folder:
        config = json.loads((case / "config.json").read_text(encoding="utf-8"))
        config |= {**login, "api_url": f"{url}/api", "auth_url": f"{url}/auth", "state_output": "hotglue"}
        path = Path(folder) / "config.json"
        _write(path, config)
        data = (case / "data.singer").read_bytes()
        done = subprocess.run(
            [*target, "--config", str(path)], input=data, stdout=subprocess.PIPE, cwd=folder, check=False
        )
        return json.loads(done.stdout.decode().replace(f"{url}/api", API).splitlines()[-1])


class Peer(Protocol):
    """What answers the target's requests."""

    def answer(self, request: Interaction) -> Interaction:
        """Return the answer to a request, both as a cassette holds them."""


class Recorder:
    """Passes requests on, and keeps them with their answers.

    Args:
        api: Where the API is.
        auth: Where tokens are.
    """

    def __init__(self, api: str, auth: str) -> None:
        self._api, self._auth = api, auth
        self.interactions: list[Interaction] = []

    def answer(self, request: Interaction) -> Interaction:
        """Pass a request on and return the answer."""
        is_login = request["uri"] == AUTH
        url = request["uri"].replace(AUTH, self._auth).replace(API, self._api)
        passed = urllib.request.Request(  # noqa: S310 - the address that the user names
            url, data=(request["body"] or "").encode() or None, headers=request["headers"], method=request["method"]
        )
        try:
            with _OPEN(passed, timeout=60) as response:
                answer = _response(response.status, response.headers.get("Content-Type", ""), response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                answer = _response(error.code, error.headers.get("Content-Type", ""), error.read().decode())
        kept = {**request, "headers": {}, "body": None if is_login else request["body"]}
        said: Interaction = {**answer, "body": {"string": answer["body"]["string"].replace(self._api, API)}}
        if is_login and answer["status"]["code"] == 200:
            token = {**json.loads(answer["body"]["string"]), "access_token": "scrubbed", "refresh_token": "scrubbed"}
            said = {**answer, "body": {"string": json.dumps(token)}}
        self.interactions.append({"request": kept, "response": said})
        return answer


class Player:
    """Answers requests as they were answered when they were recorded; those of one address in their order."""

    def __init__(self, interactions: list[Interaction]) -> None:
        self._left = list(interactions)
        self._unknown: list[str] = []

    def answer(self, request: Interaction) -> Interaction:
        """Return the recorded answer; what was not recorded is refused and complained of."""
        for each in self._left:
            asked = each["request"]
            if all(asked[name] == request[name] for name in ("method", "uri")):
                if asked["uri"] != AUTH and _body(asked) != _body(request):
                    self._unknown.append(f"{request['method']} {request['uri']} sends {request['body']}")
                self._left.remove(each)
                response: Interaction = each["response"]
                return response
        self._unknown.append(f"{request['method']} {request['uri']} was not recorded")
        return _response(400, "text/plain", "not recorded")

    def complaints(self) -> list[str]:
        """Return what was asked otherwise than it was recorded."""
        left = [f"{each['request']['method']} {each['request']['uri']} is not asked any more" for each in self._left]
        return [*self._unknown, *left]


def _response(code: int, kind: str, body: str) -> Interaction:
    headers = {"Content-Type": [kind]}
    return {"status": {"code": code, "message": ""}, "headers": headers, "body": {"string": body}}


def _body(request: Interaction) -> Any:
    return _without(json.loads(request["body"]), [VARYING]) if request["body"] else None


def _without(value: Any, names: list[str]) -> Any:
    """Return a JSON value without the members of these names, at any depth."""
    if isinstance(value, dict):
        return {name: _without(each, names) for name, each in value.items() if name not in names}
    return [_without(each, names) for each in value] if isinstance(value, list) else value


@contextmanager
def serving(peer: Peer) -> Iterator[str]:
    """Serve a peer on this machine while the block lasts; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            uri = self.path.replace("/api", API, 1) if self.path.startswith("/api") else AUTH
            names = ("Authorization", "Content-Type", "Accept")
            request = {
                "method": self.command,
                "uri": uri,
                "body": self.rfile.read(length).decode() or None,
                "headers": {name: self.headers[name] for name in names if name in self.headers},
            }
            with lock:
                answer = peer.answer(request)
            content = answer["body"]["string"].encode()
            self.send_response(answer["status"]["code"])
            for name, values in answer["headers"].items():
                self.send_header(name, values[0])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the names that the server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
            """Say nothing."""

    lock = threading.Lock()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
