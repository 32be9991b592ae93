"""fm.teal.feed and fm.teal.stats: what people have listened to, wherever; stable and alpha records as one.

Both generations of the methods are served, and differ in the names of two fields of a play: `alpha` asks for those of
fm.teal.alpha.
"""

from __future__ import annotations

from uuid import UUID

from appview.cursors import END_OF_TIME, Listing
from appview.errors import ActorNotFound, PlayNotFound
from appview.queries.base import VIEWS, Call, only, page
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

LIMIT_MAX = 100
PLAYS = Listing("fm.teal.feed.getActorFeed", END_OF_TIME, UUID(int=0))
LATEST = Listing("fm.teal.stats.getLatest", END_OF_TIME, 0, UUID(int=0))


async def get_actor_feed(call: Call, *, alpha: bool = False) -> str:
    """One account's plays. As published, the lexicon does not bound `limit`; we do."""
    limit = min(max(call.params["limit"], 1), LIMIT_MAX)
    rows = await call.reads.rows(SQL["actor_plays"], call.params["authorDID"], *call.after(PLAYS), limit + 1, alpha)
    if not rows:
        raise ActorNotFound
    return page("plays", rows, limit, PLAYS)


async def get_play(call: Call, *, alpha: bool = False) -> str:
    """One play."""
    rows = await call.reads.rows_of(SQL["play"], (call.params["authorDID"], call.params["rkey"]), alpha)
    if not rows:
        raise PlayNotFound
    return only("play", rows)


async def get_latest(call: Call, *, alpha: bool = False) -> str:
    """Everybody's plays."""
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["latest_plays"], *call.after(LATEST), limit + 1, alpha)
    return page("plays", rows, limit, LATEST)
