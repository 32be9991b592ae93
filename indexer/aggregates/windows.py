"""The windows of the charts: where each begins, and how it moves on at midnight.

`chart_window` says where they begin. Whoever counts plays by windows does so under `held`, which gives the edges and
keeps them where they are until the transaction ends; whoever moves an edge takes out of the window what the edge
passes, in the same transaction. So a window holds what it says at every commit, in the middle of a move as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from indexer.aggregates.counts import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)
DAYS: Final = (365, 180, 90, 61, 30, 15, 7, 3, 1)
MINUTE: Final = timedelta(minutes=1)


class Chart(NamedTuple):
    """What counts by windows. `reach`: some events on from an edge, a moment up to which that may move in one go, None
    when there are fewer before the second moment. `leave`: take out of a window what happened between two moments."""

    reach: Callable[[Connection, datetime, datetime], Awaitable[datetime | None]]
    leave: Callable[[Connection, int, datetime, datetime], Awaitable[None]]


async def step(connection: Connection, charts: Sequence[Chart], now: datetime, patience: float) -> bool:
    """Move one edge a little towards where it has to be, in the caller's transaction; whether there was any to move.

    The latest edge goes first, so that none ever passes another, however late they are: who counts by windows reads off
    them in how many of these a moment is. Waits at most `patience` seconds for those who count: whoever comes to count
    meanwhile waits too.
    """
    edges = await moving(connection, patience)
    return await _toward(connection, charts, edges, {days: wanted(days, now) for days in edges})


async def keep_up(connection: Connection, charts: Sequence[Chart]) -> bool:
    """Move one edge of tables that are being made a little towards where it is in those that serve; whether there was
    any to move. Nobody else writes these tables."""
    serving = {row["days"]: row["since"] for row in await connection.fetch(SQL["serving"])}
    return await _toward(connection, charts, await _edges(connection), serving)


async def _toward(
    connection: Connection,
    charts: Sequence[Chart],
    edges: Mapping[int, datetime],
    goals: Mapping[int, datetime],
) -> bool:
    late = [(days, edges[days]) for days, goal in goals.items() if days in edges and edges[days] < goal]
    if not late:
        return False
    days, since = min(late)
    until = goals[days]
    for chart in charts:
        if found := await chart.reach(connection, since, until):
            until = max(since + MINUTE, found.replace(second=0, microsecond=0))
    for chart in charts:
        await chart.leave(connection, days, since, until)
    await connection.execute(SQL["move"], days, until)
    return True


async def hold(connection: Connection) -> None:
    """Nobody moves an edge before the transaction ends."""
    await connection.execute(SQL["hold"])


async def held(connection: Connection) -> Mapping[int, datetime]:
    """Where each window begins, by its days; nobody moves an edge before the transaction ends."""
    await hold(connection)
    return await _edges(connection)


async def moving(connection: Connection, patience: float) -> Mapping[int, datetime]:
    """The same for whoever is about to move an edge: nobody counts by windows before the transaction ends."""
    await connection.execute(SQL["set_patience"], f"{patience * 1_000:.0f}ms")
    await connection.execute(SQL["hold_alone"])
    return await _edges(connection)


async def restart(connection: Connection) -> None:
    """New tables begin with the windows of those that serve, if there are any."""
    await connection.execute(SQL["copy"], DAYS)


def wanted(days: int, now: datetime) -> datetime:
    """Where a window has to begin."""
    return datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC) - timedelta(days=days)


async def _edges(connection: Connection) -> Mapping[int, datetime]:
    return {row["days"]: row["since"] for row in await connection.fetch(SQL["edges"])}
