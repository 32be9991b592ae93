"""What each account has heard of each item, and when last; by it an account is a listener in some windows or not.

Part of the follower `played`. What only comes is added without a look; where plays go, the last one may have to be
looked for among the account's others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from indexer.aggregates.counts import Connection
from indexer.aggregates.heard import NEVER, Changed, Key, Kind, Share, minute_of
from runtime.sql import Queries

SQL: Final = Queries.beside(__file__)

Pair: TypeAlias = tuple[int, Changed, Share]


class Stand(NamedTuple):
    """What an account has heard of an item."""

    plays: int
    last_minute: int


async def write(connection: Connection, items: Sequence[Changed], edges: Sequence[int], *, leaving: bool) -> None:
    """Follow the shares of these items, and note in each how its listeners change. `leaving`: all plays of the
    accounts go, so that nobody has to know which one is the last until then."""
    pairs = [(account_id, item, share) for item in items for account_id, share in item.heard.shares.items()]
    pairs.sort(key=lambda pair: (pair[0], pair[1].id))
    by_id = {item.id: item for item in items}
    if come := [pair for pair in pairs if pair[2].removed == NEVER]:
        rows = await connection.fetch(
            SQL["listen"],
            *_keys(come),
            [share.plays for _, _, share in come],
            [share.added for _, _, share in come],
        )
        for item_id, before, after in rows:
            _note(by_id[item_id], edges, before, after)
    if mixed := [pair for pair in pairs if pair[2].removed != NEVER]:
        await _lose(connection, mixed, edges, leaving=leaving)


async def _lose(connection: Connection, pairs: Sequence[Pair], edges: Sequence[int], *, leaving: bool) -> None:
    rows = await connection.fetch(SQL["listening"], *_keys(pairs))
    stood = {(account_id, item_id): Stand(plays, last) for account_id, item_id, plays, last in rows}
    doubtful: list[Pair] = []
    stay: list[tuple[Pair, Stand]] = []
    gone: list[Pair] = []
    for pair in pairs:
        account_id, item, share = pair
        plays, last = stood.get((account_id, item.id), Stand(0, NEVER))
        if not plays + share.plays:
            gone.append(pair)
        elif leaving or share.removed < last:
            stay.append((pair, Stand(plays + share.plays, max(last, share.added))))
        else:
            doubtful.append(pair)
    if doubtful:
        found = await _last_heard(connection, doubtful)
        for pair in doubtful:
            account_id, item, share = pair
            plays = stood[account_id, item.id].plays + share.plays
            stay.append((pair, Stand(plays, found[account_id, item.kind, item.key])))
    for pair, now in stay:
        before = stood.get((pair[0], pair[1].id))
        _note(pair[1], edges, before and before.last_minute, now.last_minute)
    for account_id, item, _ in gone:
        before = stood.get((account_id, item.id))
        _note(item, edges, before and before.last_minute, None)
    if stay:
        plays, minutes = [now.plays for _, now in stay], [now.last_minute for _, now in stay]
        await connection.execute(SQL["relisten"], *_keys([pair for pair, _ in stay]), plays, minutes)
    if gone:
        await connection.execute(SQL["forget"], *_keys(gone))


async def _last_heard(connection: Connection, pairs: Sequence[Pair]) -> dict[tuple[int, Kind, Key], int]:
    rows = await connection.fetch(
        SQL["last_heard"],
        [account_id for account_id, _, _ in pairs],
        [item.kind for _, item, _ in pairs],
        [item.key for _, item, _ in pairs],
    )
    return {(account_id, kind, key.hex): minute_of(played_at) for account_id, kind, key, played_at in rows}


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
