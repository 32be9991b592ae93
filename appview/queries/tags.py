"""fm.plyr.tag: tags, and the tracks that have one."""

from __future__ import annotations

from appview.cursors import END_OF_TIME, MOST, Listing
from appview.queries.base import VIEWS, Call, page
from protocol.text import tag
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

FEWEST = -(1 << 63)
MOST_TRACKS = Listing("fm.plyr.tag.getTags", FEWEST, "")
NEWEST = Listing("fm.plyr.tag.getTagTracks newest", END_OF_TIME, 0, "")
POPULAR = Listing("fm.plyr.tag.getTagTracks popular", MOST, MOST, END_OF_TIME, 0, "")


async def get_tags(call: Call) -> str:
    """Tags by how many tracks have them."""
    limit = call.params["limit"]
    rest = (*call.after(MOST_TRACKS), limit + 1)
    if beginning := tag(call.params.get("q", "")):
        rows = await call.reads.rows(SQL["tags_beginning"], beginning, *rest)
    else:
        rows = await call.reads.rows(SQL["tags"], *rest)
    return page("tags", rows, limit, MOST_TRACKS)


async def get_tag_tracks(call: Call) -> str:
    """The tracks with a tag; none for one that nobody uses."""
    limit = call.params["limit"]
    if call.params["sort"] == "popular":
        query, listing = SQL["popular_tracks"], POPULAR
    else:
        query, listing = SQL["newest_tracks"], NEWEST
    rows = await call.reads.rows(query, tag(call.params["tag"]), *call.after(listing), limit + 1, call.viewer_id)
    return page("tracks", rows, limit, listing)
