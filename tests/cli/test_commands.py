"""The command line, as an operator meets it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.house.tree import ROOT


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="plyr-") as folder:
        yield Path(folder) / "data"


def _run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLYR_")} | variables
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_settings_shows_what_is_in_force_and_masks_secrets() -> None:
    done = _run("settings", "--json", PLYR_WORKERS="3", PLYR_DATABASE_URL="postgresql://u:secret@127.0.0.1:1/d")
    assert done.returncode == 0, done.stderr
    settings = orjson.loads(done.stdout)
    assert settings["PLYR_WORKERS"] == "3"
    assert settings["PLYR_DATABASE_URL"] == "********"
    assert "secret" not in done.stdout + done.stderr


def test_a_mistyped_setting_stops_the_start_with_one_line() -> None:
    done = _run("index", PLYR_RELAY_URL="wss://relay.example")
    assert done.returncode == 2
    assert done.stderr == "plyr-appview: unknown setting: PLYR_RELAY_URL (`plyr-appview settings` lists all)\n"


def test_an_unreachable_database_is_said_plainly() -> None:
    done = _run("serve", "--db-connect-timeout", "0.5", PLYR_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 2
    assert "no connection to the database within 0.5 s" in done.stderr
    assert "Traceback" not in done.stderr


def test_migrate_brings_an_embedded_database_to_this_version_once(data_dir: Path) -> None:
    first = _run("migrate", "--data-dir", str(data_dir))
    assert first.returncode == 0, first.stderr
    assert "applied 0001_initial" in first.stdout
    second = _run("migrate", "--data-dir", str(data_dir))
    assert "at this version already" in second.stdout


def test_serving_a_database_that_was_never_migrated_says_what_to_do(data_dir: Path) -> None:
    done = _run("serve", "--data-dir", str(data_dir))
    assert done.returncode == 2
    assert "run `plyr-appview migrate`" in done.stderr


def test_every_setting_is_an_option() -> None:
    done = _run("up", "--help", COLUMNS="200")
    for option in ("--relay-urls", "--data-dir", "--plc-url", "--listen", "--trust-loopback"):
        assert option in done.stdout
