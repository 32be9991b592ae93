"""New tables beside those that serve, made like them, and their takeover in one transaction.

The new tables stand in a schema of their own under the same names; a session whose `search_path` begins with it fills
them by the same code that fills the others. In the takeover the views come to mean the new tables, these move to where
the old ones were, and the old ones go: a reader's statement waits for moments, and then finds the new rows. Writers
must have been stopped; whoever prepared a statement for the old tables gets it planned anew.
One session does all this; locks are waited for as long as the transaction's lock timeout says.
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)


async def set_lock_timeout(connection: Connection, seconds: float) -> None:
    """How long each lock is waited for from here on, in the caller's transaction."""
    await connection.execute(SQL["set_lock_timeout"], f"{int(seconds * 1000)}ms")


async def create(connection: Connection, tables: Sequence[str]) -> None:
    """Make new, empty tables in the caller's transaction; those of a former attempt go."""
    await drop(connection)
    await connection.execute(SQL["create_schema"])
    await connection.execute(SQL["look_in_public"])
    await _carry_out(connection, await _statements(connection, "creation", tables))


async def look(connection: Connection) -> None:
    """Let names mean the new tables in this session."""
    await connection.execute(SQL["look_in_shadow"])


async def drop(connection: Connection) -> None:
    """The new tables go."""
    await connection.execute(SQL["drop_schema"])


async def analyze(connection: Connection, tables: Sequence[str]) -> None:
    """Let the planner know what the new tables hold."""
    await _carry_out(connection, await _statements(connection, "analyze", tables))


async def claim(connection: Connection, tables: Sequence[str]) -> None:
    """Keep maintenance from all these tables until the transaction ends."""
    await _carry_out(connection, await _statements(connection, "claims", tables))


async def take_over(connection: Connection, tables: Sequence[str]) -> None:
    """Put the new tables in the places of the old ones, in the caller's transaction."""
    await connection.execute(SQL["look_in_public"])
    statements = await _statements(connection, "takeover", tables)
    await connection.execute(SQL["look_in_shadow_again"])
    await _carry_out(connection, statements)


async def _statements(connection: Connection, query: str, tables: Sequence[str]) -> list[str]:
    return [statement for (statement,) in await connection.fetch(SQL[query], list(tables))]


async def _carry_out(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        await connection.execute(statement)
