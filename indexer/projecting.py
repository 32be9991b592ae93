"""Projects rows of which some may turn out to be impossible: those are found, left out and named, and stop nobody.

What a projection raises for one record's sake is told from failures of our own (a lost connection, a full disk), which
are raised. The caller has the transaction and the locks. sync.md section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from indexer import projections
from indexer.stages import RecordKeyRow, RecordRow
from protocol.text import pg_text
from runtime.db import Connection

# What a single record's value can cause in a projection; all else is our own failure.
UNSTORABLE = (
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.IntegrityConstraintViolationError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)


class Refused(NamedTuple):
    """A record that its projection cannot take."""

    row: RecordRow
    fault: Exception

    @property
    def invalid(self) -> str:
        """Why no view shows it."""
        return pg_text(f"not projected: {self.fault!r}")


async def project(connection: Connection, puts: Sequence[RecordRow], drops: Sequence[RecordKeyRow]) -> list[Refused]:
    """Project all at once; when a record among them cannot be, find it by halves and project it as absent."""
    if not puts and not drops:
        return []
    try:
        async with connection.transaction():
            await projections.write(connection, puts, drops)
    except UNSTORABLE as fault:
        if connection.is_closed() or not puts:
            raise
        if len(puts) == 1:
            return [Refused(puts[0], fault), *await project(connection, (), [*drops, puts[0].key])]
        middle = len(puts) // 2
        refused = await project(connection, puts[:middle], drops)
        return refused + await project(connection, puts[middle:], ())
    return []
