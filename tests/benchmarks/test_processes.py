"""What processes have taken."""

from __future__ import annotations

import subprocess

import psutil
import pytest

from benchmarks.processes import cpu_seconds_of


def test_a_process_that_ends_while_it_is_counted_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sleep", "60"]) as ended:
        process = psutil.Process(ended.pid)
        ended.kill()
    monkeypatch.setattr(psutil.Process, "children", lambda _, recursive: [process] if recursive else [])
    assert cpu_seconds_of("sleep") == 0.0
