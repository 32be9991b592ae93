"""Backlinks: what links to a record or an account, from which collection and at which path of its records.

The methods of blue.microcosm.links, and the older form in which https://constellation.microcosm.blue gives the same
under the names of its own fields. What is neither an at-uri nor a DID is linked to by nobody here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from appview.cursors import END_OF_TIME, EPOCH, MOST, Key, Listing
from appview.errors import InvalidRequest
from appview.queries.base import VIEWS, Call
from protocol.links import Link, link_name, target
from protocol.syntax import Did, Nsid, SyntaxInvalid
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

# Links of some accounts that are counted: of all accounts they are counted when they are written.
COUNTED_MAX = 10_000
DIDS_MAX = 100

NEWEST = Listing("blue.microcosm.links.getBacklinks newest", END_OF_TIME, 0, "")
OLDEST = Listing("blue.microcosm.links.getBacklinks oldest", EPOCH, 0, "")
ACCOUNTS = Listing("blue.microcosm.links.getBacklinkDids", MOST)


class Wanted(NamedTuple):
    """The links that are asked for; `link` is None when there are none of the kind."""

    collection: Nsid
    link: UUID | None


async def get_backlinks(call: Call) -> str:
    """The records that link."""
    total, records, cursor = await _records(call, _wanted(call), call.params.get("did", ()))
    return _json(total=total, records=records, **({"cursor": cursor} if cursor else {}))


async def get_backlinks_count(call: Call) -> str:
    """How many records link."""
    return _json(total=(await _counts(call, _wanted(call)))[0])


async def get_backlink_dids(call: Call) -> str:
    """The accounts that link."""
    total, dids, cursor = await _accounts(call, _wanted(call))
    return _json(total=total, linking_dids=dids, **({"cursor": cursor} if cursor else {}))


async def links(call: Call) -> str:
    """The records that link, in the older form."""
    dids = [*call.params.get("did", ()), *_commaed(call.params.get("from_dids", ""))]
    if len(dids) > DIDS_MAX:
        raise InvalidRequest(f"Parameter 'from_dids' must name at most {DIDS_MAX} DIDs")
    total, records, cursor = await _records(call, _named(call), dids)
    return _json(total=total, linking_records=records, cursor=cursor)


async def links_count(call: Call) -> str:
    """How many records link, in the older form."""
    return _json(total=(await _counts(call, _named(call)))[0])


async def distinct_dids(call: Call) -> str:
    """The accounts that link, in the older form."""
    total, dids, cursor = await _accounts(call, _named(call))
    return _json(total=total, linking_dids=dids, cursor=cursor)


async def distinct_dids_count(call: Call) -> str:
    """How many accounts link, in the older form."""
    return _json(total=(await _counts(call, _named(call)))[1])


def _wanted(call: Call) -> Wanted:
    collection, _, path = call.params["source"].partition(":")
    try:
        known = Nsid.parse(collection)
    except SyntaxInvalid:
        known = None
    if known is None or not path:
        raise InvalidRequest("Parameter 'source' must be a collection and a path, as in fm.plyr.like:subject.uri")
    return _of(known, path, call.params["subject"])


def _named(call: Call) -> Wanted:
    return _of(call.params["collection"], call.params["path"], call.params["target"])


def _of(collection: Nsid, path: str, subject: str) -> Wanted:
    goal = target(subject)
    return Wanted(collection, None if goal is None else link_name(collection, Link(path.removeprefix("."), goal)))


def _commaed(text: str) -> list[Did]:
    try:
        return [Did.parse(each) for each in text.split(",") if each]
    except SyntaxInvalid:
        raise InvalidRequest("Parameter 'from_dids' must be DIDs with commas between them") from None


async def _records(call: Call, wanted: Wanted, dids: Sequence[Did]) -> tuple[int, list[dict[str, str]], str | None]:
    """How many there are in all, those of this page, and the cursor of the next."""
    limit = call.params["limit"]
    query, listing = ("oldest_links", OLDEST) if call.params.get("reverse") else ("newest_links", NEWEST)
    page: Key = (*call.after(listing), limit + 1)
    if dids:
        rows = await call.reads.rows(SQL[f"{query}_of"], wanted.link, *page, dids, COUNTED_MAX)
    else:
        rows = await call.reads.rows(SQL[query], wanted.link, *page)
    found = [row for row in rows[:limit] if row["did"] is not None]
    records = [{"did": row["did"], "collection": str(wanted.collection), "rkey": row["rkey"]} for row in found]
    cursor = listing.encode(tuple(found[-1].values())[2:]) if len(rows) > limit else None
    return rows[0]["total"], records, cursor


async def _accounts(call: Call, wanted: Wanted) -> tuple[int, list[str], str | None]:
    limit = call.params["limit"]
    rows = await call.reads.rows(SQL["linking_accounts"], wanted.link, *call.after(ACCOUNTS), limit + 1)
    found = [row for row in rows[:limit] if row["did"] is not None]
    cursor = ACCOUNTS.encode((found[-1]["account_id"],)) if len(rows) > limit else None
    return rows[0]["total"], [row["did"] for row in found], cursor


async def _counts(call: Call, wanted: Wanted) -> tuple[int, int]:
    """Of records, and of accounts."""
    for row in await call.reads.rows_of(SQL["counts"], (wanted.link,)):
        return row["records"], row["accounts"]
    return 0, 0


def _json(**answer: Any) -> str:
    return orjson.dumps(answer).decode()
