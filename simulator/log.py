"""What was announced, in order, as far back as is kept. Bounded by number and by bytes; the oldest goes first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.events import Event, weight


@dataclass(frozen=True, slots=True)
class Retention:
    """How much a log keeps. `size` [bytes]."""

    events: int = 20_000
    size: int = 128_000_000


class Log:
    """Events by position. Positions below `first` are no longer kept; `next` is the coming one."""

    def __init__(self, retention: Retention, first: int = 0) -> None:
        self._retention = retention
        self._kept: deque[Event] = deque()
        self._size = 0
        self.first = first

    @property
    def next(self) -> int:
        return self.first + len(self._kept)

    def append(self, event: Event) -> None:
        self._kept.append(event)
        self._size += weight(event)
        while len(self._kept) > self._retention.events or self._size > self._retention.size:
            self._size -= weight(self._kept.popleft())
            self.first += 1

    def __iter__(self) -> Iterator[Event]:
        return iter(self._kept)

    def __getitem__(self, position: int) -> Event:
        """Raises `IndexError` for what is not kept."""
        if not self.first <= position < self.next:
            raise IndexError(position)
        return self._kept[position - self.first]

    def since(self, position: int, most: int) -> list[tuple[int, Event]]:
        """Up to `most` events from a position on, with their positions; from the first one when it is older."""
        start = max(position, self.first)
        return [(at, self[at]) for at in range(start, min(start + most, self.next))]
