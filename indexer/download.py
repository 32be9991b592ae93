"""A whole repo from its host, within what the host may be asked. Spec: com.atproto.sync.getRepo; sync.md section 4."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from indexer import metrics
from indexer.examiner import Spool
from indexer.hosts import Hosts
from protocol.fetch import Fetcher, Unreachable, XrpcError
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


async def download(fetcher: Fetcher, hosts: Hosts, origin: str, did: Did, spool: Spool, bounds: Bounds) -> None:  # noqa: PLR0913, PLR0917 - what a request takes
    """Write the repo to the spool, and tell `hosts` how the host fares; a place there is the caller's.

    Raises FetchFailed.
    """
    url = f"{origin}/xrpc/com.atproto.sync.getRepo"
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with fetcher.open(url, {"did": did}, total=bounds.seconds) as answer:
            async for chunk in answer.chunks(bounds.size):
                spool.write(chunk)
                bounds.check(spool.size, loop.time() - began)
            hosts.answered(origin, answer.quota)
    except Unreachable:
        hosts.failed(origin)
        raise
    except XrpcError as fault:
        hosts.refused(origin, fault)
        raise
    finally:
        metrics.SYNC_BYTES.inc(spool.size)
