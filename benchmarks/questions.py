"""Requests to the read API, as clients send them: of one kind, or in the mix that a music app makes.

The share of a kind in the mix is how often it stands in `MIX`. Search and charts are not served yet; their shares go
to the pages and to what is playing now. Drawn from a seeded generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final
from urllib.parse import quote

from benchmarks.load import get

SEED: Final = 5
PAGE: Final = 50
SEVERAL: Final = 25  # tracks of one getTracks
MIX: Final = {
    "getTrack": 30,
    "getTracks": 10,
    "getLatestTracks": 10,
    "getActorTracks": 12,
    "getProfile": 10,
    "getTrackLikes": 5,
    "getComments": 5,
    "getStats": 10,
    "getActorFeed": 5,
    "getNowPlaying": 3,
}


class Questions:
    """Makes requests about these tracks (at-uris) and accounts (DIDs)."""

    def __init__(self, tracks: Sequence[str], dids: Sequence[str]) -> None:
        self._random = Random(SEED)
        self._tracks = tracks
        self._dids = dids
        self._makers: dict[str, Callable[[], str]] = {
            "getTrack": lambda: f"fm.plyr.feed.getTrack?uri={self._track()}",
            "getTracks": self._several,
            "getLatestTracks": lambda: f"fm.plyr.feed.getLatestTracks?limit={PAGE}",
            "getActorTracks": lambda: f"fm.plyr.feed.getActorTracks?limit={PAGE}&actor={self._artist()}",
            "getProfile": lambda: f"fm.plyr.actor.getProfile?actor={self._did()}",
            "getTrackLikes": lambda: f"fm.plyr.feed.getTrackLikes?limit={PAGE}&uri={self._track()}",
            "getComments": lambda: f"fm.plyr.feed.getComments?limit={PAGE}&uri={self._track()}",
            "getStats": lambda: "fm.plyr.stats.getStats",
            "getActorFeed": lambda: f"fm.teal.feed.getActorFeed?limit={PAGE}&authorDID={self._did()}",
            "getNowPlaying": lambda: f"fm.plyr.actor.getNowPlaying?actor={self._did()}",
        }

    def of(self, kind: str, count: int) -> list[bytes]:
        """Requests of one kind."""
        make = self._makers[kind]
        return [get(f"/xrpc/{make()}") for _ in range(count)]

    def mixed(self, count: int) -> list[bytes]:
        """Requests of every kind of `MIX`, in no order."""
        kinds = self._random.choices(list(MIX), list(MIX.values()), k=count)
        return [get(f"/xrpc/{self._makers[kind]()}") for kind in kinds]

    def bare_tracks(self, count: int) -> list[bytes]:
        """The tracks as the baseline is asked for them."""
        return [get(f"/track?uri={self._track()}") for _ in range(count)]

    def _track(self) -> str:
        return quote(self._random.choice(self._tracks), safe="")

    def _did(self) -> str:
        return self._random.choice(self._dids)

    def _artist(self) -> str:
        return self._random.choice(self._tracks).split("/")[2]

    def _several(self) -> str:
        uris = "&".join(f"uris={quote(uri, safe='')}" for uri in self._random.sample(self._tracks, SEVERAL))
        return f"fm.plyr.feed.getTracks?{uris}"
