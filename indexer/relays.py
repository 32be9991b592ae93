"""Which of the configured relays is to be read: the most preferred one that is well.

One that cannot be reached, or sends nothing, is passed over until another's connection breaks; one that is blind rests
for a while, whatever breaks. When all rest, the one that has rested longest comes first. Belongs to the event loop.
sync.md section 6.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence


class Relays:
    """`origins` in order of preference; `rest`: seconds after which one that was not well may be tried again."""

    def __init__(self, origins: Sequence[str], rest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.origins = tuple(origins)
        self._rest = rest
        self._clock = clock
        self._silent: dict[str, float] = {}
        self._blind: dict[str, float] = {}

    def choose(self) -> str:
        """The relay to be read now."""
        now = self._clock()
        rests = [(max(self._until(origin), now), number) for number, origin in enumerate(self.origins)]
        return self.origins[min(rests)[1]]

    def silent(self, origin: str) -> None:
        """It gave nothing."""
        self._silent[origin] = self._clock() + self._rest

    def blind(self, origin: str) -> None:
        """It keeps something from us."""
        self._blind[origin] = self._clock() + self._rest

    def broke(self) -> None:
        """A connection that gave something has ended: whoever was silent may be well again."""
        self._silent.clear()

    def better(self, origin: str) -> list[str]:
        """Those that are preferred to one, and have rested enough to be tried again."""
        now = self._clock()
        return [other for other in self.origins[: self.origins.index(origin)] if self._until(other) <= now]

    def _until(self, origin: str) -> float:
        return max(self._silent.get(origin, 0.0), self._blind.get(origin, 0.0))
