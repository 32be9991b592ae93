"""What somebody may like, by what others like: fm.plyr.feed.getSimilarTracks and getForYou.

Both follow the likes when they are asked, a bounded number of the newest: a table of pairs of tracks would have to be
changed for every other like of whoever likes something, and again whenever an account is hidden.
"""

from __future__ import annotations

from appview.cursors import MOST, Listing
from appview.errors import AuthMissing, TrackNotFound
from appview.queries.base import VIEWS, Call, every, page, uri_parts
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

FOR_YOU = Listing("fm.plyr.feed.getForYou", MOST, MOST, "")


async def get_similar_tracks(call: Call) -> str:
    """What those who like a track also like."""
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["similar_tracks"], *uri_parts(call.params["uri"]), limit, call.viewer_id)
    if not rows:
        raise TrackNotFound
    return every("tracks", [row for row in rows if row["item"]])


async def get_for_you(call: Call) -> str:
    """What those who share the viewer's likes also like."""
    if call.viewer is None:
        raise AuthMissing
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["for_you"], call.viewer_id, *call.after(FOR_YOU), limit + 1)
    return page("tracks", rows, limit, FOR_YOU)
