"""Debian's (or anybody's) Chromium, driven headless; these tests are run by ``make test-browser`` alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def chromium() -> str:
    """Return where Chromium is: what ``CHROMIUM`` says, else the first of its names that is on the path."""
    found = next(filter(None, [os.environ.get("CHROMIUM"), *map(shutil.which, _NAMES)]), None)
    if found is None:
        pytest.fail("no Chromium is installed: `apt-get install chromium`, or name one: make test-browser CHROMIUM=…")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a running browser; as root it runs without its own sandbox, which root may not have."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        browser.close()
