"""What somebody may like, by what others like.

The likes are followed when it is asked, a bounded number of the newest: a table of pairs of tracks would have to be
changed for every other like of whoever likes something, and again whenever an account is hidden.
"""

from __future__ import annotations

from appview.errors import TrackNotFound
from appview.queries.base import VIEWS, Call, every
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)


async def get_similar_tracks(call: Call) -> str:
    """What those who like a track also like."""
    uri, limit = call.params["uri"], call.params["limit"]
    parts = uri.authority, uri.collection or "", uri.rkey or ""
    rows = await call.reads.rows(SQL["similar_tracks"], *parts, limit, call.viewer_id)
    if not rows:
        raise TrackNotFound
    return every("tracks", [row for row in rows if row["item"]])
