"""fm.plyr.tag: tags, and the tracks that have one."""

from __future__ import annotations

from appview.cursors import Listing
from appview.queries.base import VIEWS, Call, page
from protocol.text import tag
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

FEWEST = -(1 << 63)
MOST_TRACKS = Listing("fm.plyr.tag.getTags", FEWEST, "")


async def get_tags(call: Call) -> str:
    """Tags by how many tracks have them."""
    limit = call.params["limit"]
    rest = (*call.after(MOST_TRACKS), limit + 1)
    if beginning := tag(call.params.get("q", "")):
        rows = await call.reads.rows(SQL["tags_beginning"], beginning, *rest)
    else:
        rows = await call.reads.rows(SQL["tags"], *rest)
    return page("tags", rows, limit, MOST_TRACKS)
