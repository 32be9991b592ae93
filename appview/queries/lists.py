"""fm.plyr.list: lists, and what stands on them."""

from __future__ import annotations

from appview.cursors import END_OF_TIME, Listing
from appview.errors import ActorNotFound, ListNotFound, TrackNotFound
from appview.queries.base import VIEWS, Call, both, only, page, uri_parts
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

ITEMS = Listing("fm.plyr.list.getList", -1)
BY_ACTOR = Listing("fm.plyr.list.getActorLists", END_OF_TIME, "")
WITH_TRACK = Listing("fm.plyr.list.getListsWithTrack", END_OF_TIME, 0, "")


async def get_list(call: Call) -> str:
    """One list, and what shows of it."""
    limit = call.params["limit"]
    after = call.after(ITEMS)
    found = await call.reads.rows_of(SQL["lists"], uri_parts(call.params["uri"]))
    if not found:
        raise ListNotFound
    key = found[0]["account_id"], found[0]["rkey"]
    rows = await call.reads.rows(SQL["items"], *key, *after, limit + 1, call.viewer_id)
    return both(only("list", found), page("items", rows, limit, ITEMS))


async def get_actor_lists(call: Call) -> str:
    """One account's lists."""
    limit, kind = call.params["limit"], call.params.get("listType")
    rest = (*call.after(BY_ACTOR), limit + 1)
    if kind is None:
        rows = await call.reads.rows(SQL["actor_lists"], call.params["actor"], *rest)
    else:
        rows = await call.reads.rows(SQL["actor_lists_of_type"], call.params["actor"], kind, *rest)
    if not rows:
        raise ActorNotFound
    return page("lists", rows, limit, BY_ACTOR)


async def get_lists_with_track(call: Call) -> str:
    """The lists on which a track stands."""
    limit, kind = call.params["limit"], call.params.get("listType")
    parts = uri_parts(call.params["uri"])
    rows = await call.reads.rows(SQL["lists_with_track"], *parts, kind, *call.after(WITH_TRACK), limit + 1)
    if not rows:
        raise TrackNotFound
    return page("lists", rows, limit, WITH_TRACK)
