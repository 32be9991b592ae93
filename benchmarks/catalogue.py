"""A large database of music: accounts and their records without the repos, which at this size nobody could hold.

Records are the simulator's, with invented names, from a fixed seed and of the last 500 days, written by the indexer's
writer as in a backfill: an account's records together, in transactions of a bounded size, while a helper makes the
next. Popularity follows Zipf. How fast it goes is told on the way and kept by tenths, so that it can be seen whether
the rate falls as the tables grow. A catalogue in a named folder is loaded once, and refused when it has other sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

import orjson

from benchmarks import store
from benchmarks.crowd import COMMENT, LIKE, LIST, TRACK, track_of
from benchmarks.filling import filled, send
from benchmarks.names import Names
from benchmarks.questions import LEAST, Questions, Things
from benchmarks.report import per_second
from benchmarks.store import Member, Store
from cli.progress import Bar
from indexer.stages import RecordChange, VerifiedCommit
from protocol.cbor import Cid
from protocol.crypto import PrivateKey
from protocol.syntax import Did, Handle, Tid
from runtime.sql import Queries
from simulator import records
from simulator.codec import Value, encode
from simulator.records import SECOND, Song, TrackRef

SQL = Queries.beside(__file__)

SEED: Final = 3
SPAN: Final = 500 * 86_400 * SECOND  # how long people have been writing; until the day on which it is loaded
KNOWN: Final = 50_000  # tracks that are liked, discussed and played; the others hardly are
SONGS: Final = 5_000  # that are played at least
PLAYS_OF_A_SONG: Final = 50  # of more plays there are more songs
SONGS_OF_AN_ARTIST: Final = 20
TENTHS: Final = 10
LISTED: Final = 12  # tracks of a list, on average
ALBUMS: Final = 0.4  # the share of albums among lists
ON_AN_ALBUM: Final = 6  # tracks
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
    lists: int = 0

    @property
    def records(self) -> int:
        """All records but the profiles."""
        return self.tracks + self.plays + self.likes + self.comments + self.lists

    def ends_tenth(self, number: int) -> bool:
        """Whether that account, counted from 1, is the last of a tenth of all."""
        return number * TENTHS // self.accounts > (number - 1) * TENTHS // self.accounts


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The store, its sizes, and (records, seconds) when each tenth of the accounts was written; none: it was there."""

    store: Store
    sizes: Sizes
    moments: Sequence[tuple[int, float]]

    def figures(self) -> dict[str, object]:
        """What is in it and how it was loaded."""
        seconds = self.moments[-1][1] if self.moments else 0.0
        steps = zip([(0, 0.0), *self.moments], self.moments, strict=False)
        return {
            "accounts": self.sizes.accounts,
            "records": self.sizes.records,
            "secondsOfLoading": round(seconds, 1),
            "recordsPerSecond": [per_second(late[0] - early[0], late[1] - early[1]) for early, late in steps],
        }


@asynccontextmanager
async def loaded(sizes: Sizes, folder: Path | None) -> AsyncGenerator[Catalogue]:
    """The catalogue of these sizes. Raises CatalogueDiffers."""
    async with store.opened(folder) as opened:
        moments: list[tuple[int, float]] = []
        mark = opened.settings.data_dir / SIZES
        if not mark.exists():
            moments = await _load(opened, sizes)
            mark.write_bytes(orjson.dumps(asdict(sizes)))
        elif (held := orjson.loads(mark.read_bytes())) != asdict(sizes):
            raise CatalogueDiffers(f"the folder holds a catalogue of other sizes: {held}")
        yield Catalogue(opened, sizes, moments)


async def questions(opened: Store) -> Questions:
    """Questions about tracks and accounts of the store, in no order."""
    tracks = [row["uri"] for row in await opened.pool.fetch(SQL["some_tracks"], ASKED)]
    dids = [row["did"] for row in await opened.pool.fetch(SQL["some_accounts"], ASKED)]
    lists = [row["uri"] for row in await opened.pool.fetch(SQL["some_lists"], ASKED)]
    titles = [row["title"] for row in await opened.pool.fetch(SQL["some_titles"], ASKED, LEAST)]
    return Questions(Things(tracks, dids, titles, lists))


