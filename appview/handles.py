"""Handles that are not indexed: looked up at those who know, so many at once, for so long, and remembered for a moment.

Those who ask for the same handle at the same time wait for one lookup, which does not end with whoever came first.
Belongs to the event loop. Spec: https://atproto.com/specs/handle
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from appview.errors import ServiceUnavailable
from protocol.handles import HandleResolver, HandleUnresolvable
from protocol.syntax import Did, Handle
from runtime.settings import Settings


class Handles:
    """Looks handles up."""

    def __init__(self, settings: Settings, resolver: HandleResolver) -> None:
        self._resolver = resolver
        self._wait = settings.viewer_wait
        self._most = settings.viewer_fetches
        self._ttl = settings.identity_negative_ttl
        self._size = settings.viewer_documents
        self._known: OrderedDict[Handle, tuple[float, Did | None]] = OrderedDict()
        self._flights: dict[Handle, asyncio.Task[Did | None]] = {}

    async def resolve(self, handle: Handle) -> Did | None:
        """The DID to which it leads; None when it leads nowhere, or nobody tells. Raises ServiceUnavailable."""
        now = asyncio.get_running_loop().time()
        until, did = self._known.get(handle, (now, None))
        if now < until:
            return did
        flight = self._flights.get(handle)
        if flight is None:
            if len(self._flights) >= self._most:
                raise ServiceUnavailable("Too many unknown handles are asked for; try again in a moment.")
            flight = self._flights[handle] = asyncio.create_task(self._look_up(handle))
            flight.add_done_callback(lambda done: self._landed(handle, done))
        return await asyncio.shield(flight)

    def _landed(self, handle: Handle, flight: asyncio.Task[Did | None]) -> None:
        del self._flights[handle]
        if flight.cancelled() or flight.exception() is not None:
            return
        self._known[handle] = asyncio.get_running_loop().time() + self._ttl, flight.result()
        self._known.move_to_end(handle)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    async def _look_up(self, handle: Handle) -> Did | None:
        try:
            async with asyncio.timeout(self._wait):
                return await self._resolver.resolve(handle)
        except (TimeoutError, HandleUnresolvable):
            return None
