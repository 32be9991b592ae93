"""How the model reads single values: times, texts, identifiers. Slow and plain; shares no code with the indexer."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

DATETIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
TID_LETTERS: Final = "234567abcdefghijklmnopqrstuvwxyz"
MBID: Final = re.compile(r"(?:mbid:)?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
HASHTAG: Final = re.compile(r"(?:^|(?<=\s))#([^\s#.,;:!?()]+)")


class Alias(NamedTuple):
    """A value whose form is the indexer's choice: in a `domain` equal keys have equal values, and others others."""

    domain: str
    key: Any


def moment(text: Any) -> datetime | None:
    """A datetime of the lexicons; None for what is none."""
    if not isinstance(text, str) or not DATETIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def lenient_moment(text: Any) -> datetime | None:
    """A datetime, or seconds since 1970 in a string, as some scrobblers write."""
    if isinstance(text, str) and text.isdecimal():
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text))
    return moment(text)


def tid_moment(rkey: str) -> datetime | None:
    """The time in a TID; None when the key is none."""
    if len(rkey) != 13 or any(letter not in TID_LETTERS for letter in rkey) or rkey[0] not in TID_LETTERS[:16]:
        return None
    number = 0
    for letter in rkey:
        number = number * 32 + TID_LETTERS.index(letter)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number >> 10)


def folded(text: str) -> str:
    """The form in which names are compared."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def shown(text: str | None) -> str | None:
    """As Postgres can hold it; nothing for no text."""
    return text.replace("\x00", "\ufffd") if text else None


def tags(given: list[str], description: str) -> list[str]:
    """A track's own tags, then its description's hashtags, each once, the first ten."""
    found: list[str] = []
    for text in [*given, *HASHTAG.findall(description)]:
        tag = " ".join(text.lower().split())
        if tag and tag not in found:
            found.append(tag)
    return found[:10]


def mbid(text: Any) -> UUID | None:
    match = MBID.fullmatch(text) if isinstance(text, str) else None
    return UUID(match[1]) if match else None


def is_text(value: Any, least: int, most: int) -> bool:
    """Text of so many bytes."""
    return isinstance(value, str) and least <= len(value.encode()) <= most


def is_ref(value: Any) -> bool:
    """A strongRef."""
    return isinstance(value, dict) and str(value.get("uri")).startswith("at://") and bool(value.get("cid"))
