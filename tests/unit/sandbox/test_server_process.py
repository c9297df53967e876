"""``python -m sandbox`` as a program: what it says, where it listens, how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from server_client import SMALL, Client
from support.processes import ROOT, Sandbox, environment


def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_on_a_signal_with_code_0_even_with_requests_under_way(tmp_path: Path, number: signal.Signals) -> None:
    ready_file = tmp_path / "ready.json"
    with (
        (tmp_path / "err").open("wb") as err,
        subprocess.Popen(
            [sys.executable, "-m", "sandbox", *SMALL, "--ready-file", str(ready_file)],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=err,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            assert json.loads(ready_file.read_text()) == ready
            host, port = ready["url"].removeprefix("http://").split(":")
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                body = b'{"fault": {"kind": "hang", "seconds": 60}, "times": null}'
                connection.sendall(
                    b"POST /control/faults HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
                )
                connection.sendall(body)
                assert connection.recv(100).startswith(b"HTTP/1.1 200")
                connection.sendall(b"GET /optiply/v1/products HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.2)
                begin = time.monotonic()
                process.send_signal(number)
                rest, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    assert process.returncode == 0
    assert rest == b"", "one line on stdout, no more"
    assert time.monotonic() - begin < 5
    assert (tmp_path / "err").read_text() == ""


def test_switches_can_be_set_from_the_start(tmp_path: Path) -> None:
    arguments = (*SMALL, "--switch", "optiply_error_shape=message", "--switch", "optiply_token_lifetime=5")
    with Sandbox(tmp_path, arguments) as sandbox:
        client = Client(sandbox)
        assert client.login().json["expires_in"] == 5
        assert client.optiply("GET", "/nothing").json["message"]


@pytest.mark.parametrize("switch", ["optiply_error_shape=poem", "colour=red", "optiply_error_shape"])
def test_a_wrong_switch_ends_it_in_words(switch: str) -> None:
    run = run_module("sandbox", "--switch", switch)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("sandbox: ")
    assert "Traceback" not in run.stderr


def test_requests_on_one_connection_are_answered_in_their_order(client: Client) -> None:
    lines = "\r\n".join(["Host: x", *(f"{name}: {text}" for name, text in client.optiply_headers().items())])
    requests = "".join(f"GET /optiply/v1/{name} HTTP/1.1\r\n{lines}\r\n\r\n" for name in ("products", "nothing"))
    with socket.create_connection((str(client.address.hostname), client.address.port), timeout=5) as connection:
        connection.sendall(requests.encode())
        received = b""
        while b"no resource" not in received:
            received += connection.recv(65536)
    assert received.index(b"HTTP/1.1 200") < received.index(b"HTTP/1.1 404")


def test_links_lead_back_to_the_sandbox(client: Client) -> None:
    resource = client.post_product().json["data"]
    assert resource["links"]["self"] == f"{client.ready['optiply']['api_url']}/products/{resource['id']}"
    links = client.optiply("GET", "/products?page[limit]=1").json["links"]
    assert links["first"].startswith(f"{client.ready['optiply']['api_url']}/products?page%5Blimit%5D=1")


@pytest.mark.parametrize("path", ["/", "/optiply", "/optiply/v2/products", "/optiply/v1products", "/inflowing"])
def test_nothing_is_mounted_elsewhere(client: Client, path: str) -> None:
    reply = client.request("GET", path)
    assert reply.status == 404
    assert "nothing is mounted" in reply.json["error"]


def test_a_body_of_any_size_arrives_whole(client: Client) -> None:
    name = "x" * 3_000_000
    reply = client.post_product(name)
    assert reply.status == 400
    assert "size must be between 1 and 255" in reply.json["errors"][0]["detail"]


def test_it_lists_its_switches() -> None:
    run = run_module("sandbox", "--switches")
    assert run.returncode == 0
    assert "optiply_cascades=proven  (proven | all | refused; inferred)" in run.stdout
    assert "inflow_requests_per_minute=0  (int; inferred)" in run.stdout


def test_it_is_not_the_bottleneck() -> None:
    run = run_module("sandbox.bench", "--writes", "3000")
    assert run.returncode == 0, run.stderr
    measured = json.loads(run.stdout)
    assert measured["failed"] == 0
    # 5,000 and more on an idle machine of today; half of that tells a mistake from a slow or busy one.
    assert measured["writes_per_cpu_second"] > 2500, measured
