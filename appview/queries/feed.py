"""fm.plyr.feed: tracks, and who likes and discusses them."""

from __future__ import annotations

from collections.abc import Iterable

from appview.cursors import END_OF_TIME, EPOCH, MOST, Listing
from appview.errors import ActorNotFound, TrackNotFound
from appview.queries.base import VIEWS, Call, one, page, several, uri_parts
from protocol.text import tag
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

LATEST = Listing("fm.plyr.feed.getLatestTracks", END_OF_TIME, 0, "")
ACTOR_NEWEST = Listing("fm.plyr.feed.getActorTracks newest", END_OF_TIME, "")
ACTOR_POPULAR = Listing("fm.plyr.feed.getActorTracks popular", MOST, MOST, END_OF_TIME, "")
LIKES = Listing("fm.plyr.feed.getTrackLikes", END_OF_TIME, 0, "")
COMMENTS_BY_POSITION = Listing("fm.plyr.feed.getComments position", -1, EPOCH, 0, "")
COMMENTS_BY_TIME = Listing("fm.plyr.feed.getComments newest", END_OF_TIME, 0, "")


async def get_track(call: Call) -> str:
    """One track."""
    [view] = await call.reads.views_of(SQL["tracks"], [uri_parts(call.params["uri"])], call.viewer_id)
    if view is None:
        raise TrackNotFound
    return one("track", view)


async def get_tracks(call: Call) -> str:
    """Several tracks, in the order asked for."""
    keys = [uri_parts(uri) for uri in call.params["uris"]]
    views = await call.reads.views_of(SQL["tracks"], keys, call.viewer_id)
    return several("tracks", [view for view in views if view is not None])


async def get_latest_tracks(call: Call) -> str:
    """Everybody's tracks."""
    limit = call.params["limit"]
    tags, excluded = _tags(call, "tags"), _tags(call, "excludeTags")
    rest = (excluded, *call.after(LATEST), limit + 1, call.viewer_id)
    if tags:
        rows = await call.reads.rows(SQL["latest_tagged_tracks"], tags, *rest)
    else:
        rows = await call.reads.rows(SQL["latest_tracks"], *rest)
    return page("tracks", rows, limit, LATEST)


async def get_actor_tracks(call: Call) -> str:
    """One account's tracks."""
    limit = call.params["limit"]
    if call.params["sort"] == "popular":
        query, listing = SQL["popular_actor_tracks"], ACTOR_POPULAR
    else:
        query, listing = SQL["actor_tracks"], ACTOR_NEWEST
    tags, excluded = _tags(call, "tags"), _tags(call, "excludeTags")
    after = call.after(listing)
    rows = await call.reads.rows(query, call.params["actor"], tags, excluded, *after, limit + 1, call.viewer_id)
    if not rows:
        raise ActorNotFound
    return page("tracks", rows, limit, listing)


async def get_track_likes(call: Call) -> str:
    """Who likes a track."""
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["track_likes"], *uri_parts(call.params["uri"]), *call.after(LIKES), limit + 1)
    if not rows:
        raise TrackNotFound
    return page("likes", rows, limit, LIKES)


async def get_comments(call: Call) -> str:
    """What is said about a track."""
    limit = call.params["limit"]
    if call.params["sort"] == "newest":
        query, listing = SQL["comments_by_time"], COMMENTS_BY_TIME
    else:
        query, listing = SQL["comments_by_position"], COMMENTS_BY_POSITION
    rows = await call.reads.rows(query, *uri_parts(call.params["uri"]), *call.after(listing), limit + 1)
    if not rows:
        raise TrackNotFound
    return page("comments", rows, limit, listing)


def _tags(call: Call, name: str) -> list[str]:
    """Tags in the form in which they are stored."""
    names: Iterable[str] = call.params.get(name, ())
    return [tag(text) for text in names]
