"""Faults of the stand-in relay and of the PDSes behind it, as tests order them."""

import json
from typing import Any

from aiohttp import ClientSession

from tests.e2e.realnet import PdsInfo, RelayInfo


class Relay:
    """The running relay."""

    def __init__(self, http: ClientSession, info: RelayInfo) -> None:
        self.info = info
        self._http = http

    async def drop(self) -> None:
        """Cuts every consumer's connection."""
        await self._fault("drop")

    async def skip(self, count: int = 1) -> int:
        """Leaves out `count` sequence numbers; the last of them."""
        return await self._fault("gap", n=count)

    async def replay(self, count: int) -> None:
        """Sends the last `count` events once more, under new sequence numbers."""
        await self._fault("replay", n=count)

    async def stall(self) -> None:
        """Holds events back until `resume`."""
        await self._fault("stall")

    async def resume(self) -> None:
        await self._fault("resume")

    async def take_away(self, pds: PdsInfo) -> None:
        """A PDS refuses connections from now on, and those that stand are cut; its own clients' too."""
        await self._fault("reach", url=pds.public_url, reachable=False)

    async def bring_back(self, pds: PdsInfo) -> None:
        """It can be reached again, with all that it had."""
        await self._fault("reach", url=pds.public_url, reachable=True)

    async def inject(self, frame: bytes) -> None:
        """Sends `frame` to every consumer as it is."""
        async with self._http.post(f"{self.info.url}/_test/inject", data=frame) as answer:
            answer.raise_for_status()

    async def _fault(self, kind: str, **body: Any) -> int:
        async with self._http.post(f"{self.info.url}/_test/{kind}", data=json.dumps(body)) as answer:
            answer.raise_for_status()
            return (await answer.json())["seq"]
