"""From raw records to what they mean: every collection's table, written with the records in one transaction.

A table is a function of the raw records; the counts, and what follows several tables, are one of the tables and of who
is visible. `write` follows a batch of changes, `change_visibility` and `purge` an account's fate, and `rebuild` makes
all of it anew in its place (indexer.reindex does so while everybody goes on reading and writing).
Nothing here reads the clock or the network. Callers are in a transaction and hold the `repo` rows of the accounts
concerned, so that nobody else changes these accounts' rows; counts of what they share are locked in order.
A new collection: its module and `.sql`, its tables in a migration, its line in `PROJECTIONS`. records.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

import asyncpg

from indexer import aggregates
from indexer.aggregates import Change, Connection, Tally, Touched, flush, follow, hidden_accounts, renamed, set_hidden
from indexer.aggregates.days import SubjectDay
from indexer.projections import (
    base,
    bsky_profile,
    plyr_comment,
    plyr_like,
    plyr_list,
    plyr_profile,
    plyr_track,
    teal_play,
    teal_profile,
    teal_status,
)
from indexer.projections.base import Projection
from indexer.stages import RecordKeyRow, RecordRow
from lexicons import Violation
from protocol.cbor import Cid, decode
from protocol.syntax import Did, Tid
from runtime.sql import Queries

SQL = Queries.beside(__file__)
REBUILD_ROWS = 2_000
REBUILD_BYTES = 32_000_000
SHOWN_VIOLATIONS = 5

PROJECTIONS: tuple[Projection, ...] = (
    plyr_track.PROJECTION,
    plyr_like.PROJECTION,
    plyr_comment.PROJECTION,
    plyr_list.PROJECTION,
    plyr_profile.PROJECTION,
    bsky_profile.PROJECTION,
    teal_profile.PROJECTION,
    teal_play.PROJECTION,
    teal_status.PROJECTION,
)
BY_COLLECTION: Mapping[str, Projection] = {name: each for each in PROJECTIONS for name in each.collections}
# All that can be made anew from the raw records and from who is visible.
TABLES: tuple[str, ...] = (
    *(each.table for each in PROJECTIONS),
    *(each.side.table for each in PROJECTIONS if each.side),
    *aggregates.TABLES,
)


class _Counted(TypedDict):
    subjects: list[str]
    counted: list[int]
    heard: list[Change]
    liked: Mapping[SubjectDay, int]


class _Batch(NamedTuple):
    puts: list[RecordRow]
    drops: list[RecordKeyRow]

    def keys(self) -> list[tuple[int, str]]:
        """Account and record key of each; of two generations under one key, once."""
        keys = [*(row.key for row in self.puts), *self.drops]
        return list(dict.fromkeys((key.account_id, key.rkey) for key in keys))


def violations_that_hide(collection: str, violations: Sequence[Violation], value: Mapping[str, Any]) -> str | None:
    """Why a record that breaks these rules shows in no view, in one line; None when all are forgiven."""
    projection = BY_COLLECTION.get(collection)
    left = [
        violation
        for violation in violations
        if projection is None or not projection.tolerates(violation.path, violation.rule, value)
    ]
    if not left:
        return None
    shown = "; ".join(f"{each.path or 'record'}: {each.message}" for each in left[:SHOWN_VIOLATIONS])
    more = len(left) - SHOWN_VIOLATIONS
    return f"{shown}; and {more} more" if more > 0 else shown


async def write(connection: Connection, puts: Sequence[RecordRow], drops: Sequence[RecordKeyRow]) -> None:
    """Follow a batch of changed records, each key once in all. A put that is `invalid` leaves no row."""
    batches: defaultdict[str, _Batch] = defaultdict(lambda: _Batch([], []))
    for row in puts:
        if projection := BY_COLLECTION.get(row.key.collection):
            batches[projection.table].puts.append(row)
    for key in drops:
        if projection := BY_COLLECTION.get(key.collection):
            batches[projection.table].drops.append(key)
    if not batches:
        return
    accounts = {row.key.account_id for row in puts} | {key.account_id for key in drops}
    tally = Tally(await hidden_accounts(connection, accounts))
    keys: dict[str, list[tuple[int, str]]] = {}
    for projection in PROJECTIONS:
        if batch := batches.get(projection.table):
            settled = await base.write(connection, projection, batch.puts, batch.drops, tally)
            keys[projection.table] = list(dict.fromkeys([*batch.keys(), *settled]))
    tally.held |= renamed(Touched(keys=keys))
    await flush(connection, tally)
    records = [row for batch in batches.values() for row in batch.puts]
    gone = [key for batch in batches.values() for key in batch.drops]
    await follow(connection, Touched(keys=keys, records=records, gone=gone, **_counted(tally)))


async def change_visibility(connection: Connection, account_ids: Sequence[int], hidden: bool) -> None:
    """Take these accounts out of every count, or back in; those of which that is so already are left alone.

    `hidden`: whether any row of `visibility` hides the whole account from view, after the change that is being made.
    """
    before = await hidden_accounts(connection, account_ids)
    changed = sorted(set(account_ids) - before if hidden else before & set(account_ids))
    if not changed:
        return
    tally = Tally(frozenset())
    for projection in PROJECTIONS:
        await base.count(connection, projection, changed, tally, -1 if hidden else 1)
    await flush(connection, tally)
    await set_hidden(connection, changed, hidden=hidden)
    gone, come = (changed, ()) if hidden else ((), changed)
    await follow(connection, Touched(accounts=changed, hidden=gone, shown=come, **_counted(tally)))


async def purge(connection: Connection, account_ids: Sequence[int]) -> None:
    """Delete all rows of these accounts and what they contributed to the counts; the raw records are the caller's."""
    tally = Tally(await hidden_accounts(connection, account_ids))
    for projection in PROJECTIONS:
        await base.count(connection, projection, account_ids, tally, -1)
    await flush(connection, tally)
    if leaving := sorted(set(account_ids) - tally.hidden):
        await follow(connection, Touched(leaving=leaving))
    for projection in PROJECTIONS:
        await base.purge(connection, projection, account_ids)
    await follow(connection, Touched(accounts=account_ids, purged=account_ids, **_counted(tally)))


