"""Whom the oracle's acts act upon, and the records that they write."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator import Network, World
from simulator.events import wire_time

TRACK: Final = Nsid("fm.plyr.track")
LIKE: Final = Nsid("fm.plyr.like")
COMMENT: Final = Nsid("fm.plyr.comment")
PLAY: Final = Nsid("fm.teal.feed.play")
ALPHA_PLAY: Final = Nsid("fm.teal.alpha.feed.play")
LIST: Final = Nsid("fm.plyr.list")
POST: Final = Nsid("app.bsky.feed.post")
DAY: Final = 86_400_000_000


class Stage:
    """A world, its network, and whom to act upon."""

    def __init__(self, world: World, network: Network, rng: Random) -> None:
        self.world = world
        self.network = network
        self.rng = rng
        self.robbed: list[tuple[Did, Did]] = []  # of a handle, and by whom
        self.rotated: set[Did] = set()
        self.untold: set[Did] = set()  # whose events nobody may have heard
        self.today = datetime.now(UTC)  # as the charts were told
        self._keys = 0

    def live(self) -> Did | None:
        """Somebody whose account is active."""
        accounts = self.world.accounts.items()
        found = [did for did, account in accounts if account.status is None and not account.tombstoned]
        return self.rng.choice(found) if found else None

    def rkey(self) -> RecordKey:
        """A new TID."""
        self._keys += 1
        return RecordKey(Tid.from_micros(self.world.now() + self._keys, self.rng.randrange(1024)))

    def time(self) -> str:
        """A time of the last days, now and then of the next ones."""
        return wire_time(self.world.now() + self.rng.randrange(-5 * DAY, DAY // 2))

    def track(self) -> Any:
        return {
            "$type": str(TRACK),
            "title": self.rng.choice(("a\x00b", "plain", "夜")),
            "artist": "somebody",
            "fileType": "mp3",
            "audioUrl": "https://audio.example.com/a.mp3",
            "createdAt": self.time(),
            "duration": self.rng.randrange(600),
            "unknownField": [1, {"big": 2**60}, None],
        }

    def play(self, collection: Nsid) -> Any:
        return {
            "$type": str(collection),
            "trackName": self.rng.choice(("One", "Two")),
            "artists": [{"artistName": "Somebody"}],
            "playedTime": "2026-01-01T00:00:00Z",
        }

    def subject(self) -> Any:
        """Any track, known, unknown or gone."""
        scene = self.world.scene
        if scene.tracks and self.rng.random() < 0.9:
            return scene.some_track(self.rng).strong_ref
        return {"uri": f"at://{self.rng.choice(list(self.world.accounts))}/{TRACK}/3kabcdefghi2a", "cid": "bafyunknown"}

    def held(self, did: Did, collection: Nsid | None = None) -> list[tuple[Nsid, RecordKey]]:
        repo = self.world.account(did).active_repo
        paths = (path.split("/", 1) for path in sorted(repo.records))
        return [(Nsid(name), RecordKey(rkey)) for name, rkey in paths if collection is None or name == collection]
