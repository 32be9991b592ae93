"""The one line that `up` shows: lag, events, repos, requests. On a terminal redrawn; elsewhere logged now and then."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.text import Text

from runtime import observe
from runtime.settings import Settings
from runtime.stopping import pause

log = logging.getLogger(__name__)

_Show = Callable[[str], object]

TERMINAL_SECONDS = 1.0
LOG_SECONDS = 60.0


class StatusLine:
    """Reads the figures that the parts leave, and shows them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._before: tuple[float, float, float] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Show the line until `stop` is set."""
        self._announce()
        if not sys.stderr.isatty():
            await self._every(LOG_SECONDS, stop, lambda line: log.info("%s", line))
            return
        with Live(Text("starting"), console=Console(stderr=True), transient=True, auto_refresh=False) as live:
            await self._every(TERMINAL_SECONDS, stop, lambda line: live.update(Text(line, style="bold"), refresh=True))

    def _announce(self) -> None:
        log.info("the read API will answer at %s", self._settings.public_url)
        log.info("metrics are at http://%s/metrics", self._settings.admin_listen)

    async def _every(self, seconds: float, stop: asyncio.Event, show: _Show) -> None:
        while not stop.is_set():
            show(await asyncio.to_thread(self._line))
            await pause(stop, seconds)

    def _line(self) -> str:
        figures = observe.Figures(self._settings.data_dir)
        now = time.monotonic()
        frames = figures.sum("plyr_indexer_frames_total")
        requests = figures.sum("plyr_appview_requests_total")
        events_rate, requests_rate = self._rates(now, frames, requests)
        lag = f"lag {_seconds(figures.sum('plyr_indexer_lag_seconds'))}"
        stream = lag if figures.sum("plyr_indexer_connected") else "not subscribed"
        synced = figures.sum("plyr_indexer_repos", state="synced")
        known = figures.sum("plyr_indexer_repos")
        return (
            f"{stream} · {events_rate:,.0f} events/s · "
            f"{synced:,.0f} of {known:,.0f} repos synced · {requests_rate:,.0f} requests/s"
        )

    def _rates(self, now: float, frames: float, requests: float) -> tuple[float, float]:
        before, self._before = self._before, (now, frames, requests)
        if before is None or now <= before[0]:
            return 0.0, 0.0
        passed = now - before[0]
        return (frames - before[1]) / passed, (requests - before[2]) / passed


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:,.1f} s"
