"""Every table of the schema is compared with the model, or is not, for a reason that is written down."""

from __future__ import annotations

from runtime.db import Connection
from tests.oracle.observed import EXEMPT, KEYS, SOURCES

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


async def test_no_table_is_forgotten(connection: Connection) -> None:
    found = {row["tablename"] for row in await connection.fetch(TABLES)}
    assert found == KEYS.keys() | SOURCES | EXEMPT.keys()


def test_no_table_is_named_twice() -> None:
    names = [*KEYS, *SOURCES, *EXEMPT]
    assert len(names) == len(set(names))
