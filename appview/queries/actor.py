"""fm.plyr.actor: accounts, and what they are listening to."""

from __future__ import annotations

from appview.cursors import END_OF_TIME, Listing
from appview.errors import ActorNotFound
from appview.queries.base import VIEWS, Call, every, only, page
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

LISTENERS = Listing("fm.plyr.actor.getListeners", END_OF_TIME, 0)


async def get_profile(call: Call) -> str:
    """One account with its figures."""
    rows = await call.reads.rows_of(SQL["details"], (call.params["actor"],))
    if not rows:
        raise ActorNotFound
    return only("actor", rows)


async def get_now_playing(call: Call) -> str:
    """What one account is listening to."""
    rows = await call.reads.rows_of(SQL["now_playing"], (call.params["actor"],))
    if not rows:
        raise ActorNotFound
    return only("nowPlaying", rows)


async def get_profiles(call: Call) -> str:
    """Several accounts, in the order asked for."""
    return every("actors", await call.reads.rows(SQL["profiles"], call.params["actors"]))


async def get_listeners(call: Call) -> str:
    """Who is listening now."""
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["listeners"], *call.after(LISTENERS), limit + 1)
    return page("listeners", rows, limit, LISTENERS)
