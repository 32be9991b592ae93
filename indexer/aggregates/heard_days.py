"""Plays of tracks by their day (UTC): of each track, and in all, with who listened.

Sums, changed row by row in the order of their keys by whoever changes what is counted of plays (track_figures.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from indexer.aggregates.sums import SLOTS, Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)
TABLES = ("heard_day", "listener_day", "heard_total_day")


async def add(connection: Connection, heard: Iterable[tuple[tuple[str, int, int, date], int]]) -> None:
    """Count plays (track, author, listener, day) that came, or, where the number is negative, that went."""
    tracks: Counter[tuple[str, date]] = Counter()
    listeners: Counter[tuple[int, date]] = Counter()
    totals: Counter[tuple[date, int]] = Counter()
    for (subject, _, listener, day), change in heard:
        tracks[subject, day] += change
        listeners[listener, day] += change
        totals[day, listener % SLOTS] += change
    if rows := _changes(tracks):
        idle = await connection.fetch(SQL["add_to_tracks"], *_columns(rows, 3))
        if idle:
            await connection.execute(SQL["drop_tracks"], *_columns(idle, 2))
    came: Counter[tuple[date, int]] = Counter()
    if rows := _changes(listeners):
        gone: list[tuple[int, date]] = []
        for listener, day, left in await connection.fetch(SQL["add_to_listeners"], *_columns(rows, 3)):
            came[day, listener % SLOTS] += bool(left) - bool(left - listeners[listener, day])
            if not left:
                gone.append((listener, day))
        if gone:
            await connection.execute(SQL["drop_listeners"], *_columns(gone, 2))
    sums = [(*key, totals[key], came[key]) for key in sorted(totals) if totals[key] or came[key]]
    if sums:
        idle = await connection.fetch(SQL["add_to_totals"], *_columns(sums, 4))
        if idle:
            await connection.execute(SQL["drop_totals"], *_columns(idle, 2))


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])


def _changes(counter: Mapping[tuple[Any, date], int]) -> list[tuple[Any, date, int]]:
    return [(*key, change) for key, change in sorted(counter.items()) if change]


def _columns(rows: Iterable[Any], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
