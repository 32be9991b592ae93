"""What each account has heard of each item, and when last; by it an account is a listener in some windows or not.

Part of the follower `played`. Nobody else writes an account's rows: what it has heard is read first, and what it had
not yet is copied in. Where plays go, the last one may have to be looked for among the account's others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from indexer.aggregates.counts import Connection
from indexer.aggregates.heard import KINDS, NEVER, Changed, Key, Kind, Share, minute_of
from runtime.sql import Queries

SQL: Final = Queries.beside(__file__)
COLUMNS: Final = ("account_id", "kind", "item", "plays", "last_minute")

Pair: TypeAlias = tuple[int, Changed, Share]
Row: TypeAlias = tuple[int, Kind, int, int, int]
"""By the columns of `listening`."""


class Stand(NamedTuple):
    """What an account has heard of an item."""

    plays: int
    last_minute: int


async def write(connection: Connection, items: Sequence[Changed], edges: Sequence[int], *, leaving: bool) -> None:
    """Follow the shares of these items, and note in each how its listeners change. `leaving`: all plays of the
    accounts go, so that nobody has to know which one is the last until then."""
    pairs = [(account_id, item, share) for item in items for account_id, share in item.heard.shares.items()]
    pairs.sort(key=lambda pair: (pair[0], KINDS.index(pair[1].kind), pair[1].id))  # as the index has them
    stood = await _stood(connection, pairs)
    come: list[Row] = []
    stay: list[tuple[Pair, Stand]] = []
    gone: list[Pair] = []
    doubtful: list[tuple[Pair, int]] = []
    for pair in pairs:
        account_id, item, share = pair
        before = stood.get((account_id, item.id))
        plays = share.plays + (before.plays if before else 0)
        if not plays:
            gone.append(pair)
        elif not before and share.removed == NEVER:
            come.append((account_id, item.kind, item.id, plays, share.added))
            item.listeners[bisect_right(edges, share.added)] += 1
        elif before and (leaving or share.removed < before.last_minute):
            stay.append((pair, Stand(plays, max(before.last_minute, share.added))))
        else:
            doubtful.append((pair, plays))
    if doubtful:
        found = await _last_heard(connection, [pair for pair, _ in doubtful], stood)
        stay.extend((pair, Stand(plays, found[pair[0], pair[1].kind, pair[1].key])) for pair, plays in doubtful)
    for pair, now in (*stay, *((pair, None) for pair in gone)):
        before = stood.get((pair[0], pair[1].id))
        _note(pair[1], edges, before and before.last_minute, now and now.last_minute)
    await _store(connection, come, stay, gone)


async def _store(
    connection: Connection, come: Sequence[Row], stay: Sequence[tuple[Pair, Stand]], gone: Sequence[Pair]
) -> None:
    if come:
        await connection.copy_records_to_table("listening", records=come, columns=COLUMNS)
    if stay:
        plays, minutes = [now.plays for _, now in stay], [now.last_minute for _, now in stay]
        await connection.execute(SQL["relisten"], *_keys([pair for pair, _ in stay]), plays, minutes)
    if gone:
        await connection.execute(SQL["forget"], *_keys(gone))


async def _stood(connection: Connection, pairs: Sequence[Pair]) -> dict[tuple[int, int], Stand]:
    """What accounts have heard of those items that were not just added."""
    asked = [pair for pair in pairs if not pair[1].fresh]
    rows = await connection.fetch(SQL["listening"], *_keys(asked)) if asked else []
    return {(account_id, item_id): Stand(plays, last) for account_id, item_id, plays, last in rows}


async def _last_heard(
    connection: Connection, pairs: Sequence[Pair], stood: Mapping[tuple[int, int], Stand]
) -> dict[tuple[int, Kind, Key], int]:
    """By their plays: each account's are gone through once, from the latest that may be it, till all are found."""
    wanted: defaultdict[int, set[tuple[Kind, Key]]] = defaultdict(set)
    latest: defaultdict[int, int] = defaultdict(lambda: NEVER)
    for account_id, item, share in pairs:
        before = stood.get((account_id, item.id))
        wanted[account_id].add((item.kind, item.key))
        latest[account_id] = max(latest[account_id], share.added, before.last_minute if before else share.removed)
    found: dict[tuple[int, Kind, Key], int] = {}
    for account_id, missing in wanted.items():
        place = datetime.fromtimestamp((latest[account_id] + 1) * 60, UTC), UUID(int=0)
        while missing and (rows := await connection.fetch(SQL["heard_before"], account_id, *place)):
            for played_at, recording, release, artists in rows:
                place = played_at, recording
                heard: set[tuple[Kind, Key]] = {
                    ("recording", recording.hex),
                    *(("artist", each.hex) for each in artists),
                }
                if release:
                    heard.add(("release", release.hex))
                for kind, key in missing & heard:
                    found[account_id, kind, key] = minute_of(played_at)
                missing.difference_update(heard)
    return found


def _note(item: Changed, edges: Sequence[int], before: int | None, after: int | None) -> None:
    if before is not None:
        item.listeners[bisect_right(edges, before)] -= 1
    if after is not None:
        item.listeners[bisect_right(edges, after)] += 1


def _keys(pairs: Sequence[Pair]) -> tuple[list[int], list[Kind], list[int]]:
    return (
        [account_id for account_id, _, _ in pairs],
        [item.kind for _, item, _ in pairs],
        [item.id for _, item, _ in pairs],
    )
