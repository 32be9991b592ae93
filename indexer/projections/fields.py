"""Reading fields of a record into what columns hold: text that Postgres can store, bounded times, blobs.

Pure. Every function takes whatever a record may have there and gives None for what cannot be used.
records.md, "What every collection has in common".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from indexer.stages import RecordRow
from protocol.cbor import Cid, to_json
from protocol.syntax import SyntaxInvalid, parse_datetime
from protocol.text import pg_text

# Longer than any at-uri of a record that can exist (a domain of 253 characters, a record key of 512), and short enough
# for an index.
SUBJECT_MAX = 1_024
# Postgres's driver takes the very first and last instant for infinities.
EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(seconds=1)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(seconds=1)

_UNIX_SECONDS = re.compile(r"[0-9]{9,11}").fullmatch


class BlobRef(NamedTuple):
    """What a record says of a blob; `size` in bytes."""

    cid: str
    mime: str
    size: int


class Times(NamedTuple):
    """`created`: what the author claims, else the indexing; `sort`: the same, never later than the indexing."""

    created: datetime
    sort: datetime


def text(value: Any) -> str | None:
    """Text that is there and not empty."""
    return pg_text(value) if isinstance(value, str) and value else None


def name(value: Any) -> str | None:
    """A name that shows: trimmed, and not empty."""
    return text(value.strip()) if isinstance(value, str) else None


def integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(value: Any) -> list[str]:
    """The texts of an array, each once."""
    if not isinstance(value, list):
        return []
    return list(dict.fromkeys(pg_text(each) for each in cast("list[Any]", value) if isinstance(each, str) and each))


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of an array."""
    if not isinstance(value, list):
        return []
    return [cast("Mapping[str, Any]", each) for each in cast("list[Any]", value) if isinstance(each, dict)]


def moment(value: Any) -> datetime | None:
    """A lexicon datetime, or Unix seconds in a text."""
    if not isinstance(value, str):
        return None
    try:
        found = parse_datetime(value)
    except SyntaxInvalid:
        return datetime.fromtimestamp(int(value), UTC) if is_unix_seconds(value) else None
    return found if EARLIEST <= found <= LATEST else min(max(found, EARLIEST), LATEST)


def is_unix_seconds(value: Any) -> bool:
    """Whether this is a text of so many digits that it can only be seconds since 1970."""
    return isinstance(value, str) and _UNIX_SECONDS(value) is not None


def times(row: RecordRow) -> Times:
    created = moment(row.value.get("createdAt")) or row.indexed_at
    return Times(created, min(created, row.indexed_at))


def uri(row: RecordRow) -> str:
    """The record's at-uri, with its collection's name in the repo."""
    return f"at://{row.did}/{row.value.get('$type', row.key.collection)}/{row.key.rkey}"


def subject(value: Any) -> tuple[str, str] | None:
    """(uri, cid) of a strongRef that an index can hold."""
    if not isinstance(value, dict):
        return None
    reference = cast("Mapping[str, Any]", value)
    address, cid = text(reference.get("uri")), text(reference.get("cid"))
    return (address, cid) if address and cid and len(address) <= SUBJECT_MAX else None


def blob(value: Any) -> BlobRef | None:
    match value:
        case {"ref": Cid() as cid, "mimeType": str(mime), "size": int(size)}:
            return BlobRef(str(cid), pg_text(mime), size)
        case _:
            return None


def storable_json(value: Any) -> str:
    """JSON into which Postgres's functions can look: without U+0000."""
    written = to_json(value).decode()
    return to_json(_clean(value)).decode() if "\\u0000" in written else written


def _clean(value: Any) -> Any:
    match value:
        case str():
            return pg_text(value)
        case list():
            return [_clean(each) for each in cast("list[Any]", value)]
        case dict():
            return {pg_text(name): _clean(each) for name, each in cast("dict[str, Any]", value).items()}
        case _:
            return value
