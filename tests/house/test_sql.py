"""Every named query of every `.sql` file stands in the migrated schema, with the parameter types that it declares.

Those of the AppView are prepared in the reader's role: a query that looks past the visibility predicate is refused by
the database itself.
"""

from __future__ import annotations

from pathlib import Path

import asyncpg

from runtime import db
from runtime.sql import Queries, Query
from tests.house.tree import PACKAGES, ROOT, modules

NOT_NAMED_QUERIES = ("migrations/0", "migrations/schema.sql", "appview/views/", "indexer/reports.sql")
READ_SIDE = "appview/"


def _queries() -> dict[Path, Queries]:
    found = [value for module in modules(*PACKAGES) for value in vars(module).values() if isinstance(value, Queries)]
    return {queries.path.resolve(): queries for queries in found}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_sql_file_belongs_to_a_module_that_loads_it() -> None:
    files = {
        path.resolve()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.sql")
        if not _name(path).startswith(NOT_NAMED_QUERIES)
    }
    assert {_name(path) for path in files - set(_queries())} == set()


async def _faults(connection: db.Connection, where: str, query: Query) -> list[str]:
    try:
        statement = await connection.prepare(query.text)
    except asyncpg.PostgresError as fault:
        return [f"{where}: {fault}"]
    taken = [parameter.name for parameter in statement.get_parameters()]
    faults: list[str] = []
    for declared, actual in zip(query.parameters, taken, strict=True):
        name = await connection.fetchval("SELECT typname FROM pg_type WHERE oid = $1::text::regtype", declared.type)
        if name.removeprefix("_") != actual.removesuffix("[]"):
            faults.append(f"{where}: {declared.name} is declared {declared.type} and is {actual}")
    return faults


async def all_faults(writing: db.Connection, reading: db.Connection) -> list[str]:
    """What is wrong with any query, the AppView's as the reading session meets them."""
    await writing.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")  # what a benchmark compares with
    faults: list[str] = []
    for path, queries in _queries().items():
        session = reading if _name(path).startswith(READ_SIDE) else writing
        for name, query in queries.described.items():
            faults += await _faults(session, f"{_name(path)}: {name}", query)
    return faults


async def test_every_query_prepares_and_takes_the_parameters_that_it_declares(
    connection: db.Connection, reader: db.Pool
) -> None:
    async with reader.acquire() as reading:
        faults = await all_faults(connection, reading)
    assert not faults, "\n".join(faults)
