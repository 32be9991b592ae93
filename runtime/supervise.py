"""The process tree of `up`: parts are started, watched, started again with a growing pause, and stopped together.

Each part is a session of its own, so that a Ctrl-C or a signal to our process group reaches us alone and we decide the
order; and each is told by the kernel (SIGTERM) when we die, so that no part outlives us, `kill -9` included.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from runtime.stopping import pause

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.05
STEADY_SECONDS = 60.0  # a part that ran for this long starts again with the shortest pause


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the tree."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait: before a part is started again (at least, at most), and before it is killed, in seconds."""

    restart_min: float
    restart_max: float
    shutdown_grace: float


class Supervisor:
    """Keeps its parts running until it is told to stop."""

    def __init__(self, parts: Sequence[Part], pauses: Pauses, ended: Callable[[int], None]) -> None:
        self._parts = parts
        self._pauses = pauses
        self._ended = ended
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Keep all parts running until `stop` is set, then end them all."""
        keepers = [asyncio.create_task(self._keep(part, stop)) for part in self._parts]
        try:
            await asyncio.gather(*keepers)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            await self._end_all()

    @property
    def running(self) -> dict[str, int]:
        """Process id by part."""
        return {name: process.pid for name, process in self._running.items() if process.poll() is None}

    async def _keep(self, part: Part, stop: asyncio.Event) -> None:
        patience = self._pauses.restart_min
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            started = loop.time()
            process = start(part)
            self._running[part.name] = process
            while process.poll() is None and not stop.is_set():
                await pause(stop, POLL_SECONDS)
            if stop.is_set():
                return
            self._ended(process.pid)
            self.restarts += 1
            if loop.time() - started > STEADY_SECONDS:
                patience = self._pauses.restart_min
            log.error("%s ended with %s; it is started again in %.1f s", part.name, _why(process.returncode), patience)
            await pause(stop, patience)
            patience = min(patience * 2, self._pauses.restart_max)

    async def _end_all(self) -> None:
        """SIGTERM to all at once, SIGKILL to those that remain after the grace."""
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = asyncio.get_running_loop().time() + self._pauses.shutdown_grace
        while any(process.poll() is None for process in self._running.values()):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
        for name, process in self._running.items():
            if process.poll() is None:
                log.error("%s did not stop within %.0f s and is killed", name, self._pauses.shutdown_grace)
                process.kill()
            process.wait()
            self._ended(process.pid)


def start(part: Part) -> subprocess.Popen[bytes]:
    """Start the part; it gets SIGTERM when this process dies."""
    return subprocess.Popen(  # noqa: S603 - our own command
        list(part.command),
        env=dict(part.environment),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=partial(die_with_parent, signal.SIGTERM),  # noqa: PLW1509 - one system call, no lock is taken
    )


def die_with_parent(number: signal.Signals) -> None:
    """In a child, before it becomes another program: have the kernel send it this signal when its parent dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def _why(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
