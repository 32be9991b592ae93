"""A whole repo from its host, within what the host may be asked. Spec: com.atproto.sync.getRepo; sync.md section 4."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from indexer import metrics
from indexer.examiner import Spool
from indexer.hosts import Hosts
from protocol.fetch import Fetcher, FetchFailed, Unreachable, XrpcError
from protocol.syntax import Did
from runtime.settings import Settings


class Bounds(NamedTuple):
    """Of one repo: bytes, seconds for the whole of it, and bytes per second, on average, once `grace` seconds are over.

    A host that lets a repo trickle would keep a worker busy for as long as a large one of another may take.
    """

    size: int
    seconds: float
    speed: float
    grace: float

    def check(self, size: int, seconds: float) -> None:
        """Raise Unreachable when so many bytes in so many seconds are too few."""
        if size < (seconds - self.grace) * self.speed:
            raise Unreachable(f"slower than {self.speed:g} bytes/s")


def bounds(settings: Settings) -> Bounds:
    """What a repo may cost."""
    return Bounds(settings.repo_max_bytes, settings.repo_timeout, settings.repo_speed_min, settings.first_byte_timeout)


class Outpaced(FetchFailed):
    """So many repos take long to come that the slowest is given up; nothing is wrong with it, or with its host."""


class Downloads:
    """Downloads repos. So many of them, `lasting`, may go on at once when their `grace` is over: with one more, that of
    the fewest bytes per second is given up.

    However slow several hosts are together, the other workers are free again after a while. Belongs to the event loop.
    """

    def __init__(self, fetcher: Fetcher, hosts: Hosts, bounds: Bounds, lasting: int) -> None:
        self._fetcher = fetcher
        self._hosts = hosts
        self._bounds = bounds
        self._room = lasting
        self._lasting: dict[asyncio.Timeout, Callable[[], float]] = {}

    async def download(self, origin: str, did: Did, spool: Spool) -> None:
        """Write the repo to the spool, and tell `hosts` how the host fares; a place there is the caller's.

        Raises FetchFailed.
        """
        url = f"{origin}/xrpc/com.atproto.sync.getRepo"
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with self._stay(spool), self._fetcher.open(url, {"did": did}, total=self._bounds.seconds) as answer:
                async for chunk in answer.chunks(self._bounds.size):
                    spool.write(chunk)
                    self._bounds.check(spool.size, loop.time() - began)
                self._hosts.answered(origin, answer.quota)
        except Unreachable:
            self._hosts.failed(origin)
            raise
        except XrpcError as fault:
            self._hosts.refused(origin, fault)
            raise
        finally:
            metrics.SYNC_BYTES.inc(spool.size)

    @asynccontextmanager
    async def _stay(self, spool: Spool) -> AsyncGenerator[None]:
        """Raises Outpaced when the grace is over and enough others last, too, and are quicker."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(None) as limit:

                def last() -> None:
                    self._lasting[limit] = lambda: spool.size / (loop.time() - began)
                    if len(self._lasting) > self._room:
                        slowest = min(reversed(self._lasting), key=lambda each: self._lasting[each]())
                        del self._lasting[slowest]
                        slowest.reschedule(loop.time())

                timer = loop.call_later(self._bounds.grace, last)
                try:
                    yield
                finally:
                    timer.cancel()
                    self._lasting.pop(limit, None)
        except TimeoutError as fault:
            raise Outpaced("too many repos take long to come, and this one longest") from fault
