"""Likes and plays of tracks in the recent windows (`windows.py`), of which their charts are read.

A function of `subject_day`, `heard_day`, `subject_count.owner` and where the windows begin. Rows are there for what was
liked or played within 365 days alone, and say whether it is a track: only those that do are read for charts. A window
holds a track's day when the day's moment is not before its edge; moments are spread over the day (`track_moment` in the
migrations), so that an edge passes a few of them in each transaction.

Concurrency: comes last of all that a batch writes, once, in the order of subjects, so that nothing is waited for behind
these rows. The caller holds the edges (`windows.hold`), which decide whether a day is inside. Whether a subject is
a track is asked anew of each that is counted here, and whoever makes it one, or none, notes it: they have met at the
subject's count, or at the locks of its plays, so that the later one sees what the earlier has written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from indexer.aggregates import windows
from indexer.aggregates.counts import Connection
from indexer.aggregates.days import SubjectDay
from indexer.aggregates.following import Follower, Touched
from runtime.sql import Queries

SQL = Queries.beside(__file__)
DAYS: Final = frozenset((365, 61, 30, 15, 7, 3, 1))
# Days of tracks that an edge passes in one go.
PAGE: Final = 2_000


async def follow(connection: Connection, touched: Touched) -> None:
    liked, heard = touched.liked, touched.heard_days
    changed = [key for key in sorted(liked.keys() | heard.keys()) if liked.get(key) or heard.get(key)]
    if changed:
        await _count(connection, changed, liked, heard)
    if touched.subjects and (touched.accounts or "plyr_track" in touched.keys):
        await connection.execute(SQL["mark"], touched.subjects)


async def _count(
    connection: Connection,
    changed: Sequence[SubjectDay],
    liked: Mapping[SubjectDay, int],
    heard: Mapping[SubjectDay, int],
) -> None:
    rows = await connection.fetch(
        SQL["count"],
        [subject for subject, _ in changed],
        [day for _, day in changed],
        [liked.get(key, 0) for key in changed],
        [heard.get(key, 0) for key in changed],
    )
    await _drop(connection, rows)


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])


FOLLOWER = Follower(tables=("track_recent",), follow=follow, restart=restart)


async def reach(connection: Connection, since: datetime, until: datetime) -> datetime | None:
    return await connection.fetchval(SQL["reach"], since, until, PAGE)


async def leave(connection: Connection, days: int, since: datetime, until: datetime) -> None:
    """Take the days of tracks in that time out of a window."""
    if days in DAYS:
        await _drop(connection, await connection.fetch(SQL["leave"], days, since, until))


CHART = windows.Chart(reach, leave)


async def _drop(connection: Connection, rows: Iterable[Any]) -> None:
    if idle := [subject for subject, anything in rows if not anything]:
        await connection.execute(SQL["drop"], idle)
