"""Records as they are found in repos, as rows, and a book that stores them with everything that follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

import lexicons
from indexer import projections
from indexer.stages import RecordKeyRow, RecordRow
from protocol.cbor import Cid, decode, encode
from protocol.syntax import Did, Tid
from runtime.db import Connection, Pool

TRACK = "fm.plyr.track"
LIKE = "fm.plyr.like"
COMMENT = "fm.plyr.comment"
LIST = "fm.plyr.list"
PLAY = "fm.teal.feed.play"
ALPHA_PLAY = "fm.teal.alpha.feed.play"
STATUS = "fm.teal.actor.status"
ALPHA_STATUS = "fm.teal.alpha.actor.status"
PLYR_PROFILE = "fm.plyr.actor.profile"
TEAL_PROFILE = "fm.teal.actor.profile"
ALPHA_PROFILE = "fm.teal.alpha.actor.profile"
BSKY_PROFILE = "app.bsky.actor.profile"

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CREATED = "2026-02-01T10:00:00.123Z"
CID = str(Cid.of_block(b"subject"))
BLOB = {"$type": "blob", "ref": Cid.of_block(b"audio"), "mimeType": "audio/mpeg", "size": 1234}
Key = tuple[int, str, str]


def did(account_id: int) -> Did:
    return Did(f"did:plc:{account_id:0>24}")


def tid(moment: datetime, clock_id: int = 0) -> Tid:
    return Tid.from_micros(int(moment.timestamp() * 1_000_000), clock_id)


def uri(account_id: int, collection: str, rkey: str) -> str:
    return f"at://{did(account_id)}/{collection}/{rkey}"


def row(collection: str, value: dict[str, Any], *, account_id: int = 1, rkey: str = "3kaaaaaaaaa2a") -> RecordRow:
    """A row just indexed, with what its lexicon and the tolerances say of it."""
    raw = encode({"$type": collection, **value})
    value = cast("dict[str, Any]", decode(raw))
    violations = lexicons.load().record(collection).validate(rkey, value)
    return RecordRow(
        key=RecordKeyRow(account_id, collection, rkey),
        did=did(account_id),
        cid=Cid.of_block(raw),
        rev=tid(NOW),
        indexed_at=NOW,
        unsigned=False,
        raw=raw,
        value=value,
        invalid=projections.violations_that_hide(collection, violations, value),
    )


def track(**fields: Any) -> dict[str, Any]:
    basis = {"title": "Angel", "artist": "Massive Attack", "fileType": "mp3", "createdAt": CREATED, "audioBlob": BLOB}
    return {name: value for name, value in {**basis, **fields}.items() if value is not None}


def like(subject: str, **fields: Any) -> dict[str, Any]:
    return {"subject": {"uri": subject, "cid": CID}, "createdAt": CREATED, **fields}


def comment(subject: str, **fields: Any) -> dict[str, Any]:
    return {"subject": {"uri": subject, "cid": CID}, "text": "!", "timestampMs": 1, "createdAt": CREATED, **fields}


def track_list(subjects: Iterable[str], **fields: Any) -> dict[str, Any]:
    items = [{"subject": {"uri": subject, "cid": CID}} for subject in subjects]
    basis = {"items": items, "createdAt": CREATED, "name": "Mezzanine", "listType": "album"}
    return {name: value for name, value in {**basis, **fields}.items() if value is not None}


def play(**fields: Any) -> dict[str, Any]:
    basis = {"trackName": "Angel", "artists": [{"artistName": "Massive Attack"}], "playedTime": CREATED}
    return {name: value for name, value in {**basis, **fields}.items() if value is not None}


def status(**fields: Any) -> dict[str, Any]:
    basis = {"time": "2026-03-01T11:59:00Z", "item": {"trackName": "Angel", "artists": []}}
    return {name: value for name, value in {**basis, **fields}.items() if value is not None}


class Book:
    """The raw records, written as the indexer does: with their projections, in one transaction.

    `records`, `hidden`: what is committed; a transaction that fails changes neither.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.records: dict[Key, RecordRow] = {}
        self.hidden: set[int] = set()

    @classmethod
    async def open(cls, pool: Pool, accounts: int = 3) -> Book:
        async with pool.acquire() as connection:
            for account_id in range(1, accounts + 1):
                await connection.execute(
                    "INSERT INTO account (id, did) OVERRIDING SYSTEM VALUE VALUES ($1, $2)", account_id, did(account_id)
                )
        return cls(pool)

    async def write(self, puts: Iterable[RecordRow] = (), drops: Iterable[Key] = ()) -> None:
        rows = [put._replace(indexed_at=old.indexed_at) if (old := self.records.get(put.key)) else put for put in puts]
        keys = [RecordKeyRow(*key) for key in drops]
        async with self.pool.acquire() as connection, connection.transaction():
            for put in rows:
                await self._put_raw(connection, put)
            for key in keys:
                await connection.execute(
                    "DELETE FROM record WHERE account_id = $1 AND collection = $2 AND rkey = $3", *key
                )
            await projections.write(connection, rows, keys)
        self.records.update((put.key, put) for put in rows)
        for key in keys:
            self.records.pop(key, None)

    @staticmethod
    async def _put_raw(connection: Connection, put: RecordRow) -> None:
        await connection.execute(
            """
            INSERT INTO record (account_id, collection, rkey, cid, rev, indexed_at, invalid, value)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (account_id, collection, rkey) DO UPDATE SET cid = $4, rev = $5, invalid = $7, value = $8
            """,
            *put.key,
            bytes(put.cid),
            put.rev,
            put.indexed_at,
            put.invalid,
            put.raw,
        )

    async def put(self, collection: str, value: dict[str, Any], **place: Any) -> RecordRow:
        made = row(collection, value, **place)
        await self.write([made])
        return made

    async def hide(self, account_id: int) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO visibility VALUES ($1, '', 'account', true, true) ON CONFLICT DO NOTHING", account_id
            )
            await projections.change_visibility(connection, [account_id], hidden=True)
        self.hidden.add(account_id)

    async def show(self, account_id: int) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("DELETE FROM visibility WHERE account_id = $1", account_id)
            await projections.change_visibility(connection, [account_id], hidden=False)
        self.hidden.discard(account_id)

    async def purge(self, account_id: int) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await projections.purge(connection, [account_id])
            await connection.execute("DELETE FROM record WHERE account_id = $1", account_id)
        self.records = {key: each for key, each in self.records.items() if key[0] != account_id}

    async def one(self, query: str, *values: Any) -> dict[str, Any]:
        found = await self.pool.fetchrow(query, *values)
        assert found is not None
        return dict(found)
