"""A database with people and their records in it, written through the indexer's own writer; and a served AppView."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiohttp import ClientSession, web

import lexicons
from appview import server
from indexer import projections
from indexer.apply import Applied, Applier
from indexer.stages import RecordChange, RecordPath, UnsignedCommit
from protocol.cbor import Cid, encode
from protocol.syntax import Did, Nsid, RecordKey, Tid
from runtime import db
from runtime.settings import RECORD_COLLECTIONS, Settings

NOW = datetime(2026, 5, 4, 12, 0, 0, 678_901, tzinfo=UTC)
PDS = "https://pds.example.com"
AUDIO = Cid.parse("bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e")
IMAGE = Cid.parse("bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq")

_CHARACTERS = "234567abcdefghijklmnopqrstuvwxyz"


def tid(number: int) -> str:
    """The number as a TID: a later one sorts behind."""
    return str(Tid.from_micros(int(NOW.timestamp() * 1_000_000) + number, 0))


def moment(seconds: float = 0) -> str:
    """A time so long after `NOW`, as records write it."""
    return (NOW + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Person:
    """An account, by its DID; `uri` gives the at-uri of one of its records."""

    def __init__(self, account_id: int, did: str, handle: str | None) -> None:
        self.id = account_id
        self.did = did
        self.handle = handle

    def uri(self, rkey: str, collection: str = "fm.plyr.track") -> str:
        return f"at://{self.did}/{collection}/{rkey}"


class Stage:
    """Puts people and records into the database."""

    def __init__(self, pool: db.Pool) -> None:
        self.pool = pool
        self._numbers = itertools.count()
        self._revs = itertools.count()
        self._applier = Applier(
            RECORD_COLLECTIONS, namespace="fm.plyr", record_max_bytes=1_048_576, dead_letter_max=1_000
        )

    async def person(self, handle: str | None = None, *, did: str | None = None, pds: str | None = PDS) -> Person:
        """An account whose handle, if it has one, is confirmed."""
        did = did or "did:plc:" + _letters(next(self._numbers))
        async with self.pool.acquire() as connection, connection.transaction():
            account_id = await connection.fetchval("INSERT INTO account (did) VALUES ($1) RETURNING id", did)
            await connection.execute(
                "INSERT INTO identity (account_id, handle, handle_valid, pds, stale) VALUES ($1, $2, $3, $4, false)",
                account_id,
                handle,
                handle is not None,
                pds,
            )
            await connection.execute("INSERT INTO repo (account_id, state) VALUES ($1, 'synced')", account_id)
            await projections.change_handles(connection, [account_id])
        return Person(account_id, did, handle)

    async def put(
        self, person: Person, collection: str, rkey: str, value: dict[str, Any], *, at: float = 0
    ) -> tuple[str, str]:
        """Write a record, seen `at` seconds after `NOW`; gives its at-uri and CID."""
        raw = encode({"$type": collection, **value})
        cid = Cid.of_block(raw)
        await self._write(person, RecordChange(RecordPath(Nsid(collection), RecordKey(rkey)), cid, raw), at)
        return person.uri(rkey, collection), str(cid)

    async def delete(self, person: Person, collection: str, rkey: str) -> None:
        await self._write(person, RecordChange(RecordPath(Nsid(collection), RecordKey(rkey)), None, None), 0)

    async def track(self, person: Person, rkey: str = tid(0), *, at: float = 0, **fields: Any) -> tuple[str, str]:
        """A track with a blob, made when it is seen unless `fields` say otherwise."""
        value = {
            "title": "Tåke",
            "artist": "Nils",
            "fileType": "mp3",
            "audioBlob": {"$type": "blob", "ref": AUDIO, "mimeType": "audio/mpeg", "size": 1_234},
            "createdAt": moment(at),
        }
        value.update(fields)
        kept = {name: field for name, field in value.items() if field is not None}
        return await self.put(person, "fm.plyr.track", rkey, kept, at=at)

    async def track_list(
        self, person: Person, uris: Iterable[str], rkey: str = tid(0), *, at: float = 0, **fields: Any
    ) -> tuple[str, str]:
        """A list of what these at-uris name; a playlist unless `fields` say otherwise."""
        items = [{"subject": {"uri": uri, "cid": str(AUDIO)}} for uri in uris]
        value = {"items": items, "createdAt": moment(at), **fields}
        return await self.put(person, "fm.plyr.list", rkey, value, at=at)

    async def like(self, person: Person, uri: str, rkey: str = tid(0), *, at: float = 0) -> tuple[str, str]:
        value = {"subject": {"uri": uri, "cid": str(AUDIO)}, "createdAt": moment(at)}
        return await self.put(person, "fm.plyr.like", rkey, value, at=at)

    async def comment(
        self, person: Person, uri: str, rkey: str = tid(0), *, at: float = 0, **fields: Any
    ) -> tuple[str, str]:
        value = {
            "subject": {"uri": uri, "cid": str(AUDIO)},
            "text": "Så bra!",
            "timestampMs": 1_500,
            "createdAt": moment(at),
            **fields,
        }
        return await self.put(person, "fm.plyr.comment", rkey, value, at=at)

    async def play(self, person: Person, rkey: str = tid(0), *, at: float = 0, **fields: Any) -> tuple[str, str]:
        value = {"trackName": "Strobe", "artists": [{"artistName": "deadmau5"}], "playedTime": moment(at), **fields}
        return await self.put(person, "fm.teal.feed.play", rkey, value, at=at)

    async def status(self, person: Person, *, since: datetime, **fields: Any) -> None:
        """What somebody began to listen to at that time."""
        value = {
            "time": since.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "item": {"trackName": "Strobe", "artists": [{"artistName": "deadmau5"}]},
            **fields,
        }
        later = (since - NOW).total_seconds()
        await self.put(person, "fm.teal.actor.status", "self", value, at=later)

    async def hide(self, person: Person, *, hidden: bool = True) -> None:
        """What the indexer does when an account is deactivated, or active again."""
        async with self.pool.acquire() as connection, connection.transaction():
            if hidden:
                await connection.execute("INSERT INTO visibility VALUES ($1, '', 'account', true, true)", person.id)
            else:
                await connection.execute("DELETE FROM visibility WHERE account_id = $1", person.id)
            await projections.change_visibility(connection, [person.id], hidden)

    async def subscribed(self) -> None:
        """What the indexer notes when its first subscription stands, and after a first frame."""
        async with self.pool.acquire() as connection:
            await connection.execute(
                "INSERT INTO source_cursor (source, seq, event_time) VALUES ('wss://relay.example.com', 7, $1)", NOW
            )

    async def _write(self, person: Person, change: RecordChange, at: float) -> None:
        seen = NOW + timedelta(seconds=at)
        rev = Tid.from_micros(int(seen.timestamp() * 1_000_000), next(self._revs) % 1024)
        applied = Applied(person.id, UnsignedCommit(Did(person.did), rev, (change,)), "wss://relay.example.com", 1)
        async with self.pool.acquire() as connection, connection.transaction():
            await self._applier.write(connection, [applied], seen)


def _letters(number: int) -> str:
    return "".join(_CHARACTERS[number >> shift & 31] for shift in range(115, -5, -5))


@asynccontextmanager
async def served(settings: Settings) -> AsyncGenerator[ClientSession]:
    """A session with an AppView that listens on a port of its own."""
    runner = web.AppRunner(await server.application(settings), max_line_size=settings.url_max_bytes)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with ClientSession(f"http://{host}:{port}") as session:
        yield session
    await runner.cleanup()


class Client:
    """Asks a served AppView."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def ask(self, nsid: str, **params: Any) -> tuple[int, Any]:
        """(status, decoded JSON); a list is a repeated parameter."""
        status, answer, _ = await self.send(nsid, {}, **params)
        return status, answer

    async def send(self, nsid: str, headers: Mapping[str, str], **params: Any) -> tuple[int, Any, Mapping[str, str]]:
        """(status, decoded JSON, headers) of a request with these headers; None for an empty body."""
        pairs = [(name, str(each)) for name, value in params.items() for each in _each(value)]
        async with self.session.get(f"/xrpc/{nsid}", params=pairs, headers=headers) as response:
            body = await response.read()
            assert not body or response.content_type == "application/json"
            return response.status, orjson.loads(body) if body else None, response.headers

    async def get(self, nsid: str, **params: Any) -> Any:
        """An answer, which must be as its lexicon says."""
        status, answer = await self.ask(nsid, **params)
        assert status == 200, answer
        assert lexicons.load().query(nsid).validate_output(answer) == []
        return answer

    async def refused(self, nsid: str, **params: Any) -> str:
        """The name of the error, which must be of status 400."""
        status, answer = await self.ask(nsid, **params)
        assert status == 400, answer
        assert set(answer) == {"error", "message"}
        return answer["error"]

    async def pages(self, nsid: str, name: str, **params: Any) -> list[list[Any]]:
        """Every page to the end."""
        found: list[list[Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await self.get(nsid, **params, **cursor)
            found.append(answer[name])
            if "cursor" not in answer:
                return found
            cursor = {"cursor": answer["cursor"]}


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
