"""fm.plyr.stats: figures."""

from __future__ import annotations

from appview.queries.base import VIEWS, Call
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)


async def get_stats(call: Call) -> str:
    """The figures of everything."""
    [row] = await call.reads.rows(SQL["totals"])
    return row["item"]
