"""fm.teal.stats: charts under teal's names; the same for fm.teal.alpha. They read what fm.plyr.scrobble reads."""

from __future__ import annotations

from appview.cursors import MOST, Listing
from appview.errors import ActorNotFound
from appview.queries.base import VIEWS, Call, page
from appview.queries.scrobble import LAST, Kind
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

CHARTS: dict[Kind, Listing] = {kind: Listing(f"fm.teal.stats top {kind}", MOST, 0) for kind in ("artist", "release")}
OWN_CHARTS: dict[Kind, Listing] = {
    kind: Listing(f"fm.teal.stats user's top {kind}", MOST, LAST) for kind in ("artist", "release")
}


async def get_top(call: Call, *, kind: Kind) -> str:
    """What everybody has played most."""
    period, limit, listing = call.params["period"], call.params["limit"], CHARTS[kind]
    rows = await call.reads.rows(SQL["top"], kind, period, *call.after(listing), limit + 1)
    return page(f"{kind}s", rows, limit, listing)


async def get_user_top(call: Call, *, kind: Kind) -> str:
    """What one account has played most."""
    period, limit, listing = call.params["period"], call.params["limit"], OWN_CHARTS[kind]
    given = (call.params["actor"], kind, period)
    rows = await call.reads.rows(SQL["user_top"], *given, *call.after(listing), limit + 1)
    if not rows:
        raise ActorNotFound
    return page(f"{kind}s", rows, limit, listing)
