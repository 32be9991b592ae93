"""fm.plyr.feed: the tracks that are liked and played most, and those that are so more than before.

A period is whole days (UTC): so many before today, and what there is of today. Its figures are kept, as those of all
time are, so that a page is read as it stands.
"""

from __future__ import annotations

from appview.cursors import MOST, Listing
from appview.queries.base import VIEWS, Call, every, page
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

PERIODS = {"day": 1, "week": 7, "month": 30, "year": 365}


async def get_top_tracks(call: Call) -> str:
    """The tracks that are liked, or played, most."""
    by, period, limit = call.params["by"], call.params["period"], call.params["limit"]
    listing = Listing(f"fm.plyr.feed.getTopTracks {by} {period}", MOST, 0, "")
    query = f"most_{by}_of_{PERIODS[period]}" if period in PERIODS else f"most_{by}"
    rows = await call.reads.rows(SQL[query], *call.after(listing), limit + 1, call.viewer_id)
    return page("tracks", rows, limit, listing)


async def get_trending_tracks(call: Call) -> str:
    """The tracks that are liked and played more than before."""
    days = PERIODS[call.params["period"]]
    return every("tracks", await call.reads.rows(SQL[f"trending_{days}"], call.params["limit"], call.viewer_id))
