"""A shelf for what was read and may be given out once more: until what it shows changes, or its time ends.

Bounded in number and in bytes; the oldest leave first. Belongs to the event loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

from appview.changes import Shown

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Reading(NamedTuple):
    """What something shows, the number of the last change that it can show, and when its time ends."""

    shown: Shown
    read_at: int
    until: float

    @property
    def is_old(self) -> bool:
        """Whether a change has been told that it does not show."""
        return self.shown.changed > self.read_at


class Held(NamedTuple, Generic[T]):
    """A thing on a shelf."""

    thing: T
    reading: Reading
    size: int


class Shelf(Generic[K, T]):
    """Holds things by key."""

    def __init__(self, number: int, room: int) -> None:
        self._number = number
        self._room = room
        # A dict has to go past all that has left before it finds its first.
        self._held: OrderedDict[K, Held[T]] = OrderedDict()
        self._clock = asyncio.get_running_loop().time

    def find(self, key: K) -> Held[T] | None:
        """What is held by that key, if it still may be given out."""
        held = self._held.get(key)
        if held is None:
            return None
        if self._clock() < held.reading.until and not held.reading.is_old:
            return held
        self._drop(key)
        return None

    def hold(self, key: K, thing: T, reading: Reading, size: int) -> None:
        """Hold it, instead of what was held by that key; not if it is old."""
        self._drop(key)
        if reading.is_old:
            return
        self._held[key] = Held(thing, reading, size)
        self._room -= size
        now = self._clock()
        while self._held:
            oldest = next(iter(self._held))
            if self._room >= 0 and len(self._held) <= self._number and now < self._held[oldest].reading.until:
                break
            self._drop(oldest)

    def _drop(self, key: K) -> None:
        if held := self._held.pop(key, None):
            self._room += held.size
