"""What waited for a repo, judged once the repo is settled: in the order in which it came, by the rules of live events.
Only reports of the account are judged before that, and so overtake commits of a repo that is not settled.

The caller has the transaction and the lock of the repo's row. Events leave the table in the same transaction in which
they have their effect, so none is lost and none counts twice. sync.md section 4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from indexer import frames, jetstream_events, metrics
from indexer.effects import Effects, Rules
from indexer.judge import Arrival, Source, source_of
from indexer.rejections import Rejection
from indexer.reports import FRAGMENTS
from indexer.stages import AccountFrame, Frame, InfoFrame
from indexer.states import RepoState, lock
from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__, FRAGMENTS)

# Frames are up to 5 MB each: so many are in memory at once.
SLICE = 16


async def drain(rules: Rules, connection: Connection, did: str, now: datetime) -> RepoState | None:
    """Let what waits for the repo have its effect, while the repo is settled; the state that it has then.

    An event that does not chain desynchronizes the repo; one whose key is in doubt asks for the identity: what comes
    behind it goes on waiting. What was reported of the account waits for the identity alone: of an account that is gone
    no repo may ever come. None: no such repo.
    """
    repos = await lock(connection, [did])
    if did not in repos:
        return None
    effects = Effects(rules, connection, repos, now)
    last = 0
    while not repos[did].stale and (rows := await _next(connection, repos[did], last)):
        done: list[int] = []
        for row in rows:
            source = source_of(row["source"], row["kind"])
            arrival = await _arrival(row["frame"], row["received_at"], source)
            if arrival is not None:
                if not repos[did].settled and not isinstance(arrival.frame, AccountFrame):
                    continue
                if not await effects.take_next(arrival, source):
                    break
            done.append(row["id"])
            if repos[did].stale:
                break
        last = rows[-1]["id"]
        await effects.flush()
        await connection.execute(SQL["delete_held"], done)
    effects.report()
    return repos[did]


async def _next(connection: Connection, state: RepoState, last: int) -> Sequence[asyncpg.Record]:
    return await connection.fetch(SQL["next_held"], state.account_id, last, state.settled, SLICE)


async def _arrival(raw: bytes, received_at: datetime, source: Source) -> Arrival | None:
    try:
        frame = await _decode(raw, source)
    except frames.FrameInvalid:
        metrics.EVENTS.labels("rejected", Rejection.FRAME_INVALID).inc()
        return None
    assert not isinstance(frame, InfoFrame | frames.ErrorFrame)
    return Arrival(frame, raw, received_at)


async def _decode(raw: bytes, source: Source) -> Frame:
    """Raises FrameInvalid."""
    if source.signed:
        return frames.decode(raw)
    if len(raw) > jetstream_events.LARGE:
        return await asyncio.to_thread(jetstream_events.decode, raw)
    return jetstream_events.decode(raw)
