"""Verified changes -> rows: the raw records, and through `projections` everything that is a function of them.

One call writes the changes of many commits in a handful of statements. The caller holds the transaction and the locks
of the repos' rows, and moves their heads. A record that cannot be read or stored never stops the others: it is kept
raw as far as that goes, marked, set aside, and takes the place of the version that it replaced all the same.
records.md, "What every collection has in common"; sync.md section 6.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from indexer import metrics
from indexer.deadletters import DeadLetter, set_aside
from indexer.projecting import project
from indexer.reading import RecordReader
from indexer.stages import RecordChange, RecordKeyRow, RecordRow, UnsignedCommit, VerifiedCommit
from indexer.verify import Head
from protocol.syntax import RecordKey, SyntaxInvalid, is_record_key
from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)
log = logging.getLogger(__name__)

COLUMNS = ("account_id", "collection", "rkey", "cid", "rev", "indexed_at", "invalid", "unsigned", "value")
# Reading a usual record takes up to 0.1 ms: the event loop gets its turn after so many seconds of it.
BREATH = 0.003
# One of so many bytes may take longer than that by itself, and is read in a thread [bytes].
LARGE = 65_536


class Applied(NamedTuple):
    """A commit to be written, and where it came from."""

    account_id: int
    commit: VerifiedCommit | UnsignedCommit
    source: str
    seq: int | None


class _Pending(NamedTuple):
    """The last change of one key in the batch."""

    applied: Applied
    change: RecordChange


class Applier:
    """Writes commits. Safe for many tasks at once, each with a connection of its own.

    Raises LexiconUnknown, when made, for a collection without a lexicon.
    """

    def __init__(
        self, collections: Iterable[str], *, namespace: str, record_max_bytes: int, dead_letter_max: int
    ) -> None:
        self._reader = RecordReader(collections, namespace)
        self._record_max_bytes = record_max_bytes
        self._dead_letter_max = dead_letter_max

    async def write(self, connection: Connection, applied: Sequence[Applied], now: datetime) -> None:
        """Bring records and projections to what the commits, in their order, make of them."""
        letters: list[DeadLetter] = []
        puts: list[RecordRow] = []
        drops: list[RecordKeyRow] = []
        loop = asyncio.get_running_loop()
        breathed = loop.time()
        for key, pending in sorted(_coalesce(applied).items()):
            if loop.time() - breathed > BREATH:
                await asyncio.sleep(0)
                breathed = loop.time()
            row = await self._row(key, pending, now, letters) if pending.change.value is not None else None
            if row is not None:
                puts.append(row)
            elif is_record_key(key.rkey):  # under any other nothing stands, and it may be none that can be asked for
                drops.append(key)
        if drops:
            await connection.execute(SQL["delete_records"], *_columns(drops))
        if puts:
            puts = await _put_records(connection, puts)
        await self._project(connection, puts, drops, letters, _sources(applied))
        await set_aside(connection, letters, self._dead_letter_max)
        metrics.records_written(puts, drops)

    async def _row(
        self, key: RecordKeyRow, pending: _Pending, now: datetime, letters: list[DeadLetter]
    ) -> RecordRow | None:
        """The row of a record; None when it cannot be kept, after it was added to the letters."""
        (_, commit, _, _), (_, cid, raw, whole) = pending
        assert cid is not None
        assert raw is not None
        try:
            RecordKey.parse(key.rkey)
        except SyntaxInvalid as fault:
            letters.append(self._letter(pending, "record_key_invalid", str(fault)))
            return None
        if (size := whole or len(raw)) > self._record_max_bytes:
            detail = f"{size} bytes, of which {self._record_max_bytes + 1} are kept"
            letters.append(self._letter(pending, "record_too_large", detail))
            return None
        if len(raw) > LARGE:
            reading = await asyncio.to_thread(self._reader.read, key.collection, key.rkey, raw)
        else:
            reading = self._reader.read(key.collection, key.rkey, raw)
        if reading.fault is not None:
            letters.append(self._letter(pending, "record_undecodable", reading.fault))
        return RecordRow(
            key=key,
            did=commit.did,
            cid=cid,
            rev=commit.rev,
            indexed_at=now,
            unsigned=isinstance(commit, UnsignedCommit),
            raw=raw,
            value=reading.value,
            invalid=reading.invalid,
        )

    def _letter(self, pending: _Pending, reason: str, detail: str) -> DeadLetter:
        """One byte more than may be kept still tells that the record is too large."""
        applied, (path, _, raw, _) = pending
        name, kept = f"{path.collection}/{path.rkey}", (raw or b"")[: self._record_max_bytes + 1]
        return DeadLetter(applied.commit.did, name, applied.source, applied.seq, reason, detail, kept)

    async def _project(
        self,
        connection: Connection,
        puts: Sequence[RecordRow],
        drops: Sequence[RecordKeyRow],
        letters: list[DeadLetter],
        sources: Mapping[int, Applied],
    ) -> None:
        """Project all; what its projection cannot take is marked and set aside."""
        for refused in await project(connection, puts, drops):
            row = refused.row
            path = f"{row.key.collection}/{row.key.rkey}"
            log.error("%s/%s can't be projected", row.did, path, exc_info=refused.fault)
            source = sources[row.key.account_id]
            detail = repr(refused.fault)
            letters.append(DeadLetter(row.did, path, source.source, source.seq, "not_projected", detail, row.raw))
            await mark_invalid(connection, row.key, refused.invalid)


async def mark_invalid(connection: Connection, key: RecordKeyRow, reason: str | None) -> None:
    """Note for which reason no view may show a record; None: there is none."""
    await connection.execute(SQL["mark_invalid"], *key, reason)


async def set_heads(connection: Connection, heads: Mapping[int, Head]) -> None:
    """Move repos, by account id, to what was verified."""
    if heads:
        await connection.execute(
            SQL["set_heads"],
            list(heads),
            [head.rev for head in heads.values()],
            [bytes(head.data) for head in heads.values()],
            [head.commit and bytes(head.commit) for head in heads.values()],
        )


def _coalesce(applied: Iterable[Applied]) -> dict[RecordKeyRow, _Pending]:
    return {
        RecordKeyRow(entry.account_id, change.path.collection, change.path.rkey): _Pending(entry, change)
        for entry in applied
        for change in entry.commit.changes
    }


def _sources(applied: Iterable[Applied]) -> dict[int, Applied]:
    return {entry.account_id: entry for entry in applied}


async def _put_records(connection: Connection, rows: Sequence[RecordRow]) -> list[RecordRow]:
    """The rows with the time at which each was first indexed. Nobody else writes these accounts' records meanwhile."""
    stood = await connection.fetch(SQL["standing"], *_columns(row.key for row in rows))
    first = {(account_id, collection, rkey): indexed_at for account_id, collection, rkey, indexed_at in stood}
    if new := [row for row in rows if row.key not in first]:
        await connection.copy_records_to_table("record", records=map(_stored, new), columns=COLUMNS)
    if not first:
        return new
    over = [row for row in rows if row.key in first]
    await connection.execute(
        SQL["write_over"],
        *_columns(row.key for row in over),
        [bytes(row.cid) for row in over],
        [row.rev for row in over],
        [row.invalid for row in over],
        [row.unsigned for row in over],
        [row.raw for row in over],
    )
    return [row._replace(indexed_at=first[row.key]) if row.key in first else row for row in rows]


def _stored(row: RecordRow) -> tuple[object, ...]:
    return (*row.key, bytes(row.cid), row.rev, row.indexed_at, row.invalid, row.unsigned, row.raw)


def _columns(keys: Iterable[RecordKeyRow]) -> tuple[list[int], list[str], list[str]]:
    listed = list(keys)
    return [key.account_id for key in listed], [key.collection for key in listed], [key.rkey for key in listed]
