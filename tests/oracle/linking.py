"""What links to what: the model of backlinks. Shares no code with the indexer."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from tests.oracle.naive import tid_moment
from tests.oracle.plyr import Found, Row, track

DID: Final = r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]"
NAME: Final = r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+"
TARGET: Final = re.compile(rf"{DID}|at://({DID}|{NAME})(/{NAME}(/[a-zA-Z0-9._:~-]+)?)?")


def links(found: Found) -> dict[tuple[Any, ...], Row]:
    """The rows of one valid record, by key."""
    written = tid_moment(found.rkey)
    at = min(written, found.indexed_at) if written else found.indexed_at
    collection = found.value.get("$type", found.collection)
    return {
        (_name(f"{collection}:{path}\n{text}"), found.did, found.collection, found.rkey): {"sort_at": at}
        for path, text in _texts(found.value, [])
        if TARGET.fullmatch(text)
    }


def fits_unseen(found: Found) -> bool:
    """Whether a record is valid that shows nowhere: a track without audio."""
    sounding = found._replace(value={**found.value, "audioUrl": "https://example.com/"})
    return found.collection == "fm.plyr.track" and track(sounding) is not None


def counts(rows: dict[tuple[Any, ...], Row], hidden: frozenset[str]) -> dict[tuple[Any, ...], Row]:
    """How many records, and how many accounts, of those that show."""
    who: defaultdict[UUID, list[str]] = defaultdict(list)
    for link, did, _, _ in rows:
        if did not in hidden:
            who[link].append(did)
    return {(link,): {"records": len(dids), "accounts": len(set(dids))} for link, dids in who.items()}


def _name(text: str) -> UUID:
    return UUID(hashlib.sha256(text.encode()).hexdigest()[:32])


def _texts(value: Any, way: list[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield "".join(way).lstrip("."), value
    if isinstance(value, dict):
        for name in value:
            yield from _texts(value[name], [*way, ".", name])
    if isinstance(value, list):
        for inner in value:
            named = inner.get("$type") if isinstance(inner, dict) else None
            yield from _texts(inner, [*way, "[", named if isinstance(named, str) else "", "]"])
