"""Other processes of a benchmark: parts of the system, and helpers.

A part is run as its operator runs it (`plyr-appview index`, `plyr-appview serve`): it gets its settings by environment
and writes its log beside the data. A helper is a function of ours that talks through a pipe. All end with the context
that started them, or with the benchmark, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec

import psutil

from runtime.settings import Settings
from runtime.supervise import die_with_parent

P = ParamSpec("P")

STOP_SECONDS: Final = 12.0
TAIL: Final = 4_000
DATABASE: Final = "postgres"


class PartEnded(RuntimeError):
    """A part of the system ended while it was measured; the message is the end of its log."""


class HelperFailed(RuntimeError):
    """A helper ended, or said nothing for too long; the message says which."""


class Part:
    """A running part."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises PartEnded when it does not run any more."""
        if self._process.poll() is not None:
            raise PartEnded(self._log.read_text(errors="replace")[-TAIL:])


@contextmanager
def running(name: str, settings: Settings) -> Generator[Part]:
    """The part of that name, with these settings, until the end of the context."""
    path = settings.data_dir / f"{name}.log"
    environment = {"PATH": os.defpath, **settings.environment()}
    with path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", name],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),  # noqa: PLW1509 - one system call, no lock is taken
        )
    part = Part(process, path)
    try:
        yield part
        part.check()
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Helper:
    """A running helper."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def receive(self, patience: float) -> Any:
        """The next thing that it says. Raises HelperFailed when that takes longer than so many seconds."""
        if not self._pipe.poll(patience):
            raise HelperFailed(f"a helper said nothing for {patience:g} s")
        try:
            return self._pipe.recv()
        except EOFError:
            raise HelperFailed("a helper ended; standard error says why") from None


@contextmanager
def helping(target: Callable[Concatenate[Connection, P], None], *args: P.args, **kwargs: P.kwargs) -> Generator[Helper]:
    """`target(pipe, ...)` in a process of its own, until the end of the context."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_help, args=(target, there, args, kwargs), daemon=True)
    process.start()
    there.close()
    try:
        yield Helper(here)
    finally:
        process.terminate()
        process.join()
        here.close()


def _help(target: Callable[..., None], pipe: Connection, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    die_with_parent(signal.SIGKILL)
    target(pipe, *args, **kwargs)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has taken."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def cpu_seconds_of(name: str) -> float:
    """Processor time of the living processes of that name that this process has started, and those below them."""
    seconds = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if process.name() == name:
                seconds += cpu_seconds(process.pid)
    return seconds
