"""What an item is called: as most of its plays name it.

Part of the follower `played`. That name stands with the item, and only other ones are counted in rows of their own, so
that a play that names its item like the others costs nothing here. By the credits of all its names an item belongs to
artists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from indexer.aggregates.counts import Connection
from indexer.aggregates.heard import Changed, Name
from runtime.sql import Queries

SQL: Final = Queries.beside(__file__)


class Renaming(NamedTuple):
    """`before`: plays by the names that had rows of their own; `name`, `after`: what is to be."""

    item: Changed
    before: Mapping[Name, int]
    name: Name
    after: Mapping[Name, int]


def best(names: Mapping[Name, int]) -> Name:
    """The name of most plays, of equals the first by bytes; one that is none only if there is no other."""
    return min(names, key=lambda each: (not each[0], -names[each], each[0].encode(), each[1].encode()))


async def write(connection: Connection, items: Sequence[Changed]) -> None:
    """Follow the names of these items, whose plays have been counted."""
    touched = [item for item in items if _may_change(item)]
    renamings = await _renamings(connection, touched) if touched else []
    if renamings:
        await _rename(connection, renamings)
    fresh = {item.id for item in items if not item.plays and sum(item.heard.slots)}
    credited = {each.item.id for each in renamings if _credits_otherwise(each)}
    if changed := sorted(fresh | credited):
        await connection.execute(SQL["link"], changed)


def _may_change(item: Changed) -> bool:
    """Unless all that comes is named as the item is."""
    named = item.heard.names
    return any(number for name, number in named.items() if name != item.name) or (
        item.other_plays > 0 and named.get(item.name, 0) < 0
    )


async def _renamings(connection: Connection, items: Sequence[Changed]) -> list[Renaming]:
    others: defaultdict[int, dict[Name, int]] = defaultdict(dict)
    for item_id, plays, name, credit in await connection.fetch(SQL["other_names"], [item.id for item in items]):
        others[item_id][name, credit] = plays
    return [_renaming(item, others[item.id]) for item in items]


def _renaming(item: Changed, before: Mapping[Name, int]) -> Renaming:
    counts = {**before, item.name: item.plays - item.other_plays}
    for name, number in item.heard.names.items():
        counts[name] = counts.get(name, 0) + number
    left = {name: number for name, number in counts.items() if number}
    name = best(left) if left else item.name
    left.pop(name, None)
    return Renaming(item, before, name, left)


async def _rename(connection: Connection, renamings: Sequence[Renaming]) -> None:
    gone = [(each.item.id, *name) for each in renamings for name in _changed(each.before, each.after)]
    come = [(each.item.id, *name, each.after[name]) for each in renamings for name in _changed(each.after, each.before)]
    if gone:
        await connection.execute(SQL["drop_names"], *zip(*gone, strict=True))
    if come:
        await connection.execute(SQL["add_names"], *zip(*come, strict=True))
    rows = [(each.item.id, *each.name, sum(each.after.values())) for each in renamings]
    await connection.execute(SQL["rename"], *zip(*rows, strict=True))


def _changed(names: Mapping[Name, int], others: Mapping[Name, int]) -> list[Name]:
    return [name for name, plays in names.items() if others.get(name) != plays]


def _credits_otherwise(each: Renaming) -> bool:
    before = {credit for _, credit in (each.item.name, *each.before)}
    return before != {credit for _, credit in (each.name, *each.after)}
