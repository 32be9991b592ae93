"""fm.plyr.stats: figures."""

from __future__ import annotations

from appview.errors import ActorNotFound
from appview.queries.base import VIEWS, Call, both, every
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)
TOP = 10


async def get_stats(call: Call) -> str:
    """The figures of everything."""
    [row] = await call.reads.rows(SQL["totals"])
    return row["item"]


async def get_histogram(call: Call) -> str:
    """One figure by day, of everything or of what concerns one account."""
    metric, days, actor = call.params["metric"], call.params["days"], call.params.get("actor")
    if actor is None:
        return every("points", await call.reads.rows(SQL["days"], metric, days))
    rows = await call.reads.rows(SQL["actor_days"], metric, days, actor)
    if not rows:
        raise ActorNotFound
    return every("points", rows)


async def get_actor_stats(call: Call) -> str:
    """The figures of one account, its most popular tracks, and what these days have brought."""
    rows = await call.reads.rows(SQL["actor"], call.params["actor"], call.params["days"])
    if not rows:
        raise ActorNotFound
    tracks = await call.reads.rows(SQL["popular_tracks"], rows[0]["account_id"], TOP, call.viewer_id)
    return both(rows[0]["item"], every("tracks", tracks))
