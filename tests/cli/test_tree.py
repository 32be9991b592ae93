"""`up` and `demo`: the whole tree starts, heals and stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.house.tree import ROOT

START_SECONDS = 90.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Tree:
    """A running `up` or `demo`."""

    process: subprocess.Popen[bytes]
    port: int
    admin_port: int

    def children(self) -> dict[str, int]:
        """Process ids of the parts by name."""
        found: dict[str, int] = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if parent == self.process.pid and len(words) > 1:
                found["postgres" if words[0].endswith(b"postgres") else words[-2].decode()] = int(folder.name)
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(*arguments: str, port: int, admin_port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PLYR_")}
        | {
            "PLYR_LISTEN": f"127.0.0.1:{port}",
            "PLYR_ADMIN_LISTEN": f"127.0.0.1:{admin_port}",
            "PLYR_RESTART_MIN": "0.1",
        },
        stderr=subprocess.PIPE if arguments[0] == "up" else None,
        start_new_session=True,
    )


@contextmanager
def _running(*arguments: str) -> Iterator[Tree]:
    port, admin_port = _free_port(), _free_port()
    process = _command(*arguments, port=port, admin_port=admin_port)
    tree = Tree(process, port, admin_port)
    try:
        yield tree
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS * 2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture
def demo() -> Iterator[Tree]:
    with _running("demo", "--rate", "20") as tree:
        yield tree


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="plyr-") as folder:
        yield Path(folder) / "data"


@pytest.fixture
def alone(data_dir: Path) -> Iterator[Tree]:
    """`up` without a network: its relay does not exist."""
    relay = f"ws://127.0.0.1:{_free_port()}"
    with _running("up", "--trust-loopback", "true", "--relay-urls", relay, "--data-dir", str(data_dir)) as tree:
        yield tree


async def _get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def _eventually(check: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            result = check()
            if asyncio.iscoroutine(result):
                result = await result
        except (aiohttp.ClientError, OSError):
            result = False
        if result:
            return
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.1)


async def test_the_demo_lives_heals_and_stops(demo: Tree) -> None:
    api, admin = f"http://127.0.0.1:{demo.port}", f"http://127.0.0.1:{demo.admin_port}"

    async def healthy() -> bool:
        return (await _get(f"{api}/xrpc/_health"))[0] == 200

    async def has_tracks() -> bool:
        status, body = await _get(f"{api}/xrpc/fm.plyr.feed.getLatestTracks?limit=5")
        return status == 200 and '"uri"' in body

    async def counts() -> bool:
        body = (await _get(f"{admin}/metrics"))[1]
        return "plyr_indexer_frames_total" in body and "plyr_appview_requests_total" in body

    await _eventually(healthy, "the demo answers")
    await _eventually(has_tracks, "the demo has tracks")
    await _eventually(counts, "/metrics has the figures of both parts")
    status, page = await _get(f"{api}/")
    assert status == 200
    assert "<html" in page

    before = demo.children()
    assert {"postgres", "index", "serve"} <= set(before)
    for part in ("index", "serve", "postgres"):
        os.kill(before[part], signal.SIGKILL)
    await _eventually(
        lambda: all(demo.children().get(part) not in (None, before[part]) for part in ("index", "serve", "postgres")),
        "the parts that died run again",
    )
    await _eventually(healthy, "the demo answers again")
    await _eventually(has_tracks, "the demo still has tracks")

    last = demo.children()
    stopping = time.monotonic()
    for _ in range(3):  # as an impatient person does, to the whole group
        os.killpg(demo.process.pid, signal.SIGTERM)
        await asyncio.sleep(0.2)
    assert await asyncio.to_thread(demo.process.wait, STOP_SECONDS) == 0
    assert time.monotonic() - stopping < STOP_SECONDS
    assert not [pid for pid in last.values() if Path(f"/proc/{pid}/cmdline").exists()]


def _refusal(*arguments: str, port: int, admin_port: int) -> bytes:
    """What a command that can't start says in its one line."""
    process = _command(*arguments, port=port, admin_port=admin_port)
    _, said = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 2
    assert said.count(b"\n") == 1, said.decode()
    return said


async def test_without_a_network_it_serves_its_page_and_says_that_it_is_not_well(alone: Tree) -> None:
    api = f"http://127.0.0.1:{alone.port}"

    async def page() -> bool:
        return (await _get(f"{api}/"))[0] == 200

    await _eventually(page, "the page is served")
    status, said = await _get(f"{api}/xrpc/_health")
    assert status == 503
    assert "has not subscribed to a relay yet" in said
    assert alone.process.stderr is not None
    log = iter(alone.process.stderr.readline, b"")
    assert await asyncio.to_thread(
        lambda: any(b"no subscription: Cannot connect to host 127.0.0.1" in at for at in log)
    )


async def test_a_second_one_on_the_same_folder_or_address_is_refused_and_disturbs_nothing(
    alone: Tree, data_dir: Path
) -> None:
    admin = f"http://127.0.0.1:{alone.admin_port}/metrics"

    async def counts() -> bool:
        return "plyr_appview_pool_connections" in (await _get(admin))[1]

    await _eventually(counts, "/metrics has figures")
    free, other = _free_port(), str(data_dir.with_name("other"))
    assert b"is in use by process" in _refusal("up", "--data-dir", str(data_dir), port=free, admin_port=free)
    taken = _refusal("up", "--data-dir", other, port=alone.port, admin_port=free)
    assert taken.startswith(f"plyr-appview: PLYR_LISTEN: nothing can listen at 127.0.0.1:{alone.port}".encode())
    taken = _refusal("up", "--data-dir", other, port=free, admin_port=alone.admin_port)
    assert taken.startswith(
        f"plyr-appview: PLYR_ADMIN_LISTEN: nothing can listen at 127.0.0.1:{alone.admin_port}".encode()
    )
    assert not Path(other).exists()
    assert await counts(), "its figures are still there"


async def test_it_can_be_stopped_while_it_is_starting(alone: Tree, data_dir: Path) -> None:
    await _eventually((data_dir / "postgres").exists, "Postgres is being made")
    alone.process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(alone.process.wait, STOP_SECONDS) == 0
    assert not alone.children()


async def test_nothing_outlives_a_tree_that_is_killed(alone: Tree) -> None:
    await _eventually(lambda: {"postgres", "index", "serve"} <= set(alone.children()), "all parts run")
    parts = alone.children()
    alone.process.kill()
    alone.process.wait()
    await _eventually(
        lambda: not [pid for pid in parts.values() if Path(f"/proc/{pid}/cmdline").exists()], "all parts have ended"
    )
