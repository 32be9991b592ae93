"""From the inbox to the database: batches of events, each one transaction with the cursor that covers them.

A batch is what waits, up to a number of events and a time of judging them. Each costs many statements, however small
it is: far behind the stream, where nobody waits for the newest record, batches are let grow. Order is the stream's
order, so that of each repo is kept. A lost connection, a deadlock and the like are tried again for a while, and then,
as every failure of our own, end the process: frames leave the inbox, and the cursor moves, only with a commit.
Commits do not wait for the disk. A server that was killed, or a standby in its place, may have lost the last of them,
whose frames we no longer have: its cursor tells, and the process ends, to begin again where the database is.
One task.
sync.md section 6.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from indexer import buffer, metrics, states
from indexer.effects import Effects, Rules
from indexer.frames import parse_time, touches
from indexer.inbox import Inbox, Position
from indexer.judge import Arrival, Source
from indexer.states import RepoState
from indexer.tracked import Tracked
from runtime.db import PASSING_FAILURES, Connection, Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

RETRY_PAUSE = 0.2
# Age of the oldest event that waits [s]; clocks of relays and hosts are trusted that far.
BEHIND = 2.0


class DatabaseWentBack(RuntimeError):
    """The database no longer has what it had confirmed to us."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Events and seconds of judging in one transaction, seconds between idle cursors, and of patience with failures.

    `judging_behind`: seconds of judging, and of waiting for events, while the stream is `BEHIND` ahead.
    """

    events: int
    judging: float
    judging_behind: float
    cursor_interval: float
    patience: float


class Batch(NamedTuple):
    """What one transaction is to write, and how far everything is written with it.

    `known`: how far the source was in the database when it was last written, since it was taken up.
    """

    source: Source
    arrivals: Sequence[Arrival]
    position: Position
    known: Position | None


class Pipeline:
    """Writes what the inbox holds."""

    def __init__(  # noqa: PLR0913 - its neighbours on both sides
        self,
        pool: Pool,
        inbox: Inbox,
        rules: Rules,
        *,
        tracked: Tracked,
        tracking: frozenset[str],
        limits: BatchLimits,
        wake_sync: Callable[[], None],
        wake_identity: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._inbox = inbox
        self._rules = rules
        self._tracked = tracked
        self._tracking = tracking
        self._limits = limits
        self._wake_sync = wake_sync
        self._wake_identity = wake_identity
        self._saved: tuple[int, Position] | None = None  # in which attachment of the inbox

    async def run(self, stop: asyncio.Event) -> None:
        """Write batches until `stop`; what is not written then is read again after the next start."""
        while not stop.is_set():
            await self._inbox.wait(self._limits.cursor_interval)
            if self._is_behind():
                await self._inbox.gather(self._limits.events, self._limits.judging_behind)
            await self.write_batch()

    async def write_batch(self) -> None:
        """Write what waits, or the cursor alone when the reader has moved on without finding anything of ours."""
        source = self._inbox.source
        if source is None:
            return
        attachment = self._inbox.attachment
        known = self._saved[1] if self._saved and self._saved[0] == attachment else None
        batch = Batch(source, *self._inbox.peek(self._limits.events), known)
        if not batch.arrivals and batch.position == known:
            return
        with metrics.BATCHES.time():
            written, position = await self._patiently(batch)
        await self._inbox.drop(written)
        self._saved = (attachment, position)
        self._show(position)

    async def _patiently(self, batch: Batch) -> tuple[int, Position]:
        deadline = asyncio.get_running_loop().time() + self._limits.patience
        while True:
            try:
                return await self._write(batch)
            except PASSING_FAILURES as fault:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                log.warning("the database failed, trying again: %r", fault)
                metrics.RETRIES.inc()
                await asyncio.sleep(RETRY_PAUSE)

    async def _write(self, batch: Batch) -> tuple[int, Position]:
        """One transaction. How many of the arrivals are in it, and how far everything is written with it."""
        async with self._pool.acquire() as connection, connection.transaction():
            effects = await self._begin(connection, batch.arrivals)
            written = await self._judge(effects, batch)
            await effects.flush()
            whole = written == len(batch.arrivals)
            position = batch.position if whole else self._inbox.position_after(written)
            await _save_cursor(connection, batch, position)
        effects.report()
        if effects.wants_sync:
            self._wake_sync()
        if effects.wants_identity:
            self._wake_identity()
        return written, position

    async def _begin(self, connection: Connection, arrivals: Sequence[Arrival]) -> Effects:
        now = datetime.now(UTC)
        repos = await states.lock(connection, list({arrival.frame.did for arrival in arrivals}))
        new = {
            arrival.frame.did
            for arrival in arrivals
            if arrival.frame.did not in repos and touches(arrival.frame, self._tracking)
        }
        if new:
            await states.track(connection, list(new))
            repos.update(await states.lock(connection, list(new)))
            for did in new:
                self._tracked.add(did)
        for did, state in list(repos.items()):
            if state.settled and state.buffered:
                repos.update(await self._catch_up(connection, did, state, now))
        effects = Effects(self._rules, connection, repos, now)
        effects.wants_sync = effects.wants_identity = bool(new)
        return effects

    async def _catch_up(
        self, connection: Connection, did: str, state: RepoState, now: datetime
    ) -> dict[str, RepoState]:
        """A process died between settling a repo and its buffer."""
        log.info("%s: %d events waited", did, state.buffered)
        await buffer.drain(self._rules, connection, did, now)
        return await states.lock(connection, [did])

    async def _judge(self, effects: Effects, batch: Batch) -> int:
        loop = asyncio.get_running_loop()
        until = loop.time() + (self._limits.judging_behind if self._is_behind() else self._limits.judging)
        for count, arrival in enumerate(batch.arrivals, 1):
            if arrival.frame.did in effects.repos:
                await effects.take(arrival, batch.source)
            if loop.time() > until:
                return count
        return len(batch.arrivals)

    def show(self) -> None:
        """Let the figures tell of a batch that the database keeps waiting."""
        if self._saved is not None and len(self._inbox):
            self._show(self._saved[1])

    def _is_behind(self) -> bool:
        return bool(len(self._inbox)) and (_age(self._inbox.position_after(1)) or 0.0) > BEHIND

    def _show(self, position: Position) -> None:
        metrics.QUEUE_FRAMES.set(len(self._inbox))
        metrics.QUEUE_BYTES.set(self._inbox.bytes)
        age = _age(position)
        if age is not None:
            metrics.lag.behind(max(0.0, age))


async def _save_cursor(connection: Connection, batch: Batch, position: Position) -> None:
    known = batch.known and batch.known.seq
    time = parse_time(position.time)
    saved = await connection.fetchrow(SQL["save_cursor"], batch.source.origin, position.seq, time, known)
    if saved is None and known is not None:
        raise DatabaseWentBack(f"{batch.source.origin} was written up to {known}, and the database has lost that")


def _age(position: Position) -> float | None:
    """Seconds since the time that the stream gives; None when it gives none."""
    time = parse_time(position.time)
    return time and (datetime.now(UTC) - time).total_seconds()
