"""Backlinks: which records link to what, and how many records and accounts do.

A follower of the raw records themselves: every valid one links to each at-uri and DID in it. All links of one kind to
one target have a name of 16 bytes (protocol.links), so that no address is kept twice. Web addresses are left out: most
plays have one, nobody asks who else does, and they would cost each play a fifth of its room. Invalid records show in no
view, and link to nothing.

The counts are sums, of accounts that are not hidden, so that writers do not have to see each other's rows; that an
account links to something at all is told from its own rows, which the caller's locks keep still. Links are sorted by
the time in their record's key, which stays the same whenever they are made anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from indexer.aggregates.counts import Connection, hidden_accounts
from indexer.aggregates.following import Follower, Touched
from indexer.stages import RecordRow
from protocol.links import link_name, links
from protocol.syntax import SyntaxInvalid, Tid
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class Link(NamedTuple):
    """A row."""

    account_id: int
    sort_at: datetime
    link: UUID
    collection: str
    rkey: str


async def follow(connection: Connection, touched: Touched) -> None:
    if touched.records or touched.gone:
        await _rewrite(connection, touched)
    if touched.hidden:
        await _count(connection, touched.hidden, -1)
    if touched.shown:
        await _count(connection, touched.shown, 1)
    if touched.purged:
        uncounted = await hidden_accounts(connection, touched.purged)
        await _count(connection, [each for each in touched.purged if each not in uncounted], -1)
        await connection.execute(SQL["purge"], touched.purged)


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear_links"])
    await connection.execute(SQL["clear_counts"])


FOLLOWER = Follower(tables=("record_link", "link_count"), follow=follow, restart=restart)


def links_of(row: RecordRow) -> list[Link]:
    """The links of a record, by its collection's name in the repo. None of one that is invalid."""
    found = links(row.value) if row.invalid is None else None
    if not found:
        return []
    account_id, stored_in, rkey = row.key
    collection = str(row.value.get("$type", stored_in))
    sort_at = _written_at(row)
    return [Link(account_id, sort_at, link_name(collection, link), stored_in, rkey) for link in found]


def _written_at(row: RecordRow) -> datetime:
    try:
        return min(Tid.parse(row.key.rkey).time, row.indexed_at)
    except SyntaxInvalid:
        return row.indexed_at


async def _rewrite(connection: Connection, touched: Touched) -> None:
    keys = [*(row.key for row in touched.records), *touched.gone]
    left = await connection.fetch(SQL["leave"], *_columns(keys, 3))
    rows = [link for row in touched.records for link in links_of(row)]
    gone = Counter((link, account_id) for account_id, link in left)
    come = Counter((row.link, row.account_id) for row in rows)
    changes = [
        (*pair, come[pair] - gone[pair], (pair in come) - (pair in gone)) for pair in sorted(gone.keys() | come.keys())
    ]
    if any(records for _, _, records, _ in changes):
        idle = await connection.fetch(SQL["add"], *_columns(changes, 4))
        await _drop(connection, idle)
    if rows:
        await connection.copy_records_to_table("record_link", records=rows, columns=Link._fields)


async def _count(connection: Connection, account_ids: Sequence[int], sign: int) -> None:
    """Add what all links of these accounts count, or subtract it."""
    await _drop(connection, await connection.fetch(SQL["count"], account_ids, sign))


async def _drop(connection: Connection, idle: Sequence[Any]) -> None:
    if idle:
        await connection.execute(SQL["drop_counts"], [link for (link,) in idle])


def _columns(rows: Sequence[Any], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
