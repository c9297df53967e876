"""Whatever API is read: what passes costs a request, what does not is one sentence, and no secret is ever told."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import pytest
from apis.cases import Bench


class TestFaults:
    def test_faults_that_pass_cost_requests_and_nothing_else(self, bench: Bench) -> None:
        faults: list[tuple[str, dict[str, Any]]] = [
            ("status", {"status": 503, "headers": {"Retry-After": "0"}}),
            ("reset", {"when": "before"}),
            ("truncate", {}),
            ("html", {}),
            ("body", {"body": {"message": "maintenance"}}),
            ("status", {"status": 429, "headers": {"Retry-After": "0"}}),
        ]
        # Each befalls a page of its own: one request alone, with what it has to wait, gets two.
        paged = bench.case.name != "opterius observed"
        faults = faults if paged else [faults[2], faults[5]]
        for place, (kind, details) in enumerate(faults):
            bench.fault(bench.case.path, kind, skip=place if paged else 0, **details)
        run = bench.run(only=[bench.case.main])
        assert bench.keys(run) == dict.fromkeys(bench.everything, 1)
        assert sum(entry["fault"] is not None for entry in bench.requests) == len(faults)

    def test_a_key_that_is_refused_is_said_in_one_sentence(self, bench: Bench) -> None:
        bench.fault(bench.case.path, "status", times=None, status=401, body="no " + " ".join(bench.case.secrets))
        run = bench.run(only=[bench.case.main], code=1)
        assert bench.case.named in run.said
        assert len(bench.requests) <= 2  # an access token is renewed once
        assert not run.counts
        assert "Traceback" not in run.ended.stderr

    def test_where_one_stream_fails_the_others_are_read_and_it_is_named(self, bench: Bench) -> None:
        bench.fault(bench.case.path, "status", times=None, skip=1, status=403)
        if bench.case.name == "opterius observed":
            bench.sandbox.control.clear_faults()
            bench.fault(bench.case.path, "status", times=None, status=404)
        run = bench.run(code=1)
        assert f"{bench.case.main} failed" in run.said
        others = set(bench.case.collections) - {bench.case.main}
        assert all(run.counts[stream] for stream in others)

    def test_a_server_that_is_not_there_is_said_in_one_sentence(self, bench: Bench) -> None:
        run = bench.run(api_url="http://127.0.0.1:9", max_retries=0, code=1)
        assert "cannot be reached" in run.said
        assert "api_url" in run.said

    def test_a_redirect_is_not_followed(self, bench: Bench) -> None:
        bench.fault(bench.case.path, "redirect", times=None, location="http://127.0.0.1:9/elsewhere")
        run = bench.run(only=[bench.case.main], max_retries=0, code=1)
        assert "api_url" in run.said

    def test_missing_settings_are_told_before_any_request(self, bench: Bench) -> None:
        nothing = dict.fromkeys(bench.config())
        run = bench.run(code=1, **{**nothing, "api": bench.case.api, "requests_per_minute": 0})
        for name in bench.case.required:
            assert f"The setting {name} is required." in run.said
        assert not bench.requests


class TestPacing:
    def test_the_limit_is_kept_by_all_streams_together_and_no_request_is_refused(self, bench: Bench) -> None:
        period, limit = 0.25, 3  # a minute of a quarter of a second
        run = bench.run(requests_per_minute=limit, constants={"tap_inventory.client.MINUTE": period})
        at = [entry["at"] for entry in bench.sandbox.control.log() if entry["api"] == bench.case.api]
        assert len(at) > limit
        assert all(later - earlier >= period for earlier, later in zip(at, at[limit:], strict=False))
        assert {entry["status"] for entry in bench.requests} == {200}
        assert set(bench.keys(run)) == bench.everything

    @pytest.mark.parametrize("header", ["seconds", "date"])
    def test_retry_after_is_obeyed(self, bench: Bench, header: str) -> None:
        until = int(time.time()) + 2
        told = "1" if header == "seconds" else time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(until))
        bench.fault(bench.case.path, "status", status=429, headers={"Retry-After": told})
        run = bench.run(only=[bench.case.main])
        first, second = bench.requests[:2]
        assert first["status"] == 429
        assert second["at"] >= (first["at"] + 1 if header == "seconds" else until)
        assert set(bench.keys(run)) == bench.everything


class TestSecrets:
    def test_no_secret_is_told_at_any_level_not_even_when_the_server_echoes_it(self, bench: Bench) -> None:
        body = " ".join(bench.case.secrets)
        bench.fault(bench.case.path, "status", status=500, body=body)
        bench.fault(bench.case.path, "status", times=None, status=418, body=body)
        run = bench.run(only=[bench.case.main], code=1, max_retries=1, env={"TAP_INVENTORY_LOGLEVEL": "DEBUG"})
        assert "DEBUG" in run.ended.stderr
        for secret in bench.case.secrets:
            if not secret.endswith("-"):
                assert secret not in run.ended.stdout + run.ended.stderr
        number = count()
        for name, value in bench.config().items():
            if value in bench.case.secrets:
                bad = bench.run(code=1, **{name: [value], "page_size": 0})
                assert value not in bad.ended.stderr
                next(number)
        assert next(number)