async def _load(opened: Store, sizes: Sizes) -> list[tuple[int, float]]:
    """Gives (records, seconds since the beginning) at the end of each tenth of the accounts."""
    await opened.pool.execute(SQL["pretend_subscription"], store.SOURCE)
    moments: list[tuple[int, float]] = []
    done, began = 0, perf_counter()
    with Bar("records") as bar:
        async for batch in filled(opened, _make, sizes):
            done += batch.records
            bar.show(done, sizes.records + sizes.accounts * 3 // 2)
            if sizes.ends_tenth(batch.number):
                moments.append((done, perf_counter() - began))
    await opened.pool.execute(SQL["vacuum"])
    return moments


def _make(pipe: Connection, sizes: Sizes) -> None:
    send(pipe, _Scene(sizes).members(), sizes.ends_tenth)


class _Scene:
    """Who there is and what they write; always the same."""

    def __init__(self, sizes: Sizes) -> None:
        self._random = Random(SEED)
        self._sizes = sizes
        self._start = (
            int(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) * SECOND - SPAN
        )
        self._dids = [_did(self._random) for _ in range(sizes.accounts)]
        songs = max(SONGS, sizes.plays // PLAYS_OF_A_SONG)
        self._names = Names(self._random, sizes.tracks + songs)
        self._songs = self._heard(songs)
        self._known: list[TrackRef] = []
        self._share_known = min(1.0, KNOWN / max(1, sizes.tracks))

    def members(self) -> Iterator[Member]:
        """Every account with all that it has written; artists first, as what they make is what the others like."""
        sizes, rng = self._sizes, self._random
        tracks = _shares(rng, sizes.tracks, max(1, sizes.accounts // ARTISTS))
        plays = _shares(rng, sizes.plays, sizes.accounts)
        likes = _shares(rng, sizes.likes, sizes.accounts)
        comments = _shares(rng, sizes.comments, sizes.accounts)
        lists = _shares(rng, sizes.lists, sizes.accounts)
        for number, did in enumerate(self._dids):
            name = self._names.name(2)
            made = self._tracks(did, name, tracks[number])
            changes = [*made, *self._profiles(name)]
            changes += [self._list(did, made) for _ in range(lists[number])]
            changes += [self._like() for _ in range(likes[number])]
            changes += [self._comment() for _ in range(comments[number])]
            changes += [self._play() for _ in range(plays[number])]
            unique = {change.path: change for change in changes}
            key = PrivateKey.generate("k256", did.encode()).public.did_key()
            rev = Tid.from_micros(self._start + SPAN, number % 1024)
            data, cid = Cid.of_block(did.encode()), Cid.of_block(rev.encode())
            commit = VerifiedCommit(did, rev, data, cid, tuple(unique.values()))
            yield Member(Handle(f"person-{number}.example.com"), key, commit)

    def _tracks(self, did: Did, artist: str, number: int) -> list[RecordChange]:
        """An artist's, many of them on albums."""
        made: list[RecordChange] = []
        album: str | None = None
        for place in range(number):
            if place % ON_AN_ALBUM == 0:
                album = self._names.name(3) if self._random.random() < 0.5 else None
            made.append(self._track(did, Song(self._names.title(), (artist,), album, self._random.randrange(60, 480))))
        return made

    def _track(self, did: Did, song: Song) -> RecordChange:
        at = self._when()
        change = _change(TRACK, self._key(at), track_of(self._random, did, at, song))
        if not self._known or self._random.random() < self._share_known:
            uri = f"at://{did}/{TRACK}/{change.path.rkey}"
            self._known.append(TrackRef(uri, str(change.cid), did, song))
        return change

    def _profiles(self, name: str) -> list[RecordChange]:
        at, rng = self._when(), self._random
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

    def _list(self, did: Did, made: Sequence[RecordChange]) -> RecordChange:
        """An album of one's own tracks, or a playlist of what is known."""
        at, rng = self._when(), self._random
        count = rng.randrange(1, 2 * LISTED)
        if made and rng.random() < ALBUMS:
            some = rng.sample(made, min(count, len(made)))
            items = [
                TrackRef(f"at://{did}/{TRACK}/{each.path.rkey}", str(each.cid), did, self._songs[0]) for each in some
            ]
            value = records.track_list(self._names.name(3), "album", items, at)
        else:
            value = records.track_list(self._names.title(), "playlist", [self._some_track() for _ in range(count)], at)
        return _change(LIST, self._key(at), value)

    def _play(self) -> RecordChange:
        at = self._when()
        collection, value = records.play(self._random, self._some_song(), at)
        return _change(collection, self._key(at), value)

    def _some_track(self) -> TrackRef:
        return self._known[int(len(self._known) ** self._random.random()) - 1]

    def _some_song(self) -> Song:
        if self._known and self._random.random() < 0.4:
            return self._some_track().song
        return self._songs[int(len(self._songs) ** self._random.random()) - 1]

    def _heard(self, count: int) -> list[Song]:
        """Songs of a twentieth as many artists, some of whom have far more of them than others."""
        rng, names = self._random, self._names
        leads = [records.commercial_song(rng) for _ in range(max(1, count // SONGS_OF_AN_ARTIST))]
        leads = [replace(lead, artists=tuple(names.name(2) for _ in lead.artists)) for lead in leads]
        songs: list[Song] = []
        for _ in range(count):
            lead = leads[int(len(leads) ** rng.random()) - 1]
            by_lead = {"artists": lead.artists, "artist_mbids": lead.artist_mbids}
            songs.append(replace(records.commercial_song(rng), title=names.title(), release=names.name(3), **by_lead))
        return songs

    def _when(self) -> int:
        return self._start + int(SPAN * self._random.random())

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
