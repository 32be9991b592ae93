"""Writes what fetched repos make different, several repos in one transaction, and settles those that are complete.

Workers hand in one portion at a time; whatever waits is written together, up to a number of records (gathering.py).
Each portion is written only while its lease holds: a repo whose lease lapsed, whose account ceased to be active, or of
which the database has lost a portion, is left alone. With its last portion a repo's head moves, the events that waited
for it have their effect, and it is synced, all at once; when what came meanwhile did not fit behind it, it is to be
fetched again. sync.md section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from indexer import buffer, states
from indexer.apply import Applied, set_heads
from indexer.effects import Rules
from indexer.gathering import Gatherer
from indexer.rejections import Desync
from indexer.stages import VerifiedCommit
from indexer.verify import Head
from runtime.db import Connection, Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class LeaseLost(Exception):
    """The repo is somebody else's by now, or its account is not active any more."""


@dataclass(slots=True, eq=False)
class Lease:
    """The right to write a repo; it ends when the row's number is another, or its state changes.

    Its portions are counted, here and in the row: a database that has lost a portion which it had confirmed, for it was
    killed, has another count than whoever brings the next one.
    """

    account_id: int
    number: int
    portions: int = 0

    def __iter__(self) -> Iterator[int]:
        return iter((self.account_id, self.number))


@dataclass(frozen=True, slots=True)
class Portion:
    """Changes to one repo; `head` is None until its last one."""

    lease: Lease
    commit: VerifiedCommit
    source: str
    head: Head | None


class RepoWriter:
    """Safe for many tasks at once. `records`: of one transaction, about; `patience`: seconds without a database."""

    def __init__(self, pool: Pool, rules: Rules, *, records: int, patience: float) -> None:
        self._rules = rules
        self._portions = Gatherer(pool, self._write, _records, most=records, patience=patience)

    async def write(self, portion: Portion) -> None:
        """Write one portion. Raises LeaseLost when it must not be written any more."""
        if portion.lease in await self._portions.put(portion):
            raise LeaseLost
        if portion.head is None:
            portion.lease.portions += 1

    async def close(self) -> None:
        """Leave what is not written."""
        await self._portions.close()

    async def _write(self, connection: Connection, batch: Sequence[Portion]) -> set[Lease]:
        """The leases that do not hold."""
        ids, numbers = [p.lease.account_id for p in batch], [p.lease.number for p in batch]
        rows = await connection.fetch(SQL["hold"], ids, numbers, [p.lease.portions for p in batch])
        held = {row["account_id"]: row for row in rows}
        mine = [portion for portion in batch if portion.lease.account_id in held]
        now = datetime.now(UTC)
        applied = [Applied(portion.lease.account_id, portion.commit, portion.source, None) for portion in mine]
        await self._rules.applier.write(connection, applied, now)
        heads = {p.lease.account_id: p.head for p in mine if p.head is not None}
        if unfinished := [p.lease.account_id for p in mine if p.head is None]:
            await connection.execute(SQL["go_on"], unfinished)
        await set_heads(connection, heads)
        await connection.execute(SQL["confirm"], list(heads))
        again = [account_id for account_id in heads if held[account_id]["refetch"]]
        await connection.execute(SQL["settle"], [each for each in heads if each not in again])
        reason = f"{Desync.BUFFER_FULL}: too much came while it was fetched"
        await states.desynchronize(connection, dict.fromkeys(again, reason), self._rules.pace.resyncs_per_hour)
        for row in await connection.fetch(SQL["awaited"], list(heads)):
            await buffer.drain(self._rules, connection, row["did"], now)
        return {p.lease for p in batch if p.lease.account_id not in held}


def _records(portion: Portion) -> int:
    return len(portion.commit.changes)
