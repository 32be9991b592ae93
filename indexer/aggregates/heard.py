"""What plays say to the charts, added up by artist, release and recording. Pure; no database.

A `Heard` is a play that counts. `Pile` adds up those of a batch: of each item its plays by the windows that they are
in, how it was named, and what each account heard of it; of each recording its plays on each release.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Final, Literal, NamedTuple, TypeAlias

import asyncpg
import orjson

from protocol.played import named_artist

Kind: TypeAlias = Literal["artist", "release", "recording"]
Key: TypeAlias = str
"""An identity as 32 hex digits."""
Name: TypeAlias = tuple[str, str]
"""Name and credit, as `played` has them."""

KINDS: Final[tuple[Kind, ...]] = ("artist", "release", "recording")
NEVER: Final = -(2**31)


class Heard(NamedTuple):
    """A play. `artists`: (name, key) of each artist, '' for the name of one that is not named."""

    account_id: int
    played_at: datetime
    recording: Key
    release: Key | None
    track_name: str
    release_name: str
    artists: tuple[tuple[str, Key], ...]


Change: TypeAlias = tuple[int, Heard]
"""1: it has come to count, -1: it has ceased to."""


class Share:
    """What an account heard of an item. `added`, `removed`: the latest minute at which a play came, and one went."""

    __slots__ = ("added", "plays", "removed")

    def __init__(self) -> None:
        self.plays = 0
        self.added = NEVER
        self.removed = NEVER


class Item:
    """Changes of an item. `slots`: plays by how many windows they are in, see `slot`."""

    __slots__ = ("names", "shares", "slots")

    def __init__(self, windows: int) -> None:
        self.slots = [0] * (windows + 1)
        self.names: defaultdict[Name, int] = defaultdict(int)
        self.shares: dict[int, Share] = {}


@dataclass(slots=True)
class Changed:
    """An item under lock. `plays`, once they were counted, `other_plays`, `name`: as they stood in the tables, 0 of one
    that is `fresh`, which was added under that name; `heard`, `listeners`: the change.

    `listeners`: by how many windows they are in, as in `Item.slots`.
    """

    id: int
    kind: Kind
    key: Key
    fresh: bool
    other_plays: int
    name: Name
    heard: Item
    listeners: list[int]
    plays: int = 0


class Pile:
    """Sums of changes. `edges`: the minutes at which the windows begin, the longest window first.

    `on_releases`: plays by release and recording. `size`: how many pairs there are of these, of item and account, and
    of item and name.
    """

    def __init__(self, edges: Sequence[int]) -> None:
        self.edges = edges
        self.items: dict[Kind, dict[Key, Item]] = {kind: {} for kind in KINDS}
        self.accounts: defaultdict[int, list[int]] = defaultdict(lambda: [0] * (len(edges) + 1))
        self.on_releases: defaultdict[tuple[Key, Key], int] = defaultdict(int)
        self.size = 0

    def add(self, changes: Iterable[Change]) -> None:
        for sign, play in changes:
            minute = minute_of(play.played_at)
            slot = bisect_right(self.edges, minute)
            account_id, artists = play.account_id, play.artists
            self.accounts[account_id][slot] += sign
            credit = _credit(artists)
            self._add("recording", play.recording, (play.track_name, credit), account_id, minute, slot, sign)
            if play.release:
                named = play.release_name, credit if len(artists) < 2 else _credit(artists[:1])
                self._add("release", play.release, named, account_id, minute, slot, sign)
                if (play.release, play.recording) not in self.on_releases:
                    self.size += 1
                self.on_releases[play.release, play.recording] += sign
            for name, key in _each_once(artists):
                self._add("artist", key, (name, ""), account_id, minute, slot, sign)

    def _add(  # noqa: PLR0913, PLR0917 - by position: this is done for all that is played
        self, kind: Kind, key: Key, name: Name, account_id: int, minute: int, slot: int, sign: int
    ) -> None:
        items = self.items[kind]
        item = items.get(key)
        if item is None:
            item = items[key] = Item(len(self.edges))
        item.slots[slot] += sign
        if name not in item.names:
            self.size += 1
        item.names[name] += sign
        share = item.shares.get(account_id)
        if share is None:
            share = item.shares[account_id] = Share()
            self.size += 1
        share.plays += sign
        if sign > 0:
            share.added = max(share.added, minute)
        else:
            share.removed = max(share.removed, minute)


def heard_of(row: asyncpg.Record) -> Heard:
    """A play from the columns of `teal_play`."""
    mbids = row["artist_mbids"] and [known and known.hex for known in row["artist_mbids"]]
    return Heard(
        row["account_id"],
        row["played_at"],
        row["recording"].hex,
        row["release"] and row["release"].hex,
        row["track_name"],
        row["release_name"] or "",
        credited(row["artist_names"], mbids),
    )


def credited(names: Sequence[str], mbids: Sequence[str | None] | None) -> tuple[tuple[str, Key], ...]:
    """Name and identity of each artist, in order."""
    if mbids is None:
        return tuple((name, named_artist(name)) for name in names if name)
    along = zip_longest(names, mbids)
    return tuple((name or "", (known or named_artist(name)).replace("-", "")) for name, known in along if known or name)


def minute_of(moment: datetime) -> int:
    """Whole minutes since 1970."""
    return int(moment.timestamp() // 60)


def netted(changes: Sequence[Change]) -> Sequence[Change]:
    """Without the plays that came and went in one."""
    if all(sign > 0 for sign, _ in changes):
        return changes
    sums: defaultdict[Heard, int] = defaultdict(int)
    for sign, play in changes:
        sums[play] += sign
    return [(1 if number > 0 else -1, play) for play, number in sums.items() for _ in range(abs(number))]


def _each_once(artists: Sequence[tuple[str, Key]]) -> Iterable[tuple[str, Key]]:
    """An identity that comes again is the same artist, by the first name."""
    if len(artists) < 2:
        return artists
    found: dict[Key, str] = {}
    for name, key in artists:
        found.setdefault(key, name)
    return ((name, key) for key, name in found.items())


def _credit(artists: Sequence[tuple[str, Key]]) -> str:
    return orjson.dumps([(name or None, key) for name, key in artists]).decode() if artists else ""
