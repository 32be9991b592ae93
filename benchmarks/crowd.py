"""People of the simulated network whose repos a benchmark works with, and what they go on writing.

A crowd is made from its hosting's seed: the same repos, keys and commits every time, as the clock, too, starts at a
fixed moment and moves by `TICK` at every look. Music people write mostly plays and likes; strangers write posts. In
memory, a few kilobytes for each record; not concurrent.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator import records
from simulator.codec import Cid, Value, encode
from simulator.events import CommitEvent
from simulator.hosting import Account, Hosting
from simulator.log import Retention
from simulator.records import SECOND, Song, TrackRef
from simulator.repo import MAX_OPS, Write
from simulator.words import WORDS

START: Final = 1_735_689_600 * SECOND  # 2025-01-01
TICK: Final = 1_000  # microseconds
FORGETFUL: Final = Retention(events=1)
ROTATION: Final = 20  # every so manieth account has a P-256 key, the others K-256
SONGS: Final = 2_000
BLOB_BYTES: Final = 5_000_000

TRACK: Final = Nsid("fm.plyr.track")
LIKE: Final = Nsid("fm.plyr.like")
COMMENT: Final = Nsid("fm.plyr.comment")
LIST: Final = Nsid("fm.plyr.list")
POST: Final = Nsid("app.bsky.feed.post")

Writer = Callable[["Crowd", Account], Write]


class Ticking:
    """A clock for a hosting: microseconds since 1970."""

    def __init__(self) -> None:
        self._micros = START

    def __call__(self) -> int:
        self._micros += TICK
        return self._micros


def hosting(seed: int) -> Hosting:
    """One host that keeps nothing of what it has announced."""
    return Hosting(seed, hosts=1, clock=Ticking(), retention=FORGETFUL)


class Crowd:
    """`people` accounts, each with a repo of `least` to `most` records (few of them large) that `writer` has made.

    `writes`: how many there have been.
    """

    def __init__(self, hosting: Hosting, people: int, *, least: int, most: int, writer: Writer) -> None:
        self.hosting = hosting
        self.random = self.hosting.random("crowd")
        self.songs = [records.commercial_song(self.random) for _ in range(SONGS)]
        self.tracks: list[TrackRef] = []
        self.writes = 0
        self._writer = writer
        self.accounts = [self._join(number) for number in range(people)]
        for account in self.accounts:
            size = least + int((most - least) * self.random.random() ** 3)
            for done in range(0, size, MAX_OPS):
                self.commit(account, min(MAX_OPS, size - done))

    def now(self) -> int:
        """Microseconds since 1970."""
        return self.hosting.now()

    def commit(self, account: Account, ops: int) -> CommitEvent:
        """The account's next commit, of so many writes."""
        writes = {write.path: write for write in (self._writer(self, account) for _ in range(ops))}
        self.writes += len(writes)
        return self.hosting.write(account.did, list(writes.values()))

    def some_account(self) -> Account:
        return self.random.choice(self.accounts)

    def new_key(self) -> RecordKey:
        return RecordKey(Tid.from_micros(self.now(), self.random.randrange(1024)))

    def _join(self, number: int) -> Account:
        curve = "p256" if number % ROTATION == 0 else "k256"
        return self.hosting.create_account(f"person-{number}.example.com", curve=curve)


def music(crowd: Crowd, account: Account) -> Write:
    """A record of somebody whom we index: of ten, about six plays, three likes, and a track, a comment or a removal."""
    rng = crowd.random
    fate = rng.random()
    at = crowd.now()
    if fate < 0.05 or not crowd.tracks:
        return _track(crowd, account.did, at)
    subject = crowd.tracks[int(len(crowd.tracks) ** rng.random()) - 1]
    if fate < 0.33:
        return Write("create", LIKE, crowd.new_key(), records.like(rng, subject.strong_ref, at))
    if fate < 0.36:
        return Write("create", COMMENT, crowd.new_key(), records.comment(rng, subject, at))
    if fate < 0.40 and (liked := _some_path(crowd, account, LIKE)) is not None:
        return Write("delete", LIKE, RecordKey(liked.partition("/")[2]))
    collection, value = records.play(rng, some_song(crowd), at)
    return Write("create", Nsid(collection), crowd.new_key(), value)


def small_talk(crowd: Crowd, account: Account) -> Write:
    """A record of somebody who is no business of ours."""
    del account
    return Write("create", POST, crowd.new_key(), records.post(crowd.random, crowd.now()))


def some_song(crowd: Crowd) -> Song:
    """By popularity, which falls like one over the rank."""
    return crowd.songs[int(len(crowd.songs) ** crowd.random.random()) - 1]


def _track(crowd: Crowd, did: Did, at: int) -> Write:
    value, song = new_track(crowd.random, did, at)
    rkey = crowd.new_key()
    crowd.tracks.append(TrackRef(f"at://{did}/{TRACK}/{rkey}", str(Cid.of_block(encode(value))), did, song))
    return Write("create", TRACK, rkey, value)


def new_track(rng: Random, did: Did, at: int) -> tuple[Value, Song]:
    """A track's record, and what it is to a listener."""
    album = rng.choice(WORDS["albums"]) if rng.random() < 0.5 else None
    song = Song(records.title(rng), (rng.choice(WORDS["artists"])[0],), album, rng.randrange(60, 480))
    return track_of(rng, did, at, song), song


def track_of(rng: Random, did: Did, at: int, song: Song) -> Value:
    """The record of a song, with a blob that nobody asks for."""
    sound = Cid.of_blob(rng.randbytes(16))
    blob = {"$type": "blob", "ref": sound, "mimeType": "audio/mpeg", "size": rng.randrange(BLOB_BYTES)}
    features: list[Value] = [{"did": did}] if rng.random() < 0.1 else []
    return records.track(rng, song, at, blob=blob, features=features)


def _some_path(crowd: Crowd, account: Account, collection: Nsid) -> str | None:
    """Something that the account wrote before, not the last thing."""
    held = account.active_repo.records
    paths = [path for path in held if path.startswith(f"{collection}/")]
    return crowd.random.choice(paths) if paths else None
