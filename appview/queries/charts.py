"""fm.plyr.feed: the tracks that are liked and played most, and those that are so more than before.

A period is whole days (UTC): so many before today, and what there is of today. It is summed from the days of what
happened in it when it is asked for; all time is kept as it is given out.
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
    rest = (*call.after(listing), limit + 1, call.viewer_id)
    if period in PERIODS:
        rows = await call.reads.rows(SQL[f"most_{by}_of_days"], PERIODS[period], *rest)
    else:
        rows = await call.reads.rows(SQL[f"most_{by}"], *rest)
    return page("tracks", rows, limit, listing)


async def get_trending_tracks(call: Call) -> str:
    """The tracks that are liked and played more than before."""
    days = PERIODS[call.params["period"]]
    return every("tracks", await call.reads.rows(SQL["trending"], days, call.params["limit"], call.viewer_id))
