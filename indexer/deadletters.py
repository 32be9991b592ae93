"""What could not be stored or parsed, set aside with its reason, so that the stream goes on and nothing is lost.

Of one path the newest letter is kept; of all of them the newest `maximum`. What becomes of a letter is the operator's
matter: retrying.py tries its record again, `forget` lets it go. sync.md section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from indexer import metrics
from protocol.text import pg_text
from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class DeadLetter(NamedTuple):
    """A record, or what was meant to be one. `reason` is a label of a metric, `detail` is for people.

    `payload`: of what is too large to be kept only the beginning, which is still too large.
    """

    did: str
    path: str
    source: str
    seq: int | None
    reason: str
    detail: str
    payload: bytes


class Which(NamedTuple):
    """The letters of a reason and of an account; None: of any."""

    reason: str | None
    did: str | None


async def set_aside(connection: Connection, letters: Sequence[DeadLetter], maximum: int) -> None:
    """Keep the letters, in the caller's transaction."""
    if not letters:
        return
    await connection.execute(
        SQL["forget_older"], [letter.did for letter in letters], [pg_text(letter.path) for letter in letters]
    )
    await connection.execute(
        SQL["insert_letters"],
        [letter.did for letter in letters],
        [pg_text(letter.path) for letter in letters],
        [letter.source for letter in letters],
        [letter.seq for letter in letters],
        [letter.reason for letter in letters],
        [pg_text(letter.detail) for letter in letters],
        [letter.payload for letter in letters],
    )
    await connection.execute(SQL["trim_letters"], maximum)
    for letter in letters:
        metrics.DEAD_LETTERS.labels(letter.reason).inc()


async def by_reason(connection: Connection, which: Which) -> list[asyncpg.Record]:
    """How many letters there are of each reason, the oldest and the newest time."""
    return await connection.fetch(SQL["by_reason"], *which)


async def newest(connection: Connection, which: Which, number: int) -> list[asyncpg.Record]:
    """The newest letters, without what is in them but for the size of what was kept [bytes]."""
    return await connection.fetch(SQL["newest"], *which, number)


async def forget(connection: Connection, which: Which) -> int:
    """Let letters go; how many there were."""
    return await connection.fetchval(SQL["forget"], *which)
