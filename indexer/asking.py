"""Small questions to strangers' hosts, within what each may be asked now (hosts.py).

A question waits for room at its host, up to a moment at which the asker has something better to do. What the host
answers counts for its limits: a refusal, a failure or silence leaves it alone for a while. Belongs to the event loop.
sync.md section 4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from indexer.hosts import Hosts
from protocol.fetch import Fetcher, Unreachable, XrpcError

# When all places at a host are taken, one may come free at any time: it is looked for so often [s].
LOOK = 0.05


class HostAway(Exception):
    """The host has no room, or gives no answer, for longer than is waited for it."""


class Asker:
    """Asks hosts. `hosts` is shared with everybody who asks them in this process."""

    def __init__(self, fetcher: Fetcher, hosts: Hosts) -> None:
        self._fetcher = fetcher
        self._hosts = hosts

    def busy(self) -> list[str]:
        """The hosts that cannot be asked now."""
        return self._hosts.busy()

    def wait(self, origin: str) -> float:
        """Seconds until a host may have room."""
        wait = self._hosts.wait(origin)
        return LOOK if wait == float("inf") else wait

    async def get_json(self, origin: str, method: str, params: Mapping[str, str], until: float) -> Any:
        """The answer to a query. `until`: on the loop's clock, how long room is waited for.

        Raises HostAway, and FetchFailed for what the host has answered to this question.
        """
        await self._reserve(origin, until)
        try:
            async with self._fetcher.open(f"{origin}/xrpc/{method}", params) as answer:
                value = await answer.json()
        except Unreachable as fault:
            self._hosts.failed(origin)
            raise HostAway(str(fault)) from fault
        except XrpcError as fault:
            if self._hosts.refused(origin, fault):
                raise HostAway(str(fault)) from fault
            raise
        finally:
            self._hosts.release(origin)
        self._hosts.answered(origin, answer.quota)
        return value

    async def _reserve(self, origin: str, until: float) -> None:
        loop = asyncio.get_running_loop()
        while not self._hosts.reserve(origin):
            pause = self.wait(origin)
            if loop.time() + pause > until:
                raise HostAway(f"{origin} has no room")
            await asyncio.sleep(pause)
