"""What an account is called and looks like: the one answer of its profiles, ready for every view that shows somebody.

A follower of the three profile tables. records.md, "Profiles".
"""

from __future__ import annotations

from indexer.aggregates.counts import Connection
from indexer.aggregates.following import Follower, Touched
from runtime.sql import Queries

SQL = Queries.beside(__file__)
PROFILES = ("plyr_profile", "bsky_profile", "teal_profile")


def renamed(touched: Touched) -> set[int]:
    """The accounts whose profiles came, changed or went."""
    return {account_id for table in PROFILES for account_id, _ in touched.keys.get(table, ())}.union(touched.accounts)


async def follow(connection: Connection, touched: Touched) -> None:
    if accounts := renamed(touched):
        await connection.execute(SQL["name"], sorted(accounts))


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])


FOLLOWER = Follower(tables=("actor_name",), follow=follow, restart=restart)
