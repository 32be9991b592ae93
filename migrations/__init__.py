"""Forward-only migrations in plain SQL: `0001_initial.sql`, `0002_...`, applied in order, each in a transaction.

One process at a time migrates (an advisory lock; others wait). Each file's checksum is kept: a file that was changed
after it was applied is refused, as is a database that knows migrations which we do not (it comes from the future).
The reader's role is made here where the user may create roles, and may read every view that is named `visible_*`; where
he may not create it, its sessions are read-only all the same (see runtime.db). With each migration the tables that
these views read come to tell of their changes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import asyncpg

from runtime.db import Connection
from runtime.sql import Queries

OLDEST_SERVER = 150_000
SQL = Queries.beside(__file__.replace("__init__", "runner"))


class MigrationError(RuntimeError):
    """The database can't be brought to this version; the message says why and what to do."""


class DatabaseFromTheFuture(MigrationError):
    """The database was migrated by a newer version of this program."""


class MigrationChanged(MigrationError):
    """A migration's file is not the one that was applied."""


class ServerTooOld(MigrationError):
    """The server is older than PostgreSQL 15."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations of this version, in order; their numbers are 1, 2, 3, ..."""
    found = [
        Migration(int(path.name[:4]), path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(Path(__file__).parent.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    ]
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"migrations are not numbered one by one: {[migration.name for migration in found]}")
    return tuple(found)


async def apply(connection: Connection) -> list[str]:
    """Bring the database to this version; gives the names of the migrations applied now.

    Raises ServerTooOld, DatabaseFromTheFuture, MigrationChanged, or MigrationError when a migration fails (the ones
    before it stay).
    """
    if connection.get_server_version().major * 10_000 < OLDEST_SERVER:
        raise ServerTooOld(f"PostgreSQL 15 or newer is needed, this is {connection.get_server_version().major}")
    await connection.execute(SQL["lock"])
    try:
        await _ensure_reader_role(connection)
        await connection.execute(SQL["create_ledger"])
        pending = _pending(
            {row["number"]: (row["name"], row["checksum"]) for row in await connection.fetch(SQL["ledger"])}
        )
        for migration in pending:
            await _apply_one(connection, migration)
        await connection.execute(SQL["grant_reader"])
    finally:
        await connection.execute(SQL["unlock"])
    return [migration.name for migration in pending]


async def check(connection: Connection) -> None:
    """Raise MigrationError unless the database is exactly at this version."""
    if not await connection.fetchval(SQL["has_ledger"]):
        raise MigrationError("the database is empty: run `plyr-appview migrate`")
    pending = _pending({row["number"]: (row["name"], row["checksum"]) for row in await connection.fetch(SQL["ledger"])})
    if pending:
        raise MigrationError(f"the database lacks {pending[0].name}: run `plyr-appview migrate`")


def _pending(applied: dict[int, tuple[str, str]]) -> list[Migration]:
    known = {migration.number: migration for migration in migrations()}
    for number, (name, checksum) in sorted(applied.items()):
        if number not in known:
            raise DatabaseFromTheFuture(
                f"the database has migration {name}, which this version does not know: use a newer version"
            )
        if known[number].checksum != checksum:
            raise MigrationChanged(f"{known[number].name}.sql is not the file that was applied to this database")
    return [migration for migration in migrations() if migration.number not in applied]


async def _apply_one(connection: Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.text)
            await connection.execute(SQL["watch_what_shows"])
            await connection.execute(SQL["record"], migration.number, migration.name, migration.checksum)
    except asyncpg.PostgresError as fault:
        raise MigrationError(f"{migration.name} failed: {fault}") from fault


async def _ensure_reader_role(connection: Connection) -> None:
    """Roles belong to the whole server, so that another database's migration may make it at the same moment."""
    try:
        async with connection.transaction():
            await connection.execute(SQL["create_reader_role"])
    except (asyncpg.InsufficientPrivilegeError, asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        return
