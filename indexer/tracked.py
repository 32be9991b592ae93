"""Which DIDs are ours, in memory, so that the rest of the network's frames can be passed over without a query.

A set of 8-byte hashes: some 60 bytes for each account, and a false hit costs one query that finds nothing. Filled from
the database at the start, then by whoever reads what makes a repo ours or adds an account in this process, and on a
schedule by what other processes added. Belongs to the event loop. sync.md section 3.
"""

from __future__ import annotations

from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)

PAGE = 10_000
# Ids are given out before their rows can be seen: what is younger than the newest seen by so many is looked at again.
OVERLAP = 1_000


class Tracked:
    """The DIDs that are ours, and perhaps a few more."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()
        self._newest = 0

    def __contains__(self, did: object) -> bool:
        return hash(did) in self._hashes

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, did: str) -> None:
        self._hashes.add(hash(did))

    async def load(self, connection: Connection) -> None:
        """Take in every account that has been added since the last time."""
        after = max(self._newest - OVERLAP, 0)
        while rows := await connection.fetch(SQL["accounts_after"], after, PAGE):
            self._hashes.update(hash(row["did"]) for row in rows)
            after = rows[-1]["id"]
        self._newest = max(self._newest, after)
