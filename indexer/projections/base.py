"""How any collection becomes rows: one machinery for all, set by set.

A `Projection` names its table, says by a pure function which row a record makes (or that it makes none), and brings
its queries: `drop` (rows by key), `purge` and `contributed` (all rows of accounts), and, where several records of an
account make one thing, `settle` (choose which of them counts). A put is a drop and an insert, so that nothing of the
former version stays. Rows are inserted by binary COPY.

Each statement says what the rows that it touched contribute to the counts; `indexer.aggregates` does the sums.
Concurrency: the caller is in a transaction and holds the `repo` rows of all accounts concerned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg

from indexer.aggregates import Connection, Contribution, Heard, Tally, flush, heard_of
from indexer.stages import RecordKeyRow, RecordRow
from runtime.sql import Queries

# Records parsed before other tasks get their turn.
SLICE_ROWS = 200
# Rows held at once when all rows of an account are counted, and subjects that a tally holds before it is written.
PAGE_ROWS = 1_000
TALLY_SUBJECTS = 50_000

Row: TypeAlias = tuple[Any, ...]
Key: TypeAlias = tuple[Any, ...]
Tolerance: TypeAlias = Callable[[str, str, Mapping[str, Any]], bool]
"""Whether a violation, by path and rule, in this record is forgiven."""


@dataclass(frozen=True, slots=True)
class Side:
    """A second table, with any number of rows for each row of the first; `drop` deletes them along.

    They may be made of what a row has behind the first table's columns.
    """

    table: str
    columns: tuple[str, ...]
    rows: Callable[[Any], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Records of an account that make one thing form a group; `settle` says which of them counts.

    `group`: columns that name the group, given by `drop` beside the contribution.
    """

    group: tuple[str, ...]
    before: str | None = None  # a query that goes first, and gives what it changed as `drop` does


@dataclass(frozen=True, slots=True)
class Projection:
    """One collection, or two that are one.

    `columns`: of the table, in the order of the rows that `parse` makes; None for a record that makes none. It raises
    for no record that its lexicon, with `tolerates`, lets through. `key`: the table's primary key from the record's;
    its first two columns are what `settle` takes. `heard`: of plays, what a row says to the charts; what goes and what
    is settled says it by columns of the table's names.
    """

    collections: tuple[str, ...]
    table: str
    columns: tuple[str, ...]
    key: Callable[[RecordKeyRow], Key]
    parse: Callable[[RecordRow], Any]
    tolerates: Tolerance
    sql: Queries
    contribution: Callable[[Any], Contribution] | None = None
    heard: Callable[[Any], Heard] | None = None
    side: Side | None = None
    settlement: Settlement | None = None


def by_rkey(key: RecordKeyRow) -> Key:
    """(account_id, rkey)."""
    return key.account_id, key.rkey


async def write(
    connection: Connection,
    projection: Projection,
    puts: Sequence[RecordRow],
    drops: Sequence[RecordKeyRow],
    tally: Tally,
) -> list[tuple[int, str]]:
    """Make the table what these records, and the absence of those, make of it; each key stands once in the batch.

    Gives account and record key of others that have come to count, or ceased to.
    """
    keys = [projection.key(row.key) for row in puts] + [projection.key(key) for key in drops]
    columns = [list(column) for column in zip(*keys, strict=True)]
    rows = await _parse(projection, puts)
    gone = await connection.fetch(projection.sql["drop"], *columns)
    if rows:
        await _insert(connection, projection, rows)
    if projection.contribution:
        tally.add(_contributions(gone), -1)
        tally.add(map(projection.contribution, rows))
    settled: list[asyncpg.Record] = []
    if projection.settlement and (gone or rows):
        settled = await _settle(connection, projection, projection.settlement, columns, gone)
        tally.add(_contributions(settled))
    if projection.heard:
        await _hear(projection, rows, gone, settled, tally)
    return [(row["account_id"], row["rkey"]) for row in settled]


async def count(
    connection: Connection, projection: Projection, account_ids: Sequence[int], tally: Tally, sign: int
) -> None:
    """Add (sign 1) or subtract (-1) what all rows of these accounts contribute."""
    if not projection.contribution:
        return
    cursor = await connection.cursor(projection.sql["contributed"], account_ids)
    while rows := await cursor.fetch(PAGE_ROWS):
        tally.add(_contributions(rows), sign)
        if len(tally) >= TALLY_SUBJECTS:
            await flush(connection, tally)


async def purge(connection: Connection, projection: Projection, account_ids: Sequence[int]) -> None:
    """Delete all rows of these accounts; what they contributed is not subtracted here."""
    await connection.execute(projection.sql["purge"], account_ids)


async def _parse(projection: Projection, puts: Sequence[RecordRow]) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(puts), SLICE_ROWS):
        parsed = (projection.parse(put) for put in puts[start : start + SLICE_ROWS] if put.invalid is None)
        rows.extend(row for row in parsed if row is not None)
        await asyncio.sleep(0)
    return rows


async def _insert(connection: Connection, projection: Projection, rows: Sequence[Row]) -> None:
    width = len(projection.columns)
    of_table = rows if len(rows[0]) == width else [row[:width] for row in rows]
    await connection.copy_records_to_table(projection.table, records=of_table, columns=projection.columns)
    side = projection.side
    if side and (beside := [each for row in rows for each in side.rows(row)]):
        await connection.copy_records_to_table(side.table, records=beside, columns=side.columns)


async def _hear(
    projection: Projection,
    rows: Sequence[Row],
    gone: Sequence[asyncpg.Record],
    settled: Sequence[asyncpg.Record],
    tally: Tally,
) -> None:
    assert projection.heard is not None
    for start in range(0, len(rows), SLICE_ROWS):
        tally.hear((1, projection.heard(row)) for row in rows[start : start + SLICE_ROWS])
        await asyncio.sleep(0)
    tally.hear((-1, heard_of(row)) for row in gone if row["scrobbles"])
    tally.hear((row["scrobbles"], heard_of(row)) for row in settled if row["scrobbles"])


async def _settle(
    connection: Connection,
    projection: Projection,
    settlement: Settlement,
    columns: Sequence[list[Any]],
    gone: Sequence[asyncpg.Record],
) -> list[asyncpg.Record]:
    """What has come to count, or ceased to."""
    changed: list[asyncpg.Record] = []
    if settlement.before:
        changed = await connection.fetch(projection.sql[settlement.before], *columns[:2])
    left = [*gone, *changed]
    groups = [[row[name] for row in left] for name in settlement.group]
    return changed + await connection.fetch(projection.sql["settle"], *columns[:2], *groups)


def _contributions(rows: Sequence[asyncpg.Record]) -> list[Contribution]:
    """From columns of the same names; a query leaves out those that are always 0."""
    if not rows:
        return []
    names = [name for name in rows[0].keys() if name in Contribution._fields]  # noqa: SIM118 - a Record iterates over values
    return [Contribution(**{name: row[name] for name in names}) for row in rows]
