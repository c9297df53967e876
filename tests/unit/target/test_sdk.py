"""The SDK's own suite for targets. Its streams map to nothing in Optiply, so nothing is sent."""

from __future__ import annotations

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetRecordMissingKeyProperty

from target_optiply.target import TargetOptiply

CONFIG = {
    "client_id": "client-of-tests",
    "client_secret": "secret-of-tests",
    "username": "user-of-tests",
    "password": "password-of-tests",
    "account_id": "1380",
    "api_url": "http://127.0.0.1:9/v1",
    "auth_url": "http://127.0.0.1:9/token",
}


class HaltingTarget(TargetOptiply):
    """Ends its run on errors: the suite calls ``process_lines`` where the program calls ``listen``, which does that."""

    def process_lines(self, file_input):
        try:
            return super().process_lines(file_input)
        except BaseException as error:
            self.run.fail(error)
            raise


# A record without a key property is rejected alone here, as one bad record never stops the others; the SDK's test
# wants the run to fail.
SUITE = SingerTestSuite(
    kind="target", tests=[test for test in target_tests.tests if test is not TargetRecordMissingKeyProperty]
)
StandardTests = get_target_test_class(
    HaltingTarget, config=CONFIG, custom_suites=[SUITE], include_target_tests=False, parse_env_config=False
)


class TestSdk(StandardTests):
    """Every test of the SDK's suite but the one above."""

    @pytest.fixture(autouse=True)
    def _stay_in(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)  # the state lies there
        for name in ("JOB_ID", "MELTANO_PROJECT_ROOT", "TARGET_OPTIPLY_STATE_PATH"):
            monkeypatch.delenv(name, raising=False)
