"""A whole repo from its host, within what the host may be asked. Spec: com.atproto.sync.getRepo; sync.md section 4."""

from __future__ import annotations

from typing import NamedTuple

from indexer import metrics
from indexer.examiner import Spool
from indexer.hosts import Hosts
from protocol.fetch import Fetcher, Unreachable, XrpcError
from protocol.syntax import Did


class Bounds(NamedTuple):
    """Of one repo: bytes, and seconds for the whole of it."""

    size: int
    seconds: float


async def download(fetcher: Fetcher, hosts: Hosts, origin: str, did: Did, spool: Spool, bounds: Bounds) -> None:  # noqa: PLR0913, PLR0917 - what a request takes
    """Write the repo to the spool, and tell `hosts` how the host fares; a place there is the caller's.

    Raises FetchFailed.
    """
    url = f"{origin}/xrpc/com.atproto.sync.getRepo"
    try:
        async with fetcher.open(url, {"did": did}, total=bounds.seconds) as answer:
            async for chunk in answer.chunks(bounds.size):
                spool.write(chunk)
            hosts.answered(origin, answer.quota)
    except Unreachable:
        hosts.failed(origin)
        raise
    except XrpcError as fault:
        hosts.refused(origin, fault)
        raise
    finally:
        metrics.SYNC_BYTES.inc(spool.size)
