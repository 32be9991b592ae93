"""A large database of music: accounts and their records without the repos, which at this size nobody could hold.

Records are the simulator's, from a fixed seed, written by the indexer's writer as in a backfill: an account's records
together, in transactions of a bounded size. Popularity follows Zipf. A catalogue in a named folder is loaded once, and
refused when it has other sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

import orjson

from benchmarks import store
from benchmarks.crowd import COMMENT, LIKE, START, TRACK, new_track
from benchmarks.questions import Questions
from benchmarks.store import BATCH, Member, Store
from indexer.stages import RecordChange, VerifiedCommit
from protocol.cbor import Cid
from protocol.crypto import PrivateKey
from protocol.syntax import Did, Handle, Tid
from runtime.sql import Queries
from simulator import records
from simulator.codec import Value, encode
from simulator.records import SECOND, Song, TrackRef
from simulator.words import WORDS

SQL = Queries.beside(__file__)

SEED: Final = 3
SPAN: Final = 500 * 86_400 * SECOND  # how long people have been writing
KNOWN: Final = 50_000  # tracks that are liked, discussed and played; the others hardly are
SONGS: Final = 5_000
ARTISTS: Final = 5  # every so manieth account is an artist's
ASKED: Final = 20_000  # tracks and accounts that are asked for
SIZES: Final = "catalogue.json"


class CatalogueDiffers(RuntimeError):
    """A named folder holds another catalogue than the one asked for; the message says which."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many of each."""

    accounts: int
    tracks: int
    plays: int
    likes: int
    comments: int

    @property
    def records(self) -> int:
        """All records but the profiles."""
        return self.tracks + self.plays + self.likes + self.comments


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The store, and seconds of loading (0: it was there)."""

    store: Store
    seconds: float


@asynccontextmanager
async def loaded(sizes: Sizes, folder: Path | None) -> AsyncGenerator[Catalogue]:
    """The catalogue of these sizes. Raises CatalogueDiffers."""
    async with store.opened(folder) as opened:
        seconds = 0.0
        mark = opened.settings.data_dir / SIZES
        if not mark.exists():
            began = perf_counter()
            await _load(opened, _Scene(sizes))
            seconds = perf_counter() - began
            mark.write_bytes(orjson.dumps(asdict(sizes)))
        elif (held := orjson.loads(mark.read_bytes())) != asdict(sizes):
            raise CatalogueDiffers(f"the folder holds a catalogue of other sizes: {held}")
        yield Catalogue(opened, seconds)


async def questions(opened: Store) -> Questions:
    """Questions about tracks and accounts of the store, in no order."""
    tracks = [row["uri"] for row in await opened.pool.fetch(SQL["some_tracks"], ASKED)]
    dids = [row["did"] for row in await opened.pool.fetch(SQL["some_accounts"], ASKED)]
    return Questions(tracks, dids)


async def _load(opened: Store, scene: _Scene) -> None:
    await opened.pool.execute(SQL["pretend_subscription"], store.SOURCE)
    batch: list[Member] = []
    for member in scene.members():
        batch.append(member)
        if sum(len(one.commit.changes) for one in batch) >= BATCH:
            await opened.settle(batch)
            batch.clear()
    await opened.settle(batch)
    await opened.pool.execute(SQL["vacuum"])


class _Scene:
    """Who there is and what they write; always the same."""

    def __init__(self, sizes: Sizes) -> None:
        self._random = Random(SEED)
        self._sizes = sizes
        self._dids = [_did(self._random) for _ in range(sizes.accounts)]
        self._songs = [records.commercial_song(self._random) for _ in range(SONGS)]
        self._known: list[TrackRef] = []
        self._share_known = min(1.0, KNOWN / max(1, sizes.tracks))

    def members(self) -> Iterator[Member]:
        """Every account with all that it has written; artists first, as what they make is what the others like."""
        sizes, rng = self._sizes, self._random
        tracks = _shares(rng, sizes.tracks, max(1, sizes.accounts // ARTISTS))
        plays = _shares(rng, sizes.plays, sizes.accounts)
        likes = _shares(rng, sizes.likes, sizes.accounts)
        comments = _shares(rng, sizes.comments, sizes.accounts)
        for number, did in enumerate(self._dids):
            changes = [self._track(did) for _ in range(tracks[number])]
            changes += self._profiles()
            changes += [self._like() for _ in range(likes[number])]
            changes += [self._comment() for _ in range(comments[number])]
            changes += [self._play() for _ in range(plays[number])]
            unique = {change.path: change for change in changes}
            key = PrivateKey.generate("k256", did.encode()).public.did_key()
            rev = Tid.from_micros(START + SPAN, number % 1024)
            data, cid = Cid.of_block(did.encode()), Cid.of_block(rev.encode())
            commit = VerifiedCommit(did, rev, data, cid, tuple(unique.values()))
            yield Member(Handle(f"person-{number}.example.com"), key, commit)

    def _track(self, did: Did) -> RecordChange:
        at = self._when()
        value, song = new_track(self._random, did, at)
        change = _change(TRACK, self._key(at), value)
        if not self._known or self._random.random() < self._share_known:
            uri = f"at://{did}/{TRACK}/{change.path.rkey}"
            self._known.append(TrackRef(uri, str(change.cid), did, song))
        return change

    def _profiles(self) -> list[RecordChange]:
        at, rng = self._when(), self._random
        name, _ = rng.choice(WORDS["artists"])
        changes = [_change("app.bsky.actor.profile", "self", records.bsky_profile(rng, name, at, avatar=None))]
        if rng.random() < 0.5:
            changes.append(_change("fm.plyr.actor.profile", "self", records.plyr_profile(rng, at)))
        return changes

    def _like(self) -> RecordChange:
        at = self._when()
        return _change(LIKE, self._key(at), records.like(self._random, self._some_track().strong_ref, at))

    def _comment(self) -> RecordChange:
        at = self._when()
        return _change(COMMENT, self._key(at), records.comment(self._random, self._some_track(), at))

    def _play(self) -> RecordChange:
        at = self._when()
        collection, value = records.play(self._random, self._some_song(), at)
        return _change(collection, self._key(at), value)

    def _some_track(self) -> TrackRef:
        return self._known[int(len(self._known) ** self._random.random()) - 1]

    def _some_song(self) -> Song:
        if self._known and self._random.random() < 0.4:
            return self._some_track().song
        return self._songs[int(SONGS ** self._random.random()) - 1]

    def _when(self) -> int:
        return START + int(SPAN * self._random.random())

    def _key(self, at: int) -> str:
        return Tid.from_micros(at, self._random.randrange(1024))


def _shares(rng: Random, count: int, people: int) -> Counter[int]:
    """How many of `count` things each of `people` has; some have far more than others."""
    return Counter(int(people * rng.random() ** 1.5) for _ in range(count))


def _did(rng: Random) -> Did:
    return Did("did:plc:" + "".join(rng.choices("abcdefghijklmnopqrstuvwxyz234567", k=24)))


def _change(collection: str, rkey: str, value: Value) -> RecordChange:
    block = encode(value)
    return store.change(f"{collection}/{rkey}", bytes(Cid.of_block(block)), block)
