"""The music scene: who there is, what they know of each other, and what each would write.

Every method gives writes and leaves the writing to its caller, save that a new track is known to everybody at once and
its sound is stored. Popularity follows Zipf: the tracks known longest are the most liked. Times: microseconds.
"""

from __future__ import annotations

from random import Random
from typing import Final

from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator import records
from simulator.codec import Cid, Value, encode
from simulator.events import wire_time
from simulator.hosting import Hosting
from simulator.media import Swatch, Tone
from simulator.records import Song, TrackRef
from simulator.repo import Write
from simulator.words import WORDS

TRACK: Final = Nsid("fm.plyr.track")
LIKE: Final = Nsid("fm.plyr.like")
COMMENT: Final = Nsid("fm.plyr.comment")
LIST: Final = Nsid("fm.plyr.list")
SELF: Final = RecordKey("self")
POST: Final = Nsid("app.bsky.feed.post")

_SONGS: Final = 400


class Scene:
    """Everybody and everything that the people know of."""

    def __init__(self, hosting: Hosting) -> None:
        self.artists: list[Did] = []
        self.listeners: list[Did] = []
        self.strangers: list[Did] = []
        self.names: dict[Did, str] = {}
        self.tracks: list[TrackRef] = []
        self._hosting = hosting
        outside = hosting.random("songs")
        self._songs = [records.commercial_song(outside) for _ in range(_SONGS)]

    def some_track(self, rng: Random) -> TrackRef:
        """By popularity. Raises `IndexError` when there is none yet."""
        return self.tracks[_zipf(rng, len(self.tracks))]

    def some_song(self, rng: Random) -> Song:
        """What somebody listens to: a track of plyr, or a song of the world outside."""
        if self.tracks and rng.random() < 0.4:
            return self.some_track(rng).song
        return self._songs[_zipf(rng, len(self._songs))]

    def new_track(self, rng: Random, did: Did, at: int) -> Write:
        name = self.names[did]
        rkey = _rkey(rng, at)
        uri = f"at://{did}/{TRACK}/{rkey}"
        title = records.title(rng)
        origin = uri if rng.random() < 0.7 else f"https://plyr.fm/track/{uri}"
        album = rng.choice(WORDS["albums"]) if rng.random() < 0.5 else None
        song = Song(title, (name,), album, rng.randrange(60, 480), origin if rng.random() < 0.8 else None)
        blob = None
        if rng.random() < 0.8:
            blob = self._hosting.add_blob(did, Tone(title, rng.randrange(110, 880), rng.randrange(250, 500)))
        value = records.track(rng, song, at, blob=blob, features=self._features(rng, did))
        self.tracks.append(TrackRef(uri, str(Cid.of_block(encode(value))), did, song))
        return Write("create", TRACK, rkey, value)

    def edit_track(self, rng: Random, did: Did) -> Write | None:
        """A track with another title and without a field that it had."""
        path = self._some_path(rng, did, TRACK)
        if path is None:
            return None
        value = self._value(did, path)
        value["title"] = records.title(rng)
        for name in ("description", "imageUrl", "album"):
            if rng.random() < 0.3:
                value.pop(name, None)
        return Write("update", TRACK, _rkey_of(path), value)

    def like(self, rng: Random, at: int) -> Write:
        """A few like what has never been seen; it may come later, or not."""
        if rng.random() < 0.02:
            rkey = Tid.from_micros(at, 1)
            subject = {"uri": f"at://{rng.choice(self.artists)}/{TRACK}/{rkey}", "cid": str(Cid.of_block(b""))}
        else:
            subject = self.some_track(rng).strong_ref
        return Write("create", LIKE, _rkey(rng, at), records.like(rng, subject, at))

    def comment(self, rng: Random, at: int) -> Write:
        return Write("create", COMMENT, _rkey(rng, at), records.comment(rng, self.some_track(rng), at))

    def play(self, rng: Random, song: Song, at: int) -> Write:
        collection, value = records.play(rng, song, at)
        odd = rng.random() < 0.01
        rkey = RecordKey(f"play:{rng.getrandbits(40):x}") if odd else _rkey(rng, at)
        return Write("create", Nsid(collection), rkey, value)

    def status(self, rng: Random, did: Did, song: Song | None, at: int) -> Write:
        """What is playing now, or with no song that nothing is."""
        collection, value = records.status(rng, song, at)
        return self._put(did, Nsid(collection), value)

    def album(self, rng: Random, did: Did, at: int) -> Write | None:
        """A list of some of an artist's own tracks."""
        own = [track for track in self.tracks if track.owner == did]
        if not own:
            return None
        items = rng.sample(own, rng.randrange(1, len(own) + 1))
        return Write(
            "create", LIST, _rkey(rng, at), records.track_list(rng.choice(WORDS["albums"]), "album", items, at)
        )

    def playlist(self, rng: Random, at: int) -> Write:
        items = [self.some_track(rng) for _ in range(rng.randrange(1, 30))]
        name = rng.choice(WORDS["playlists"])
        return Write("create", LIST, _rkey(rng, at), records.track_list(name, "playlist", items, at))

    def extend_list(self, rng: Random, did: Did, at: int) -> Write | None:
        """One of somebody's lists with one track more."""
        path = self._some_path(rng, did, LIST)
        if path is None:
            return None
        value = self._value(did, path)
        value["items"] = [*value["items"], {"subject": self.some_track(rng).strong_ref}][-500:]
        value["updatedAt"] = wire_time(at)
        return Write("update", LIST, _rkey_of(path), value)

    def remove(self, rng: Random, did: Did, collection: Nsid) -> Write | None:
        """The deletion of something that somebody has written."""
        path = self._some_path(rng, did, collection)
        return None if path is None else Write("delete", collection, _rkey_of(path))

    def profiles(self, rng: Random, did: Did, at: int) -> list[Write]:
        """Hardly anybody has all three."""
        name = self.names[did]
        writes: list[Write] = []
        if rng.random() < 0.8:
            colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
            avatar = self._hosting.add_blob(did, Swatch(colour, 16)) if rng.random() < 0.7 else None
            value = records.bsky_profile(rng, name, at, avatar=avatar)
            writes.append(self._put(did, Nsid("app.bsky.actor.profile"), value))
        if rng.random() < 0.6:
            writes.append(self._put(did, Nsid("fm.plyr.actor.profile"), records.plyr_profile(rng, at)))
        if rng.random() < 0.4:
            writes.append(self._put(did, Nsid("fm.teal.actor.profile"), records.teal_profile(rng, name, at)))
        return writes

    def post(self, rng: Random, at: int) -> Write:
        """What is no business of music's."""
        return Write("create", POST, _rkey(rng, at), records.post(rng, at))

    def _features(self, rng: Random, did: Did) -> list[Value]:
        others = [artist for artist in self.artists if artist != did]
        if not others or rng.random() > 0.2:
            return []
        guest = rng.choice(others)
        if rng.random() < 0.5:
            return [{"did": guest}]
        snapshot = {"handle": self._hosting.account(guest).handle, "displayName": self.names[guest]}
        return [{"did": guest, **snapshot}]

    def _put(self, did: Did, collection: Nsid, value: Value) -> Write:
        held = self._hosting.account(did).active_repo.records
        action = "update" if f"{collection}/{SELF}" in held else "create"
        return Write(action, collection, SELF, value)

    def _value(self, did: Did, path: str) -> Value:
        return self._hosting.account(did).active_repo.value(path)

    def _some_path(self, rng: Random, did: Did, collection: Nsid) -> str | None:
        held = self._hosting.account(did).active_repo.records
        paths = [path for path in held if path.startswith(collection + "/")]
        return rng.choice(paths) if paths else None


def _zipf(rng: Random, count: int) -> int:
    """A number below `count`, whose frequency falls with it like one over it."""
    if not count:
        raise IndexError("nothing to choose from")
    return min(int(count ** rng.random()) - 1, count - 1)


def _rkey(rng: Random, at: int) -> RecordKey:
    return RecordKey(Tid.from_micros(at, rng.randrange(1024)))


def _rkey_of(path: str) -> RecordKey:
    return RecordKey(path.split("/", 1)[1])
