"""The indexer as the oracle runs it: as a task, which is fast, or as a process, which can be killed for good."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from indexer import service
from runtime.settings import Settings

ROOT: Final = Path(__file__).parents[2]
STOPPING_SECONDS: Final = 15.0


class Indexer:
    """The service as a task that can be stopped, and cancelled."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(service.run(self._settings, self._stop))

    def check(self) -> None:
        """Raises what the service has died of."""
        if self._task and self._task.done():
            self._task.result()
            raise AssertionError("the indexer has ended by itself")

    async def stop(self) -> None:
        assert self._task is not None
        self._stop.set()
        await self._task

    async def kill(self) -> None:
        """End it at whatever it waits for; what it dies of is as may be."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class IndexerProcess:
    """`plyr-appview index` as a process."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("PLYR_")}
        self._environment |= settings.environment()
        assert settings.database_url is not None
        self._environment["PLYR_DATABASE_URL"] = settings.database_url.get_secret_value()
        self._log = settings.data_dir / "index.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "cli", "index"), cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    def check(self) -> None:
        """Raises AssertionError when the process has ended, with the end of its log."""
        assert self._process is not None
        assert self._process.returncode is None, self._log.read_text(errors="replace")[-3_000:]

    async def stop(self) -> None:
        """As an operator does. One that has hardly begun does not listen yet, and dies of the signal."""
        assert self._process is not None
        self._process.terminate()
        async with asyncio.timeout(STOPPING_SECONDS):
            code = await self._process.wait()
        assert code in (0, -signal.SIGTERM), self._log.read_text(errors="replace")[-3_000:]

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
