"""com.atproto.repo: records as they stand in their repositories, valid or not, as an account's host would give them.

A collection goes by the name that it has in repositories, which on a staging instance is not that under which it is
indexed. What is not of the data model has no JSON and is not given out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg

from appview.cursors import Listing
from appview.errors import RecordNotFound, RepoNotFound
from appview.queries.base import VIEWS, Call
from protocol.cbor import CborInvalid, Cid, decode, to_json
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

# The bytes of records with which a page ends, however many were asked for.
PAGE_BYTES = 1_048_576
# So many bytes are read in a thread: they take milliseconds.
LARGE = 65_536

# No record's key has a character behind `~`.
NEWEST = Listing("com.atproto.repo.listRecords newest", "\x7f")
OLDEST = Listing("com.atproto.repo.listRecords oldest", "")


async def get_record(call: Call) -> str:
    """One record."""
    collection, cid = call.params["collection"], call.params.get("cid")
    rows = await call.reads.rows_of(SQL["records"], (call.params["repo"], collection, call.params["rkey"]))
    if cid is not None:
        rows = [row for row in rows if str(Cid(row["cid"])) == cid]
    told = await _told(rows, collection)
    if not told:
        raise RecordNotFound
    return told[0]


async def list_records(call: Call) -> str:
    """The records of a collection."""
    collection, limit = call.params["collection"], call.params["limit"]
    query, listing = ("oldest_records", OLDEST) if call.params.get("reverse") else ("newest_records", NEWEST)
    after = call.after(listing)
    rows = await call.reads.rows(SQL[query], call.params["repo"], collection, *after, limit + 1, PAGE_BYTES)
    if not rows:
        raise RepoNotFound
    page = [row for row in rows[:limit] if row["rkey"] is not None]
    items = ",".join(await _told(page, collection))
    if not page or rows[0]["found"] == len(page):
        return f'{{"records":[{items}]}}'
    return f'{{"records":[{items}],"cursor":"{listing.encode((page[-1]["rkey"],))}"}}'


async def _told(rows: Sequence[asyncpg.Record], collection: str) -> list[str]:
    if sum(len(row["value"]) for row in rows) > LARGE:
        return await asyncio.to_thread(_as_json, rows, collection)
    return _as_json(rows, collection)


def _as_json(rows: Sequence[asyncpg.Record], collection: str) -> list[str]:
    """What can be told of these records. Nothing of an address has to be escaped in JSON."""
    told: list[str] = []
    for row in rows:
        try:
            value = to_json(decode(row["value"])).decode()
        except CborInvalid:
            continue
        uri = f"at://{row['did']}/{collection}/{row['rkey']}"
        told.append(f'{{"uri":"{uri}","cid":"{Cid(row["cid"])}","value":{value}}}')
    return told