async def change_handles(connection: Connection, account_ids: Sequence[int]) -> None:
    """Follow handles that have come to count, or ceased to."""
    tally = Tally(frozenset())
    tally.held.update(account_ids)
    await flush(connection, tally)
    await follow(connection, Touched(handles=account_ids))


def _counted(tally: Tally) -> _Counted:
    return {
        "subjects": sorted(tally.flushed_subjects),
        "counted": sorted(tally.flushed_actors),
        "heard": tally.heard,
        "liked": {key: likes for key, likes in tally.flushed_likes.items() if likes},
    }


async def restart(connection: Connection) -> None:
    """Empty every table, and note the accounts of which nothing is to be counted."""
    for projection in PROJECTIONS:
        await connection.execute(projection.sql["clear"])
    await aggregates.restart(connection)


async def stored_after(
    connection: Connection, last: RecordKeyRow | None, collections: Sequence[str], number: int, size: int
) -> list[asyncpg.Record]:
    """The next raw records of these collections, in the order of their keys; None: from the first.

    At most so many, and hardly more than `size` bytes of them.
    """
    return await connection.fetch(SQL["records_after"], *(last or (0, "", "")), collections, number, size)


async def rebuild(connection: Connection) -> None:
    """Make every table and count anew from the raw records and from who is visible. Nobody else may be writing."""
    await restart(connection)
    last: RecordKeyRow | None = None
    while page := await stored_after(connection, last, list(BY_COLLECTION), REBUILD_ROWS, REBUILD_BYTES):
        rows = [_row(**dict(record)) for record in page]
        await write(connection, rows, ())
        last = rows[-1].key


def _row(  # noqa: PLR0913 - the columns of a table
    *,
    account_id: int,
    collection: str,
    rkey: str,
    did: str,
    cid: bytes,
    rev: str,
    value: bytes,
    **columns: Any,
) -> RecordRow:
    content: Any = decode(value) if columns["invalid"] is None else {}
    key = RecordKeyRow(account_id, collection, rkey)
    return RecordRow(key=key, did=Did(did), cid=Cid(cid), rev=Tid(rev), raw=value, value=content, **columns)
