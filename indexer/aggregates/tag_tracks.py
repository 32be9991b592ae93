"""The tracks of each tag, in the order in which they came and in that of how popular they are.

`tag_track` has a row for each tag of every track that shows, with the track's likes and plays. `track_plays`, which
knows the tracks that show, has rows come and go (`join`, `leave`).

Concurrency: whoever writes a track holds its row in `subject_count`, as those do who like it, and its lock in
`track_plays`, as those do who play it. So a row's likes stand still while it is made, and so do its plays. Others may
add likes to a row and plays to the same: each sets what it has counted alone. Rows are changed once in a transaction,
in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.aggregates.counts import Connection
from indexer.aggregates.following import Follower, RowKey, Touched
from runtime.sql import Queries

SQL = Queries.beside(__file__)


async def follow(connection: Connection, touched: Touched) -> None:
    liked, played = touched.subjects, sorted({subject for subject, _ in touched.heard_days})
    if liked or played:
        await connection.execute(SQL["count"], liked, played)


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])


FOLLOWER = Follower(tables=("tag_track",), follow=follow, restart=restart)


async def leave(connection: Connection, tracks: Sequence[RowKey]) -> None:
    """Take the rows of these tracks away, before what stands in `ranked_track` changes."""
    await _change(connection, "leave", tracks)


async def join(connection: Connection, tracks: Sequence[RowKey]) -> None:
    """Make rows for those that stand in `ranked_track` now."""
    await _change(connection, "join", tracks)


async def _change(connection: Connection, query: str, tracks: Sequence[RowKey]) -> None:
    if tracks:
        columns = [account_id for account_id, _ in tracks], [rkey for _, rkey in tracks]
        await connection.execute(SQL[query], *columns)
