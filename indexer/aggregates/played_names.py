"""What an item is called: as most of its plays name it.

Part of the follower `played`. That name stands with the item, and only other ones are counted in rows of their own, so
that a play that names its item like the others costs nothing here. However many they are, only those are read that a
batch gives more or less plays, and where the item's own name loses some, the first of the others. By the credits of all
its names an item belongs to artists: `played_by` counts how many credit each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from indexer.aggregates import played_words
from indexer.aggregates.counts import Connection
from indexer.aggregates.heard import Changed, Key, Kind, Name
from protocol.played import name_hash
from runtime.sql import Queries

SQL: Final = Queries.beside(__file__)
COLUMNS: Final = ("item", "key", "name", "credit", "plays")

Names: TypeAlias = Mapping[Name, int]
"""Names, and how many plays give them."""
Others: TypeAlias = defaultdict[int, dict[Name, int]]
"""The same of some items, by id, without their own."""
Link: TypeAlias = tuple[int, Kind, int]
"""By the key of `played_by`."""


class Renaming(NamedTuple):
    """`own`: how many plays call it as before; `name`, `plays`: what it is to be called, and by how many."""

    item: Changed
    own: int
    name: Name
    plays: int


def key_of(name: Name) -> Key:
    """32 hex digits that stand for a name and its credit, which holds no line break."""
    return sha256("\n".join(name).encode()).hexdigest()[:32]


def best(names: Names) -> Name:
    """The name of most plays, of equals the first by key; one that is none only if there is no other."""
    return min(names, key=lambda each: (not each[0], -names[each], key_of(each)))


def weight(plays: int) -> int:
    """How much a name weighs among others that are the same, as `played` has it."""
    return plays.bit_length() // 2


async def write(connection: Connection, items: Sequence[Changed], words: Counter[str]) -> None:
    """Follow the names of these items, whose plays have been counted; `words` notes those that come and go."""
    changed = [item for item in items if _may_change(item)]
    counted = await _count_names(connection, changed)
    leading = await _leading(connection, [item for item in changed if item.heard.names.get(item.name, 0) < 0])
    renamings = [_renaming(item, leading[item.id] | counted[item.id]) for item in changed]
    await _exchange(connection, renamings, counted)
    await _rename(connection, items, renamings, words)
    await _link(connection, items, renamings, counted)


def _may_change(item: Changed) -> bool:
    """Unless all that comes is named as the item is."""
    named = item.heard.names
    return any(number for name, number in named.items() if name != item.name) or (
        item.other_plays > 0 and named.get(item.name, 0) < 0
    )


async def _count_names(connection: Connection, items: Sequence[Changed]) -> Others:
    """Count other names in their rows. Gives how many plays there are now, 0 for names that are to go."""
    named = [
        (item.id, key_of(name), *name, number)
        for item in items
        for name, number in item.heard.names.items()
        if number and name != item.name
    ]
    return await _others(connection, "count_names", zip(*named, strict=True)) if named else defaultdict(dict)


async def _leading(connection: Connection, items: Sequence[Changed]) -> Others:
    """The first of the other names, of items whose own has lost plays: before any other one only those may have come
    that were counted."""
    return await _others(connection, "leading", [[item.id for item in items]]) if items else defaultdict(dict)


async def _others(connection: Connection, query: str, values: Iterable[Sequence[Any]]) -> Others:
    others: Others = defaultdict(dict)
    for item_id, name, credit, plays in await connection.fetch(SQL[query], *values):
        others[item_id][name, credit] = plays
    return others


def _renaming(item: Changed, others: Names) -> Renaming:
    own = item.plays - item.other_plays + item.heard.names.get(item.name, 0)
    names = {name: plays for name, plays in {item.name: own, **others}.items() if plays}
    name = best(names) if names else item.name
    return Renaming(item, own, name, names.get(name, 0))


async def _exchange(connection: Connection, renamings: Sequence[Renaming], counted: Others) -> None:
    """Names have rows that some play gives, but for the items' own."""
    renamed = [each for each in renamings if each.name != each.item.name]
    gone = [(each.item.id, each.name) for each in renamed]
    gone.extend((item_id, name) for item_id, names in counted.items() for name, plays in names.items() if not plays)
    if gone:
        ids, keys = [item_id for item_id, _ in gone], [key_of(name) for _, name in gone]
        await connection.execute(SQL["drop_names"], ids, keys)
    if come := [(each.item.id, key_of(each.item.name), *each.item.name, each.own) for each in renamed if each.own]:
        await connection.copy_records_to_table("played_name", records=come, columns=COLUMNS)


async def _rename(
    connection: Connection, items: Sequence[Changed], renamings: Sequence[Renaming], words: Counter[str]
) -> None:
    """Write what stands with the items, unless they were just added with it."""
    wanted = {each.item.id: each for each in renamings}
    weighed: list[tuple[int, int, int]] = []
    renamed: dict[int, Name] = {}
    for item in items:
        if item.fresh:
            continue
        total = item.plays + sum(item.heard.slots)
        each = wanted.get(item.id)
        if each and each.name != item.name:
            renamed[item.id] = each.name
        other_plays = total - each.plays if each else item.other_plays
        if other_plays != item.other_plays or weight(total) != weight(item.plays):
            weighed.append((item.id, other_plays, weight(total)))
    if weighed:
        await connection.execute(SQL["weigh"], *zip(*weighed, strict=True))
    if renamed:
        documents = await played_words.documents(list(renamed.values()))
        names = zip(*renamed.values(), strict=True)
        hashes = [name_hash(name) for name, _ in renamed.values()]
        found = hashes, [each.name for each in documents], [each.tsvector for each in documents]
        for row in await connection.fetch(SQL["rename"], list(renamed), *names, *found):
            words.subtract(row["before"] or ())
        for each in documents:
            words.update(each.words)


async def _link(
    connection: Connection, items: Sequence[Changed], renamings: Sequence[Renaming], counted: Others
) -> None:
    """Count the names by which recordings and releases are put to artists, all of which are among the items."""
    artists = {item.key: item.id for item in items if item.kind == "artist"}
    added: Counter[Link] = Counter()
    changed: Counter[Link] = Counter()
    for item in items:
        if item.fresh:
            _add_links(added, item, {name: 1 for name, plays in item.heard.names.items() if plays}, artists)
    for each in renamings:
        if not each.item.fresh:
            _add_links(changed, each.item, _turnover(each, counted[each.item.id]), artists)
    if added:
        links = sorted((*link, names) for link, names in added.items())
        await connection.copy_records_to_table("played_by", records=links, columns=("artist", "kind", "item", "names"))
    if links := [(*link, names) for link, names in changed.items() if names]:
        await connection.execute(SQL["link"], *zip(*links, strict=True))
    if fewer := [link for link, names in changed.items() if names < 0]:
        await connection.execute(SQL["unlink"], *zip(*fewer, strict=True))


def _turnover(each: Renaming, counted: Names) -> Names:
    """1: nobody had named it so; -1: nobody does so any more."""
    named = each.item.heard.names
    come = {name: 1 for name, plays in counted.items() if plays and plays == named[name]}
    gone = {name: -1 for name, plays in {**counted, each.item.name: each.own}.items() if not plays}
    return come | gone


def _add_links(links: Counter[Link], item: Changed, names: Names, artists: Mapping[Key, int]) -> None:
    for (_, credit), number in names.items():
        for key in {key for _, key in orjson.loads(credit)} if credit else ():
            links[artists[key], item.kind, item.id] += number
