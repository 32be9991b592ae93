"""A database for a benchmark: a server of its own with the shipped settings, migrated, filled by the indexer's writer.

It lies in a temporary folder that goes with it, or in a named one that stays. Rows are written as the live path does
(`Applier`, in one transaction with the heads); only the verification was done by whoever made the commits. One task.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from pydantic import SecretStr

import migrations
from indexer.apply import Applied, Applier, set_heads
from indexer.gathering import Gatherer
from indexer.stages import RecordChange, RecordPath, VerifiedCommit
from indexer.verify import Head
from protocol.cbor import Cid
from protocol.syntax import Did, Handle, Nsid, RecordKey
from runtime.db import Connection, Pool, writer_pool
from runtime.postgres import database
from runtime.settings import Settings
from runtime.sql import Queries
from simulator.hosting import Account

SQL = Queries.beside(__file__)

PDS: Final = "https://pds.example.com"
SOURCE: Final = "wss://relay.example.com"
BATCH: Final = 2_000  # records written in one transaction
POOL: Final = 4
PATIENCE: Final = 60.0  # seconds without a database


Rows: TypeAlias = set[tuple[str, str, bytes]]
"""DID, path and CID of records."""


class Member(NamedTuple):
    """An account with all that its repo holds, as one commit."""

    handle: Handle
    key: str  # did:key
    commit: VerifiedCommit


def member(account: Account) -> Member:
    """The account as it is now; what it writes later does not show."""
    repo = account.active_repo
    changes = (change(path, cid.raw, repo.records[path]) for path, cid in repo.tree.items())
    commit = VerifiedCommit(account.did, repo.head.rev, Cid(repo.tree.cid.raw), Cid(repo.head.cid.raw), tuple(changes))
    return Member(account.handle, account.key.public.did_key(), commit)


def emptied(one: Member) -> Member:
    """The same account, before it has written anything."""
    return one._replace(commit=replace(one.commit, changes=()))


def change(path: str, cid: bytes, value: bytes) -> RecordChange:
    """A record that is there from now on."""
    collection, _, rkey = path.partition("/")
    return RecordChange(RecordPath(Nsid(collection), RecordKey(rkey)), Cid(cid), value)


@dataclass(frozen=True, slots=True)
class Store:
    """The database, its folder's settings, and the writer's pool."""

    settings: Settings
    pool: Pool
    applier: Applier
    gatherer: Gatherer[Applied, None]

    async def settle(self, members: Sequence[Member]) -> Mapping[Did, int]:
        """Account ids of members that are new: resolved, synced, and with all of their records."""
        rows = await self.pool.fetch(SQL["add_accounts"], [one.commit.did for one in members])
        ids = {Did(row["did"]): int(row["id"]) for row in rows}
        order = [ids[one.commit.did] for one in members]
        await self.pool.execute(
            SQL["add_identities"], order, [one.handle for one in members], [one.key for one in members], PDS
        )
        await self.pool.execute(SQL["add_repos"], order)
        parts = [Applied(ids[part.did], part, SOURCE, None) for one in members for part in _parts(one.commit)]
        await asyncio.gather(*map(self.gatherer.put, parts))
        return ids

    async def write(self, applied: Sequence[Applied]) -> None:
        """One transaction, as the pipeline makes it."""
        async with self.pool.acquire() as connection, connection.transaction():
            await write(self.applier, connection, applied)

    async def records(self) -> Rows:
        """Everything that is stored."""
        rows = await self.pool.fetch(SQL["all_records"])
        return {(row["did"], row["path"], row["cid"]) for row in rows}

    async def cursor(self) -> int | None:
        """How far the stream is in the database; None before a subscription stood."""
        return await self.pool.fetchval(SQL["read_cursor"])


@asynccontextmanager
async def opened(folder: Path | None = None) -> AsyncGenerator[Store]:
    """The store in `folder`, or a new one for as long as the context lasts."""
    with ExitStack() as stack:
        home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plyr-bench-")))
        settings = Settings.load({}, data_dir=str(home), rate_limit=0)
        async with database(settings) as dsn:
            pool = await writer_pool(dsn, size=POOL, connect_timeout=settings.db_connect_timeout)
            async with pool, pool.acquire() as connection:
                await migrations.apply(connection)
                applier = _applier(settings)
                gatherer = Gatherer(pool, partial(write, applier), _size, most=BATCH, patience=PATIENCE)
                try:
                    yield Store(settings.model_copy(update={"database_url": SecretStr(dsn)}), pool, applier, gatherer)
                finally:
                    await gatherer.close()


async def write(applier: Applier, connection: Connection, applied: Sequence[Applied]) -> None:
    """In the caller's transaction, with the heads."""
    await applier.write(connection, applied, datetime.now(UTC))
    await set_heads(connection, {one.account_id: _head(one) for one in applied})


def records_of(accounts: Iterable[Account]) -> Rows:
    """Everything that these repos hold."""
    return {(account.did, path, cid.raw) for account in accounts for path, cid in account.active_repo.tree.items()}


def _parts(commit: VerifiedCommit) -> Iterator[VerifiedCommit]:
    """The commit, in as many as take no more than a transaction each."""
    for start in range(0, max(1, len(commit.changes)), BATCH):
        yield replace(commit, changes=commit.changes[start : start + BATCH])


def _size(applied: Applied) -> int:
    return max(1, len(applied.commit.changes))


def _head(applied: Applied) -> Head:
    assert isinstance(applied.commit, VerifiedCommit)
    return Head(applied.commit.rev, applied.commit.data)


def _applier(settings: Settings) -> Applier:
    return Applier(
        settings.collections,
        namespace=settings.namespace,
        record_max_bytes=settings.record_max_bytes,
        dead_letter_max=settings.dead_letter_max,
    )
