"""fm.plyr.actor: accounts, and what they are listening to."""

from __future__ import annotations

from appview.errors import ActorNotFound
from appview.queries.base import VIEWS, Call, only
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)


async def get_profile(call: Call) -> str:
    """One account with its figures."""
    rows = await call.reads.rows(SQL["profile"], call.params["actor"])
    if not rows:
        raise ActorNotFound
    return only("actor", rows)


async def get_now_playing(call: Call) -> str:
    """What one account is listening to."""
    rows = await call.reads.rows(SQL["now_playing"], call.params["actor"])
    if not rows:
        raise ActorNotFound
    return only("nowPlaying", rows)
