"""Charts of played music: artists, releases and recordings, with their plays and listeners in every window.

A follower of the plays that count. What a batch changes is added up first (`heard.Pile`) and then to what stands in
`played_total` and `played_recent`, under the lock of the item's row in `played`; `listening` tells a new listener from
one that was there, `played_names` how an item is called, `played_words` how it is found. Accounts that show or hide
come and go with all their plays, page by page.

Concurrency: the caller's transaction holds the `repo` rows of the accounts, and by it their rows of `listening` and
`listener`. Items are added in the order of their keys, then locked in that of their ids; all else hangs on these, but
for the words, which come last.
records.md, "What follows from records".
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final, TypeAlias

from indexer.aggregates import listening, played_names, played_words, windows
from indexer.aggregates.counts import Connection
from indexer.aggregates.following import Follower, Touched
from indexer.aggregates.heard import Changed, Key, Kind, Pile, heard_of, minute_of, netted
from protocol.played import name_hash
from runtime.sql import Queries

ItemKey: TypeAlias = tuple[Kind, Key]

SQL = Queries.beside(__file__)
# Plays added up before other tasks get their turn, plays of an account that are read at once, and pairs (see
# `Pile.size`) that are held before they are written.
SLICE: Final = 200
PAGE: Final = 2_000
PAIRS: Final = 100_000
# Places, in `windows.DAYS`, of the windows whose listeners are counted too.
LISTENED: Final = (0, 1, 2, 4, 6, 8)


async def follow(connection: Connection, touched: Touched) -> None:
    changes = netted(touched.heard)
    if not (changes or touched.leaving or touched.accounts):
        return
    edges = await _edges(connection)
    if not edges:  # nothing is counted before the first reindex of a database that is older than the charts
        return
    words: Counter[str] = Counter()
    if changes:
        pile = Pile(edges)
        for start in range(0, len(changes), SLICE):
            pile.add(changes[start : start + SLICE])
            await asyncio.sleep(0)
        await _write(connection, pile, words, leaving=False)
    if touched.leaving:
        await _move(connection, touched.leaving, edges, words, -1)
    if touched.accounts:
        hidden = {account_id for (account_id,) in await connection.fetch(SQL["hidden"], touched.accounts)}
        await _move(connection, sorted(hidden & set(touched.accounts)), edges, words, -1)
        await _move(connection, sorted(set(touched.accounts) - hidden), edges, words, 1)
    await played_words.count(connection, words)


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])
    await windows.restart(connection)


FOLLOWER = Follower(
    tables=(
        "chart_window",
        "played",
        "played_total",
        "played_recent",
        "played_name",
        "played_by",
        "played_on",
        "played_word",
        "listening",
        "listener",
    ),
    follow=follow,
    restart=restart,
)


async def reach(connection: Connection, since: datetime, until: datetime) -> datetime | None:
    return await connection.fetchval(SQL["reach"], since, until, PAGE)


async def leave(connection: Connection, days: int, since: datetime, until: datetime) -> None:
    """Take the plays of that time out of a window."""
    place = windows.DAYS.index(days)
    if rows := await connection.fetch(SQL["leaving"], since, until, minute_of(until)):
        items = [row["id"] for row in rows]
        plays = _alone(place, [-row["plays"] for row in rows])
        listeners = _alone(place, [-row["listeners"] for row in rows])
        kinds = [row["kind"] for row in rows]
        await connection.execute(SQL["count_recent"], items, kinds, *plays, *(listeners[each] for each in LISTENED))
        await connection.execute(SQL["drop_recent"], items)
    if accounts := await connection.fetch(SQL["accounts_leaving"], since, until):
        plays = _alone(place, [-row["plays"] for row in accounts])
        nothing = [0] * len(accounts)
        ids = [row["account_id"] for row in accounts]
        await connection.execute(SQL["count_listeners"], ids, nothing, *(plays[each] for each in LISTENED))


CHART = windows.Chart(reach, leave)


async def _move(
    connection: Connection, account_ids: Sequence[int], edges: Sequence[int], words: Counter[str], sign: int
) -> None:
    """Take in, or out, all plays of these accounts."""
    if not account_ids:
        return
    pile = Pile(edges)
    cursor = await connection.cursor(SQL["plays_of"], account_ids)
    while rows := await cursor.fetch(PAGE):
        for start in range(0, len(rows), SLICE):
            pile.add((sign, heard_of(row)) for row in rows[start : start + SLICE])
            await asyncio.sleep(0)
        if pile.size >= PAIRS:
            await _write(connection, pile, words, leaving=sign < 0)
            pile = Pile(edges)
    await _write(connection, pile, words, leaving=sign < 0)


async def _edges(connection: Connection) -> Sequence[int]:
    edges = await windows.held(connection)
    return [minute_of(edges[days]) for days in windows.DAYS if days in edges]


async def _write(connection: Connection, pile: Pile, words: Counter[str], *, leaving: bool) -> None:
    """Add what is piled up; `words` notes those by which items have come to be found, or ceased to."""
    items = await _locked(connection, pile, words)
    await listening.write(connection, items, pile.edges, leaving=leaving)
    await _count(connection, items)
    await _count_recent(connection, items)
    await _count_on_releases(connection, pile, items)
    await played_names.write(connection, items, words)
    if idle := [item.id for item in items if not item.plays + sum(item.heard.slots)]:
        for row in await connection.fetch(SQL["drop"], idle):
            words.subtract(row["words"] or ())
    await _count_listeners(connection, pile)


async def _locked(connection: Connection, pile: Pile, words: Counter[str]) -> list[Changed]:
    """All items of the pile; those that are new are added, and those that somebody else drops meanwhile added again."""
    wanted: list[ItemKey] = sorted((kind, key) for kind, items in pile.items.items() for key in items)
    found: list[Changed] = []
    while wanted:
        if missing := await connection.fetch(SQL["missing"], *_columns(wanted)):
            found.extend(await _add(connection, pile, words, [(row["kind"], row["key"].hex) for row in missing]))
            wanted = _without(wanted, found)
        for place, item_id, other_plays, name, credit in await connection.fetch(SQL["lock"], *_columns(wanted)):
            kind, key = wanted[int(place) - 1]
            listeners = [0] * (len(pile.edges) + 1)
            heard = pile.items[kind][key]
            found.append(Changed(item_id, kind, key, False, other_plays, (name, credit), heard, listeners))
        wanted = _without(wanted, found)
    return found


async def _add(connection: Connection, pile: Pile, words: Counter[str], missing: Sequence[ItemKey]) -> list[Changed]:
    """Those that nobody else adds at the same time."""
    new = {(kind, key): pile.items[kind][key] for kind, key in missing}
    names = {each: played_names.best(item.names) for each, item in new.items()}
    documents = dict(zip(names, await played_words.documents(list(names.values())), strict=True))
    rows = await connection.fetch(
        SQL["add"],
        *_columns(missing),
        [name for name, _ in names.values()],
        [credit for _, credit in names.values()],
        [sum(item.slots) - item.names[names[each]] for each, item in new.items()],
        [played_names.weight(sum(item.slots)) for item in new.values()],
        [name_hash(name) for name, _ in names.values()],
        [each.name for each in documents.values()],
        [each.tsvector for each in documents.values()],
    )
    added: list[Changed] = []
    for item_id, kind, uuid in rows:
        key, listeners = uuid.hex, [0] * (len(pile.edges) + 1)
        words.update(documents[kind, key].words)
        added.append(Changed(item_id, kind, key, True, 0, names[kind, key], new[kind, key], listeners))
    return added


async def _count(connection: Connection, items: Sequence[Changed]) -> None:
    rows = await connection.fetch(
        SQL["count"],
        [each.id for each in items],
        [each.kind for each in items],
        [sum(each.heard.slots) for each in items],
        [sum(each.listeners) for each in items],
    )
    plays = dict(map(tuple, rows))
    for each in items:
        each.plays = plays[each.id] - sum(each.heard.slots)


async def _count_recent(connection: Connection, items: Sequence[Changed]) -> None:
    changed = [each for each in items if any(each.heard.slots[1:]) or any(each.listeners[1:])]
    if not changed:
        return
    plays = list(zip(*(_by_window(each.heard.slots) for each in changed), strict=True))[1:]
    listeners = list(zip(*(_by_window(each.listeners) for each in changed), strict=True))[1:]
    ids = [each.id for each in changed]
    kinds = [each.kind for each in changed]
    await connection.execute(SQL["count_recent"], ids, kinds, *plays, *(listeners[place] for place in LISTENED))
    if fewer := [item_id for item_id, number in zip(ids, plays[0], strict=True) if number <= 0]:
        await connection.execute(SQL["drop_recent"], fewer)


async def _count_on_releases(connection: Connection, pile: Pile, items: Sequence[Changed]) -> None:
    """Nobody else counts a recording on a release while both are locked; it is gone from there before either goes."""
    recordings = {each.key: each.id for each in items if each.kind == "recording"}
    releases = {each.key: each.id for each in items if each.kind == "release"}
    changed = sorted(
        (releases[release], recordings[recording], plays)
        for (release, recording), plays in pile.on_releases.items()
        if plays
    )
    if changed:
        await connection.execute(SQL["count_on_releases"], *zip(*changed, strict=True))
    if fewer := [(release, recording) for release, recording, plays in changed if plays < 0]:
        await connection.execute(SQL["drop_from_releases"], *zip(*fewer, strict=True))


async def _count_listeners(connection: Connection, pile: Pile) -> None:
    changed = {account_id: slots for account_id, slots in sorted(pile.accounts.items()) if any(slots)}
    if not changed:
        return
    total, *plays = list(zip(*map(_by_window, changed.values()), strict=True))
    await connection.execute(SQL["count_listeners"], list(changed), total, *(plays[place] for place in LISTENED))
    if fewer := [account_id for account_id, slots in changed.items() if sum(slots) < 0]:
        await connection.execute(SQL["drop_listeners"], fewer)


def _by_window(slots: Sequence[int]) -> list[int]:
    """How many in all, and in each window from the longest on."""
    sums = list(accumulate(reversed(slots)))
    sums.reverse()
    return sums


def _alone(place: int, numbers: list[int]) -> list[list[int]]:
    """Numbers of one window, and none of the others."""
    return [numbers if each == place else [0] * len(numbers) for each in range(len(windows.DAYS))]


def _without(keys: Sequence[ItemKey], found: Sequence[Changed]) -> list[ItemKey]:
    known = {(item.kind, item.key) for item in found}
    return [each for each in keys if each not in known]


def _columns(keys: Sequence[ItemKey]) -> tuple[list[Kind], list[Key]]:
    return [kind for kind, _ in keys], [key for _, key in keys]
