"""What links to what, found in the JSON of the raw records by the plainest means."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from protocol.cbor import to_json
from runtime.db import Pool
from tests.indexer.projections.records import Book


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path + "[]")


def backlinks(book: Book) -> dict[str, Any]:
    """Every link with its record, and of accounts that are not hidden how many records and accounts have it."""
    found: set[tuple[UUID, int, str, str]] = set()
    linking: defaultdict[UUID, list[int]] = defaultdict(list)
    for each in book.records.values():
        account_id, collection, rkey = each.key
        if each.invalid is not None:
            continue
        for path, text in set(_texts(json.loads(to_json(each.value)), "")):
            if text.startswith(("at://", "did:")):
                name = hashlib.sha256(f"{collection}:{path[1:]}\n{text}".encode()).hexdigest()[:32]
                found.add((UUID(name), account_id, collection, rkey))
                if account_id not in book.hidden:
                    linking[UUID(name)].append(account_id)
    return {"rows": found, "counts": {name: (len(ids), len(set(ids))) for name, ids in linking.items()}}


async def stored_links(pool: Pool) -> dict[str, Any]:
    """The same from the tables."""
    rows = await pool.fetch("SELECT link, account_id, collection, rkey FROM record_link")
    counts = await pool.fetch("SELECT link, records, accounts FROM link_count")
    return {"rows": {tuple(row) for row in rows}, "counts": {link: tuple(counted) for link, *counted in counts}}
