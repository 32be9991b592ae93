"""Parts start, are started again when they die, and stop together."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.supervise import Part, Pauses, Supervisor

PAUSES = Pauses(restart_min=0.05, restart_max=0.2, shutdown_grace=2.0)
SLEEPER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
TREE = """
import asyncio, os, sys
from runtime.supervise import Part, Pauses, Supervisor
part = Part("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], dict(os.environ))
supervisor = Supervisor([part], Pauses(1, 1, 2), lambda pid: None)

async def main():
    running = asyncio.create_task(supervisor.run(asyncio.Event()))
    while not supervisor.running:
        await asyncio.sleep(0.01)
    print(supervisor.running["sleeper"], flush=True)
    await running

asyncio.run(main())
"""


def _part(name: str, code: str) -> Part:
    return Part(name, [sys.executable, "-c", code], dict(os.environ))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def _until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process is watched
            await asyncio.sleep(0.02)


async def test_a_part_that_dies_is_started_again_and_counted() -> None:
    ended: list[int] = []
    stop = asyncio.Event()
    supervisor = Supervisor([_part("a", SLEEPER), _part("b", SLEEPER)], PAUSES, ended.append)
    running = asyncio.create_task(supervisor.run(stop))
    await _until(lambda: len(supervisor.running) == 2)
    first = dict(supervisor.running)
    os.kill(first["a"], signal.SIGKILL)
    await _until(lambda: supervisor.running.get("a") not in (None, first["a"]))
    assert supervisor.running["b"] == first["b"]
    assert supervisor.restarts == 1
    assert ended == [first["a"]]
    last = dict(supervisor.running)
    stop.set()
    await running
    assert not any(_alive(pid) for pid in last.values())


async def test_a_part_that_does_not_stop_is_killed_after_the_grace() -> None:
    stop = asyncio.Event()
    supervisor = Supervisor([_part("stubborn", STUBBORN)], Pauses(0.05, 0.2, 0.5), lambda _: None)
    running = asyncio.create_task(supervisor.run(stop))
    await _until(lambda: supervisor.running)
    pid = supervisor.running["stubborn"]
    await asyncio.sleep(0.5)
    stop.set()
    await running
    assert not _alive(pid)


async def test_no_part_outlives_a_tree_that_is_killed() -> None:
    tree = subprocess.Popen([sys.executable, "-c", TREE], stdout=subprocess.PIPE)
    assert tree.stdout is not None
    pid = int(await asyncio.to_thread(tree.stdout.readline))
    assert _alive(pid)
    tree.kill()
    tree.wait()
    tree.stdout.close()
    await _until(lambda: not _alive(pid))


async def test_a_part_that_cannot_be_started_is_loud() -> None:
    supervisor = Supervisor([Part("none", ["/nonexistent"], {})], PAUSES, lambda _: None)
    with pytest.raises(FileNotFoundError):
        await supervisor.run(asyncio.Event())
