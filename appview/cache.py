"""Answers that are the same for everybody, held until what they show changes, and for two seconds at most.

An answer is known by its request: the method and the text of its query, since the same text means the same parameters.
It shows the tables that its statements read. When a commit has touched one of them the answer is old, and the next
request reads again; tables, and not single rows, because an answer of fifty tracks shows rows of a hundred accounts,
and because what is written most (plays, positions of the stream) is in no table that tracks and actors are made of. On
a network so busy that every table changes with each batch an answer lives for one batch, which still serves those who
ask for the same front page meanwhile.

A request that comes while the same is under way waits for that one's answer, if nothing at all has changed since it
began. So what a request gets was never older than the changes that were told before it came. While changes are not
heard nothing is held, and nobody waits for others. Refusals are not held. Bounded in answers and in bytes, the oldest
leave first.

Many answers that were made at once would end at once, and all who ask would wait for all of them. So what is asked for
in the last part of its time is made anew meanwhile, a few at a time, and nobody waits. Belongs to the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, NamedTuple, TypeAlias

from appview import metrics
from appview.answers import Answer
from appview.changes import Changes, Shown
from appview.errors import XrpcError
from appview.queries.base import Reads, Rows
from runtime.settings import Settings

FORMS: Final = 3  # an answer as it is, and in each encoding
RENEWAL: Final = 0.5  # the last part of an answer's time
RENEWED: Final = 2  # answers at once

Key: TypeAlias = tuple[str, str]
"""Method, and query."""

Make: TypeAlias = Callable[[Reads], Awaitable[str]]


class _Held(NamedTuple):
    answer: Answer
    shown: Shown
    read_at: int  # the number of the last change that it can show
    until: float
    size: int


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


class _Noting:
    """The door to the database, and which statements went through."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self.statements: set[str] = set()

    async def rows(self, sql: str, *arguments: object) -> Rows:
        self.statements.add(sql)
        return await self._reads.rows(sql, *arguments)

    async def rows_of(self, sql: str, key: tuple[object, ...], *rest: Hashable) -> Rows:
        self.statements.add(sql)
        return await self._reads.rows_of(sql, key, *rest)


class Answers:
    """Gives the answers to requests of nobody in particular."""

    def __init__(self, settings: Settings, reads: Reads, changes: Changes) -> None:
        self._reads = reads
        self._changes = changes
        self._seconds = settings.answer_hold
        self._number = settings.answers_held
        self._room = settings.answers_held_bytes
        self._held: dict[Key, _Held] = {}
        self._flights: dict[Key, _Flight] = {}
        self._renewals: dict[Key, asyncio.Task[None]] = {}
        self._clock = asyncio.get_running_loop().time

    async def answer(self, key: Key, make: Make) -> Answer:
        """The answer to that request, if need be made by `make`. Raises what that raises."""
        if held := self._find(key):
            metrics.HELD.inc()
            if held.until - self._clock() < self._seconds * RENEWAL:
                self._renew(key, make)
            return held.answer
        if not self._seconds or not self._changes.hears:
            return Answer((await make(self._reads)).encode())
        flight = self._flights.get(key)
        if flight is None or flight.began_at != self._changes.number:
            return await self._make(key, make)
        if answer := await flight.wait():
            metrics.HELD.inc()
            return answer
        return await self.answer(key, make)

    def _find(self, key: Key) -> _Held | None:
        held = self._held.get(key)
        if held is None:
            return None
        if held.shown.changed <= held.read_at and self._clock() < held.until:
            return held
        self._drop(key)
        return None

    def _renew(self, key: Key, make: Make) -> None:
        if key in self._renewals or len(self._renewals) == RENEWED:
            return

        async def renew() -> None:
            try:
                await self._make(key, make)
            except Exception:  # noqa: BLE001 - whoever asks when the old answer has ended is told
                return
            finally:
                del self._renewals[key]

        self._renewals[key] = asyncio.create_task(renew())

    async def _make(self, key: Key, make: Make) -> Answer:
        flight = self._flights[key] = _Flight(self._changes.number)
        until = self._clock() + self._seconds
        noting = _Noting(self._reads)
        try:
            answer = Answer((await make(noting)).encode())
        except BaseException as fault:
            self._land(key, flight, None, fault)
            raise
        self._land(key, flight, answer)
        shown = self._changes.shown_by(frozenset(noting.statements))
        if shown and shown.changed <= flight.began_at:
            self._hold(key, _Held(answer, shown, flight.began_at, until, FORMS * len(answer.body) + len(key[1])))
        return answer

    def _land(self, key: Key, flight: _Flight, answer: Answer | None, fault: BaseException | None = None) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        flight.land(answer, fault)

    def _hold(self, key: Key, held: _Held) -> None:
        self._drop(key)
        self._held[key] = held
        self._room -= held.size
        now = self._clock()
        while self._held:
            oldest = next(iter(self._held))
            if self._room >= 0 and len(self._held) <= self._number and now < self._held[oldest].until:
                break
            self._drop(oldest)

    def _drop(self, key: Key) -> None:
        if held := self._held.pop(key, None):
            self._room += held.size
