"""Handles that are not indexed: looked up at those who know, so many at once, for so long, and remembered for a moment.

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
        self._free = settings.viewer_fetches
        self._ttl = settings.identity_negative_ttl
        self._size = settings.viewer_documents
        self._known: OrderedDict[Handle, tuple[float, Did | None]] = OrderedDict()

    async def resolve(self, handle: Handle) -> Did | None:
        """The DID to which it leads; None when it leads nowhere, or nobody tells. Raises ServiceUnavailable."""
        now = asyncio.get_running_loop().time()
        until, did = self._known.get(handle, (now, None))
        if now < until:
            return did
        if not self._free:
            raise ServiceUnavailable("Too many unknown handles are asked for; try again in a moment.")
        self._free -= 1
        try:
            did = await self._look_up(handle)
        finally:
            self._free += 1
        self._known[handle] = now + self._ttl, did
        self._known.move_to_end(handle)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return did

    async def _look_up(self, handle: Handle) -> Did | None:
        try:
            async with asyncio.timeout(self._wait):
                return await self._resolver.resolve(handle)
        except (TimeoutError, HandleUnresolvable):
            return None
