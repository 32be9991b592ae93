"""What people do: fm.plyr.feed.getActivity and getActorLikes.

The stream of activity is merged from the newest of each kind when it is read, each by an index of its own. Of one
moment and account the kinds follow each other in the order of `RANKS`, the highest first.
"""

from __future__ import annotations

from appview.cursors import END_OF_TIME, Listing
from appview.errors import ActorNotFound
from appview.queries.base import VIEWS, Call, page
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

RANKS = {"like": 1, "comment": 2, "list": 3, "track": 4, "join": 5}
EVERYBODYS = Listing("fm.plyr.feed.getActivity", END_OF_TIME, 0, 0, "")
ACTORS = Listing("fm.plyr.feed.getActivity actor", END_OF_TIME, 0, "")
LIKES = Listing("fm.plyr.feed.getActorLikes", END_OF_TIME, "")


async def get_activity(call: Call) -> str:
    """What everybody does, or one account."""
    limit = call.params["limit"]
    kinds: list[str] = call.params.get("kinds") or list(RANKS)
    if "actor" not in call.params:
        rows = await call.reads.rows(SQL["activity"], kinds, *call.after(EVERYBODYS), limit + 1, call.viewer_id)
        return page("items", rows, limit, EVERYBODYS)
    after = call.after(ACTORS)
    rows = await call.reads.rows(SQL["actor_activity"], call.params["actor"], kinds, *after, limit + 1, call.viewer_id)
    if not rows:
        raise ActorNotFound
    return page("items", rows, limit, ACTORS)


async def get_actor_likes(call: Call) -> str:
    """The tracks that one account likes."""
    limit = call.params["limit"]
    rows = await call.reads.rows(
        SQL["actor_likes"], call.params["actor"], *call.after(LIKES), limit + 1, call.viewer_id
    )
    if not rows:
        raise ActorNotFound
    return page("tracks", rows, limit, LIKES)
