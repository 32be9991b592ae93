"""fm.teal.feed: what people have listened to, wherever; stable and alpha records as one."""

from __future__ import annotations

from uuid import UUID

from appview.cursors import END_OF_TIME, Listing
from appview.errors import ActorNotFound
from appview.queries.base import VIEWS, Call, page
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

LIMIT_MAX = 100
PLAYS = Listing("fm.teal.feed.getActorFeed", END_OF_TIME, UUID(int=0))


async def get_actor_feed(call: Call) -> str:
    """One account's plays. As published, the lexicon does not bound `limit`; we do."""
    limit = min(max(call.params["limit"], 1), LIMIT_MAX)
    rows = await call.reads.rows(SQL["actor_plays"], call.params["authorDID"], *call.after(PLAYS), limit + 1)
    if not rows:
        raise ActorNotFound
    return page("plays", rows, limit, PLAYS)
