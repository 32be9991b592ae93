"""fm.teal.actor: accounts as teal shows them, by teal's profile first. `alpha` asks for the names of fm.teal.alpha."""

from __future__ import annotations

from appview.cursors import Listing
from appview.errors import ActorNotFound
from appview.queries.base import VIEWS, Call, every, only, page
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

FOUND = Listing("fm.teal.actor.searchActors", 0, 0, "")


async def get_profile(call: Call, *, alpha: bool = False) -> str:
    """One account."""
    rows = await call.reads.rows_of(SQL["profile"], (call.params["actor"],), alpha)
    if not rows:
        raise ActorNotFound
    return only("actor", rows)


async def get_profiles(call: Call) -> str:
    """Several accounts, in the order asked for."""
    return every("actors", await call.reads.rows(SQL["profiles"], call.params["actors"]))


async def search_actors(call: Call) -> str:
    """Accounts by the beginning of their handle or name."""
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["search"], call.params["q"], *call.after(FOUND), limit + 1)
    return page("actors", rows, limit, FOUND)


async def get_status(call: Call) -> str:
    """What one account is listening to; of the stable generation alone."""
    rows = await call.reads.rows_of(SQL["status"], (call.params["actor"],))
    if not rows:
        raise ActorNotFound
    return rows[0]["item"]
