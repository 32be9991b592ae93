"""A large library of invented names to search in: accounts, their tracks, albums and playlists, from a fixed seed.

All is written by the indexer's writer. A library in a named folder is loaded once, and refused when it has other sizes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Final

import orjson

from benchmarks import store
from benchmarks.crowd import START, TRACK
from benchmarks.filling import filled, send
from benchmarks.names import Names
from benchmarks.store import Member, Store
from cli.progress import Bar
from indexer.stages import RecordChange, VerifiedCommit
from protocol.cbor import Cid
from protocol.crypto import PrivateKey
from protocol.syntax import Did, Handle, Tid
from runtime.sql import Queries
from simulator import records
from simulator.codec import Cid as RecordCid
from simulator.codec import Value, encode
from simulator.records import Song

SQL = Queries.beside(__file__)

SEED: Final = 5
SIZES: Final = "library.json"
PER_ALBUM: Final = 5


class LibraryDiffers(RuntimeError):
    """A named folder holds another library than the one asked for; the message says which."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many of each. Every album has a few of the tracks."""

    tracks: int
    actors: int
    playlists: int


@asynccontextmanager
async def loaded(sizes: Sizes, folder: Path | None, beside: Sequence[tuple[str, str]] = ()) -> AsyncGenerator[Store]:
    """The library of these sizes, and beside it tracks of these titles and artists. Raises LibraryDiffers."""
    async with store.opened(folder) as opened:
        mark = opened.settings.data_dir / SIZES
        wanted = {**asdict(sizes), "beside": len(beside)}
        if not mark.exists():
            await _load(opened, sizes, beside)
            mark.write_bytes(orjson.dumps(wanted))
        elif (held := orjson.loads(mark.read_bytes())) != wanted:
            raise LibraryDiffers(f"the folder holds a library of other sizes: {held}")
        yield opened


async def _load(opened: Store, sizes: Sizes, beside: Sequence[tuple[str, str]]) -> None:
    done = 0
    with Bar("records") as bar:
        async for batch in filled(opened, _make, sizes, beside):
            done += batch.records
            bar.show(done, sizes.tracks + sizes.actors + sizes.playlists)
    await opened.pool.execute(SQL["add_trigrams"])
    await opened.pool.execute(SQL["index_trigrams"])
    await opened.pool.execute(SQL["vacuum"])


def _make(pipe: Connection, sizes: Sizes, beside: Sequence[tuple[str, str]]) -> None:
    send(pipe, _Scene(sizes).members(beside))


class _Scene:
    """Who there is and what it is called; always the same."""

    def __init__(self, sizes: Sizes) -> None:
        self._random = Random(SEED)
        self._sizes = sizes
        self._names = Names(self._random, sizes.tracks)

    def members(self, beside: Sequence[tuple[str, str]]) -> Iterator[Member]:
        """Every account with what it has written. The titles `beside` are the first one's."""
        sizes = self._sizes
        for number in range(sizes.actors):
            artist = self._names.name(2)
            songs = [(self._names.title(), artist) for _ in range(_share(sizes.tracks, sizes.actors, number))]
            songs += beside if number == 0 else []
            changes = [self._change("app.bsky.actor.profile", "self", {"displayName": artist})]
            album = ""
            for place, (title, by) in enumerate(songs):
                album = self._names.name(3) if place % PER_ALBUM == 0 else album
                changes.append(self._track(title, by, album))
            for _ in range(_share(sizes.playlists, sizes.actors, number)):
                playlist = records.track_list(self._names.title(), "playlist", [], START)
                changes.append(self._change("fm.plyr.list", self._key(), playlist))
            yield self._member(number, changes)

    def _member(self, number: int, changes: Sequence[RecordChange]) -> Member:
        did = Did("did:plc:" + "".join(self._random.choices("abcdefghijklmnopqrstuvwxyz234567", k=24)))
        key = PrivateKey.generate("k256", did.encode()).public.did_key()
        rev = Tid.from_micros(START, number % 1024)
        data, cid = Cid.of_block(did.encode()), Cid.of_block(rev.encode())
        commit = VerifiedCommit(did, rev, data, cid, tuple({change.path: change for change in changes}.values()))
        return Member(Handle(f"person-{number}.example.com"), key, commit)

    def _track(self, title: str, artist: str, album: str) -> RecordChange:
        rng = self._random
        blob: Value = {
            "$type": "blob",
            "ref": RecordCid.of_blob(rng.randbytes(16)),
            "mimeType": "audio/mpeg",
            "size": rng.randrange(5_000_000),
        }
        value = records.track(rng, Song(title, (artist,), album, 180), START, blob=blob, features=[])
        return self._change(TRACK, self._key(), value)

    def _change(self, collection: str, rkey: str, value: Value) -> RecordChange:
        block = encode({"$type": collection, **value} if isinstance(value, dict) else value)
        return store.change(f"{collection}/{rkey}", bytes(Cid.of_block(block)), block)

    def _key(self) -> str:
        return Tid.from_micros(START + self._random.randrange(10**14), self._random.randrange(1024))


def _share(things: int, people: int, number: int) -> int:
    """How many of some things the `number`-th of all people has."""
    return things * (number + 1) // people - things * number // people
