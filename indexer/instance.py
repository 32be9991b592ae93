"""Which namespace a database belongs to: the one that it was first used with, and no other."""

from __future__ import annotations

from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class NamespaceMixed(RuntimeError):
    """The database was made with another PLYR_NAMESPACE; each namespace needs a database of its own."""


async def claim(connection: Connection, namespace: str) -> None:
    """Take the database for a namespace. Raises NamespaceMixed."""
    owner = await connection.fetchval(SQL["claim_namespace"], namespace)
    if owner != namespace:
        raise NamespaceMixed(f"this database holds {owner}, PLYR_NAMESPACE is {namespace}: use another database")
