"""Requests to the read API, as clients send them: of one kind, or in the mix that a music app makes.

The share of a kind in the mix is how often it stands in `MIX`; a kind whose method this version does not serve, or that
there is nothing to ask about, is left out. Of one kind every track and account is asked for equally often, so that
hardly any answer is asked for twice while it is held; in the mix, and of a kind that is asked for by popularity, the
first are asked for most, as Zipf has it. Drawn from a seeded generator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final
from urllib.parse import quote

from appview.queries import QUERIES
from benchmarks.load import get

SEED: Final = 5
PAGE: Final = 50
SEVERAL: Final = 25  # tracks of one getTracks
LEAST: Final = 3  # characters that are looked for
MIX: Final = {
    "getTrack": 30,
    "getTracks": 10,
    "getLatestTracks": 8,
    "getActorTracks": 6,
    "getActorLikes": 2,
    "getList": 4,
    "getProfile": 8,
    "getActorLists": 2,
    "getTrackLikes": 5,
    "getComments": 5,
    "getStats": 4,
    "getTopTracks": 2,
    "getTopArtists": 2,
    "getHistogram": 2,
    "searchAll": 5,
    "getActorFeed": 3,
    "getNowPlaying": 2,
}
# What has benchmarks of its own.
FOUND_OR_COUNTED: Final = frozenset({"searchAll", "getStats", "getTopTracks", "getTopArtists", "getHistogram"})


@dataclass(frozen=True, slots=True)
class Things:
    """What there is to ask about, in no order: tracks and lists (at-uris), accounts (DIDs), titles of tracks, all of
    `LEAST` characters or more."""

    tracks: Sequence[str]
    dids: Sequence[str]
    titles: Sequence[str]
    lists: Sequence[str] = ()


class Questions:
    """Makes requests about these things."""

    def __init__(self, things: Things) -> None:
        self._random = Random(SEED)
        self._equally = Pick(self._random, things, popular=False)
        self._by_popularity = Pick(self._random, things, popular=True)
        self._shares = {name: share for name, share in MIX.items() if KINDS[name].nsid in QUERIES}
        if not things.lists:
            self._shares.pop("getList", None)

    def of(self, kind: str, count: int, *, popular: bool = False) -> list[bytes]:
        """Requests of one kind."""
        pick = self._by_popularity if popular else self._equally
        return [_request(KINDS[kind], pick) for _ in range(count)]

    def mixed(self, count: int, without: frozenset[str] = frozenset()) -> list[bytes]:
        """Requests of every kind of the mix but some, in no order."""
        shares = {name: share for name, share in self._shares.items() if name not in without}
        kinds = self._random.choices(list(shares), list(shares.values()), k=count)
        return [_request(KINDS[name], self._by_popularity) for name in kinds]

    def bare_tracks(self, count: int) -> list[bytes]:
        """The tracks as the baseline is asked for them."""
        return [get(f"/track?uri={self._equally.track()}") for _ in range(count)]


class Pick:
    """Draws what a request is about."""

    def __init__(self, rng: Random, things: Things, *, popular: bool) -> None:
        self._random = rng
        self._things = things
        self._popular = popular

    def track(self) -> str:
        return quote(self._one(self._things.tracks), safe="")

    def tracks(self) -> str:
        return "&".join(f"uris={self.track()}" for _ in range(SEVERAL))

    def one_list(self) -> str:
        return quote(self._one(self._things.lists), safe="")

    def did(self) -> str:
        return self._one(self._things.dids)

    def artist(self) -> str:
        return self._one(self._things.tracks).split("/")[2]

    def words(self) -> str:
        """What somebody looks for: a word of a title, often with the beginning of the next, or a word's beginning."""
        words = self._one(self._things.titles).lower().split()[:2]
        text = " ".join(words)
        least = max(LEAST, len(words[0])) if len(words) > 1 else LEAST
        return quote(text[: self._random.randint(least, len(text))].strip())

    def days(self) -> int:
        return self._random.choice((7, 30, 90))

    def _one(self, things: Sequence[str]) -> str:
        if self._popular:
            return things[int(len(things) ** self._random.random()) - 1]
        return self._random.choice(things)


@dataclass(frozen=True, slots=True)
class Kind:
    """A method, and what makes the rest of the URL behind it."""

    nsid: str
    query: Callable[[Pick], str]


KINDS: Final[Mapping[str, Kind]] = {
    "getTrack": Kind("fm.plyr.feed.getTrack", lambda pick: f"uri={pick.track()}"),
    "getTracks": Kind("fm.plyr.feed.getTracks", Pick.tracks),
    "getLatestTracks": Kind("fm.plyr.feed.getLatestTracks", lambda _: f"limit={PAGE}"),
    "getActorTracks": Kind("fm.plyr.feed.getActorTracks", lambda pick: f"limit={PAGE}&actor={pick.artist()}"),
    "getActorLikes": Kind("fm.plyr.feed.getActorLikes", lambda pick: f"limit={PAGE}&actor={pick.did()}"),
    "getList": Kind("fm.plyr.list.getList", lambda pick: f"limit={PAGE}&uri={pick.one_list()}"),
    "getProfile": Kind("fm.plyr.actor.getProfile", lambda pick: f"actor={pick.did()}"),
    "getActorLists": Kind("fm.plyr.list.getActorLists", lambda pick: f"limit={PAGE}&actor={pick.did()}"),
    "getTrackLikes": Kind("fm.plyr.feed.getTrackLikes", lambda pick: f"limit={PAGE}&uri={pick.track()}"),
    "getComments": Kind("fm.plyr.feed.getComments", lambda pick: f"limit={PAGE}&uri={pick.track()}"),
    "getStats": Kind("fm.plyr.stats.getStats", lambda _: ""),
    "getTopTracks": Kind("fm.plyr.feed.getTopTracks", lambda _: f"limit={PAGE}"),
    "getTopArtists": Kind("fm.plyr.scrobble.getTopArtists", lambda _: f"limit={PAGE}"),
    "getHistogram": Kind("fm.plyr.stats.getHistogram", lambda pick: f"metric=plays&days={pick.days()}"),
    "searchAll": Kind("fm.plyr.search.searchAll", lambda pick: f"q={pick.words()}"),
    "getActorFeed": Kind("fm.teal.feed.getActorFeed", lambda pick: f"limit={PAGE}&authorDID={pick.did()}"),
    "getNowPlaying": Kind("fm.plyr.actor.getNowPlaying", lambda pick: f"actor={pick.did()}"),
}


def _request(kind: Kind, pick: Pick) -> bytes:
    return get(f"/xrpc/{kind.nsid}?{kind.query(pick)}")
