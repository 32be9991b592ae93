"""What is counted of plays of tracks: by track, author, tag, day, and in all; and who listens to whom.

Figures are changed by adding, row by row in the order of their keys. The caller has matched the plays, and holds the
locks of their tracks (track_plays.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from indexer.aggregates import heard_days
from indexer.aggregates.counts import SLOTS, Connection
from indexer.aggregates.following import RowKey
from runtime.sql import Queries

SQL = Queries.beside(__file__)
TABLES = ("track_listener", "heard_actor", "heard_tag", "heard_total", *heard_days.TABLES)


class Heard(NamedTuple):
    """A play of a track. `subject`: the track's at-uri; `owner` and `listener`: accounts; `day`: UTC."""

    subject: str
    owner: int
    listener: int
    day: date


async def add(connection: Connection, heard: Mapping[Heard, int]) -> None:
    """Count plays that came, or, where the number is negative, that went."""
    if not heard:
        return
    tracks: Counter[str] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    for each, change in heard.items():
        tracks[each.subject] += change
        pairs[each.owner, each.listener] += change
    tags: Counter[str] = Counter()
    for names, change in await connection.fetch(SQL["add_to_tracks"], *_changes(tracks)):
        tags.update(dict.fromkeys(names, change))
    await _add_to_actors(connection, pairs)
    await _add_to_tags(connection, tags)
    await heard_days.add(connection, heard.items())


async def fall(connection: Connection, tracks: Sequence[RowKey]) -> None:
    """Tracks go; plays that are still matched to them are subtracted later, from all but the tracks and their tags."""
    if tracks:
        rows = await connection.fetch(SQL["fall"], *_columns(tracks, 2))
        await _add_to_tags(connection, _by_tag((tags, -plays) for tags, plays in rows))


async def retag(connection: Connection, tracks: Sequence[tuple[RowKey, Iterable[str]]]) -> None:
    """Tracks are about to get other tags."""
    if not tracks:
        return
    wanted = dict(tracks)
    tags: Counter[str] = Counter()
    for account_id, rkey, old, plays in await connection.fetch(SQL["tagged"], *_columns(wanted, 2)):
        tags.update(_by_tag([(old, -plays), (wanted[account_id, rkey], plays)]))
    await _add_to_tags(connection, tags)


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])
    await connection.execute(SQL["clear_totals"], SLOTS)
    await heard_days.restart(connection)


async def _add_to_actors(connection: Connection, pairs: Counter[tuple[int, int]]) -> None:
    """What authors have been played, and by how many."""
    changed = {pair: change for pair, change in sorted(pairs.items()) if change}
    listeners: Counter[int] = Counter()
    gone: list[tuple[int, int]] = []
    if changed:
        columns = [*_columns(changed, 2), list(changed.values())]
        for owner, listener, left in await connection.fetch(SQL["add_to_listeners"], *columns):
            listeners[owner] += bool(left) - bool(left - changed[owner, listener])
            if not left:
                gone.append((owner, listener))
    if gone:
        await connection.execute(SQL["drop_listeners"], *_columns(gone, 2))
    plays: Counter[int] = Counter()
    for (owner, _), change in changed.items():
        plays[owner] += change
    owners = sorted(owner for owner in plays if plays[owner] or listeners[owner])
    figures = [plays[owner] for owner in owners], [listeners[owner] for owner in owners]
    rows = await connection.fetch(SQL["add_to_actors"], owners, *figures)
    if idle := [owner for owner, anything in rows if not anything]:
        await connection.execute(SQL["drop_actors"], idle)
    totals: Counter[int] = Counter()
    for owner in owners:
        totals[owner % SLOTS] += plays[owner]
    await connection.execute(SQL["add_to_totals"], *_changes(totals))


async def _add_to_tags(connection: Connection, tags: Counter[str]) -> None:
    if any(tags.values()):
        rows = await connection.fetch(SQL["add_to_tags"], *_changes(tags))
        if idle := [tag for tag, plays in rows if not plays]:
            await connection.execute(SQL["drop_tags"], idle)


def _by_tag(changes: Iterable[tuple[Iterable[str], int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for tags, change in changes:
        found.update(dict.fromkeys(tags, change))
    return found


def _changes(counter: Mapping[Any, int]) -> tuple[list[Any], list[int]]:
    changed = {key: change for key, change in counter.items() if change}
    return list(changed), list(changed.values())


def _columns(rows: Iterable[Any], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
