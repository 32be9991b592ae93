"""What an item is called: as most of its plays name it.

Part of the follower `played`. That name stands with the item, and only other ones are counted in rows of their own, so
that a play that names its item like the others costs nothing here. By the credits of all its names an item belongs to
artists.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import orjson

from indexer.aggregates import played_words
from indexer.aggregates.counts import Connection
from indexer.aggregates.heard import Changed, Name
from runtime.sql import Queries

SQL: Final = Queries.beside(__file__)


Names: TypeAlias = Mapping[Name, int]
"""Names, and how many plays give them."""


class Renaming(NamedTuple):
    """`before`: the names that had rows of their own; `name`, `after`: what is to be."""

    item: Changed
    before: Names
    name: Name
    after: Names


def best(names: Names) -> Name:
    """The name of most plays, of equals the first by bytes; one that is none only if there is no other."""
    return min(names, key=lambda each: (not each[0], -names[each], each[0].encode(), each[1].encode()))


def weight(plays: int) -> int:
    """How much a name weighs among others that are the same, as `played` has it."""
    return plays.bit_length() // 2


async def write(connection: Connection, items: Sequence[Changed], words: Counter[str]) -> None:
    """Follow the names of these items, whose plays have been counted; `words` notes those that come and go."""
    renamings = await _renamings(connection, [item for item in items if _may_change(item)])
    await _count_names(connection, renamings)
    await _rename(connection, items, renamings, words)
    await _link(connection, items)
    if credited := [each.item.id for each in renamings if not each.item.fresh and _credits_otherwise(each)]:
        await connection.execute(SQL["link"], sorted(credited))


def _may_change(item: Changed) -> bool:
    """Unless all that comes is named as the item is."""
    named = item.heard.names
    return any(number for name, number in named.items() if name != item.name) or (
        item.other_plays > 0 and named.get(item.name, 0) < 0
    )


async def _renamings(connection: Connection, items: Sequence[Changed]) -> list[Renaming]:
    others: defaultdict[int, dict[Name, int]] = defaultdict(dict)
    if elsewhere := [item.id for item in items if item.other_plays]:
        for item_id, plays, name, credit in await connection.fetch(SQL["other_names"], elsewhere):
            others[item_id][name, credit] = plays
    return [_renaming(item, others[item.id]) for item in items]


def _renaming(item: Changed, before: Names) -> Renaming:
    counts = {**before, item.name: item.plays - item.other_plays}
    for name, number in item.heard.names.items():
        counts[name] = counts.get(name, 0) + number
    left = {name: number for name, number in counts.items() if number}
    name = best(left) if left else item.name
    left.pop(name, None)
    return Renaming(item, before, name, left)


async def _count_names(connection: Connection, renamings: Sequence[Renaming]) -> None:
    """Bring the rows of other names to what they are to be."""
    gone = [(each.item.id, *name) for each in renamings for name in each.before if name not in each.after]
    come: list[tuple[int, str, str, int]] = []
    counted: list[tuple[int, str, str, int]] = []
    for each in renamings:
        for name, plays in each.after.items():
            if name not in each.before:
                come.append((each.item.id, *name, plays))
            elif plays != each.before[name]:
                counted.append((each.item.id, *name, plays))
    if gone:
        await connection.execute(SQL["drop_names"], *zip(*gone, strict=True))
    if counted:
        await connection.execute(SQL["count_names"], *zip(*counted, strict=True))
    if come:
        await connection.copy_records_to_table("played_name", records=come, columns=("item", "name", "credit", "plays"))


async def _rename(
    connection: Connection, items: Sequence[Changed], renamings: Sequence[Renaming], words: Counter[str]
) -> None:
    """Write what stands with the items, unless they were just added with it."""
    wanted = {each.item.id: (each.name, sum(each.after.values())) for each in renamings}
    weighed: list[tuple[int, int, int]] = []
    renamed: dict[int, Name] = {}
    for item in items:
        if item.fresh:
            continue
        heavy = weight(item.plays + sum(item.heard.slots))
        name, other_plays = wanted.get(item.id, (item.name, item.other_plays))
        if name != item.name:
            renamed[item.id] = name
        if other_plays != item.other_plays or heavy != weight(item.plays):
            weighed.append((item.id, other_plays, heavy))
    if weighed:
        await connection.execute(SQL["weigh"], *zip(*weighed, strict=True))
    if renamed:
        documents = await played_words.documents(list(renamed.values()))
        names = zip(*renamed.values(), strict=True)
        found = [each.name for each in documents], [each.tsvector for each in documents]
        for row in await connection.fetch(SQL["rename"], list(renamed), *names, *found):
            words.subtract(row["before"] or ())
        for each in documents:
            words.update(each.words)


async def _link(connection: Connection, items: Sequence[Changed]) -> None:
    """Put recordings and releases that were just added to their artists, all of which are among the items."""
    artists = {item.key: item.id for item in items if item.kind == "artist"}
    links = {
        (artists[key], item.kind, item.id)
        for item in items
        if item.fresh
        for (_, credit), plays in item.heard.names.items()
        if plays and credit
        for _, key in orjson.loads(credit)
    }
    if links:
        await connection.copy_records_to_table("played_by", records=sorted(links), columns=("artist", "kind", "item"))


def _credits_otherwise(each: Renaming) -> bool:
    before = {credit for _, credit in (each.item.name, *each.before)}
    return before != {credit for _, credit in (each.name, *each.after)}
