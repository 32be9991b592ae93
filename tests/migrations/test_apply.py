"""Migrations: in order, once, one at a time, and never behind what the database knows."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

import migrations
from migrations.schema import SCHEMA, dump_schema
from runtime import db


@pytest.fixture
async def empty(empty_database_url: str):
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


async def test_all_are_applied_once(empty: db.Connection) -> None:
    names = [migration.name for migration in migrations.migrations()]
    assert await migrations.apply(empty) == names
    assert await migrations.apply(empty) == []
    await migrations.check(empty)


async def test_an_empty_database_is_no_migrated_one(empty: db.Connection) -> None:
    with pytest.raises(migrations.MigrationError, match="plyr-appview migrate"):
        await migrations.check(empty)


async def test_two_who_migrate_at_once_do_it_once(empty_database_url: str) -> None:
    connections = [await asyncpg.connect(empty_database_url) for _ in range(3)]
    applied = await asyncio.gather(*(migrations.apply(connection) for connection in connections))
    assert sorted(map(len, applied)) == [0, 0, len(migrations.migrations())]
    for connection in connections:
        await connection.close()


async def test_a_database_from_the_future_is_refused(connection: db.Connection) -> None:
    await connection.execute("INSERT INTO migration (number, name, checksum) VALUES (9999, '9999_later', 'x')")
    with pytest.raises(migrations.DatabaseFromTheFuture, match="9999_later"):
        await migrations.apply(connection)


async def test_a_file_that_was_changed_after_it_was_applied_is_refused(connection: db.Connection) -> None:
    await connection.execute("UPDATE migration SET checksum = 'other' WHERE number = 1")
    with pytest.raises(migrations.MigrationChanged, match="0001_initial"):
        await migrations.apply(connection)


async def test_the_lock_is_given_back_after_a_failure(connection: db.Connection, database_url: str) -> None:
    await connection.execute("UPDATE migration SET checksum = 'other' WHERE number = 1")
    with pytest.raises(migrations.MigrationChanged):
        await migrations.apply(connection)
    other = await asyncpg.connect(database_url)
    try:
        with pytest.raises(migrations.MigrationChanged):
            await asyncio.wait_for(migrations.apply(other), 10)
    finally:
        await other.close()


async def test_the_dump_of_the_schema_is_fresh(database_url: str) -> None:
    assert SCHEMA.read_text(encoding="utf-8") == await dump_schema(database_url), "run make schema"


async def test_the_reader_can_read_nothing_but_what_is_meant_for_it_and_write_nothing(
    reader: db.Pool, database_url: str
) -> None:
    async with reader.acquire() as connection:
        assert await connection.fetchval("SELECT current_user") == db.READER_ROLE
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM record")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("CREATE TABLE mine (a int)")
