"""Answers that are the same for everybody, held until what they show changes, and for two seconds at most.

An answer is known by its request: the method and the text of its query, since the same text means the same parameters.
It shows the tables that its statements read. When a commit has touched one of them the answer is old, and the next
request reads again; tables, and not single rows, because an answer of fifty tracks shows rows of a hundred accounts,
and because what is written most (plays, positions of the stream) is in no table that tracks and actors are made of. On
a network so busy that every table changes with each batch an answer lives for one batch, which still serves those who
ask for the same front page meanwhile.

Views that are asked for by key (`Reads.views_of`) are held likewise, each for itself: hardly two requests ask for the
same twenty-five tracks. An answer with such a view is held until the view would end. What is not there is not held.

A request that comes while the same is under way waits for that one's answer, if nothing at all has changed since it
began. So what a request gets was never older than the changes that were told before it came. While changes are not
heard nothing is held, and nobody waits for others. Refusals are not held. Bounded in number and in bytes
(`holding.py`).

Many answers that were made at once would end at once, and all who ask would wait for all of them. So what is asked for
in the last part of its time is made anew meanwhile, a few at a time, and nobody waits. Belongs to the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from sys import getsizeof
from typing import Final, TypeAlias

from appview import metrics
from appview.answers import Answer
from appview.changes import Changes
from appview.errors import XrpcError
from appview.holding import Reading, Shelf
from appview.queries.base import Reads, Rows
from runtime.settings import Settings

FORMS: Final = 3  # an answer as it is, and in each encoding
RENEWAL: Final = 0.5  # the last part of an answer's time
RENEWED: Final = 2  # answers at once
VIEWS: Final = 0.25  # of the bytes of what is held

Key: TypeAlias = tuple[str, str]
"""Method, and query."""

Make: TypeAlias = Callable[[Reads], Awaitable[str]]

_ViewKey: TypeAlias = tuple[object, ...]
_Views: TypeAlias = Shelf[tuple[str, _ViewKey, tuple[Hashable, ...]], str]


class _Flight:
    """A request under way."""

    __slots__ = ("began_at", "waited")

    def __init__(self, began_at: int) -> None:
        self.began_at = began_at
        self.waited: asyncio.Future[Answer | None] | None = None

    async def wait(self) -> Answer | None:
        """Its answer; None when it came to none for a reason of its own. Raises XrpcError."""
        if self.waited is None:
            self.waited = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self.waited)

    def land(self, answer: Answer | None, fault: BaseException | None) -> None:
        if self.waited is None:
            return
        if isinstance(fault, XrpcError):
            self.waited.set_exception(fault)
        else:
            self.waited.set_result(answer)


class _Door:
    """The door to the database for one answer, with the views that are held before it; `anew`: these are passed by.

    Notes which statements the answer shows, and until when all of its views may be given out.
    """

    def __init__(self, reads: Reads, changes: Changes, views: _Views, seconds: float, *, anew: bool) -> None:
        self._reads = reads
        self._changes = changes
        self._views = views
        self._seconds = seconds
        self._anew = anew
        self._clock = asyncio.get_running_loop().time
        self.until = self._clock() + seconds
        self.statements: set[str] = set()

    async def rows(self, sql: str, *arguments: object) -> Rows:
        self.statements.add(sql)
        return await self._reads.rows(sql, *arguments)

    async def rows_of(self, sql: str, key: tuple[object, ...], *rest: Hashable) -> Rows:
        self.statements.add(sql)
        return await self._reads.rows_of(sql, key, *rest)

    async def views_of(self, sql: str, keys: Sequence[_ViewKey], *rest: Hashable) -> Sequence[str | None]:
        self.statements.add(sql)
        views: dict[_ViewKey, str | None] = {key: None if self._anew else self._find(sql, key, rest) for key in keys}
        if missing := [key for key, view in views.items() if view is None]:
            views.update(zip(missing, await self._read(sql, missing, rest), strict=True))
        return [views[key] for key in keys]

    def _find(self, sql: str, key: _ViewKey, rest: tuple[Hashable, ...]) -> str | None:
        held = self._views.find((sql, key, rest))
        if held is None:
            return None
        self.until = min(self.until, held.reading.until)
        return held.thing

    async def _read(self, sql: str, keys: Sequence[_ViewKey], rest: tuple[Hashable, ...]) -> Sequence[str | None]:
        read_at, until = self._changes.number, self._clock() + self._seconds
        views = await self._reads.views_of(sql, keys, *rest)
        if shown := self._changes.shown_by(frozenset((sql,))):
            reading = Reading(shown, read_at, until)
            for key, view in zip(keys, views, strict=True):
                if view is not None:
                    self._views.hold((sql, key, rest), view, reading, getsizeof(view))
        return views


class Answers:
    """Gives the answers to requests of nobody in particular."""

    def __init__(self, settings: Settings, reads: Reads, changes: Changes) -> None:
        self._reads = reads
        self._changes = changes
        self._seconds = settings.answer_hold
        number, room = settings.answers_held, settings.answers_held_bytes
        self._held: Shelf[Key, Answer] = Shelf(number, int(room * (1 - VIEWS)))
        self._views: _Views = Shelf(number, int(room * VIEWS))
        self._flights: dict[Key, _Flight] = {}
        self._renewals: dict[Key, asyncio.Task[None]] = {}
        self._clock = asyncio.get_running_loop().time

    async def answer(self, key: Key, make: Make) -> Answer:
        """The answer to that request, if need be made by `make`. Raises what that raises."""
        if held := self._held.find(key):
            metrics.HELD.inc()
            if held.reading.until - self._clock() < self._seconds * RENEWAL:
                self._renew(key, make)
            return held.thing
        if not self._seconds or not self._changes.hears:
            return Answer((await make(self._reads)).encode())
        flight = self._flights.get(key)
        if flight is None or flight.began_at != self._changes.number:
            return await self._make(key, make)
        if answer := await flight.wait():
            metrics.HELD.inc()
            return answer
        return await self.answer(key, make)

    def _renew(self, key: Key, make: Make) -> None:
        if key in self._renewals or len(self._renewals) == RENEWED:
            return

        async def renew() -> None:
            try:
                await self._make(key, make, anew=True)
            except Exception:  # noqa: BLE001 - whoever asks when the old answer has ended is told
                return
            finally:
                del self._renewals[key]

        self._renewals[key] = asyncio.create_task(renew())

    async def _make(self, key: Key, make: Make, *, anew: bool = False) -> Answer:
        flight = self._flights[key] = _Flight(self._changes.number)
        door = _Door(self._reads, self._changes, self._views, self._seconds, anew=anew)
        try:
            answer = Answer((await make(door)).encode())
        except BaseException as fault:
            self._land(key, flight, None, fault)
            raise
        self._land(key, flight, answer)
        if shown := self._changes.shown_by(frozenset(door.statements)):
            reading = Reading(shown, flight.began_at, door.until)
            self._held.hold(key, answer, reading, FORMS * len(answer.body) + len(key[1]))
        return answer

    def _land(self, key: Key, flight: _Flight, answer: Answer | None, fault: BaseException | None = None) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        flight.land(answer, fault)
