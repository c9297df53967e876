"""A .env file is that of the folder in which a program runs, and says less than the environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from singer_http.env_file import read_env_file
from tap_inventory.tap import TapInventory


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".env").write_text("TAP_INVENTORY_API_KEY=of-the-file\nTAP_INVENTORY_COMPANY_ID=of-the-file\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    # Set and unset, so that what the file adds is taken back after the test.
    monkeypatch.setenv("TAP_INVENTORY_COMPANY_ID", "gone")
    monkeypatch.delenv("TAP_INVENTORY_COMPANY_ID")
    monkeypatch.setenv("TAP_INVENTORY_API_KEY", "of-the-environment")
    return tmp_path


def test_the_nearest_file_adds_to_the_environment_and_takes_nothing_from_it(folder: Path) -> None:
    tap = TapInventory(parse_env_config=True)
    assert (tap.config["api_key"], tap.config["company_id"]) == ("of-the-environment", "of-the-file")


def test_a_file_that_nobody_asked_for_is_not_read(folder: Path) -> None:
    assert "company_id" not in TapInventory(config={"api": "opterius"}, validate_config=False).config


def test_no_file_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    read_env_file()
    assert dict(os.environ) == before
