"""Where a page ended, as the opaque text that a client gives back.

A cursor is the key of the last row in its listing's order: rows that come or go meanwhile make nothing repeat and
nothing be skipped. It names the listing, so that one of another method, or of another sort, is refused instead of
being read as something else. Form: base64url of version (1 byte), CRC-32 of the listing's name (4), then each part of
the key: times as microseconds since 1970 and integers (8 bytes, signed), UUIDs (16), a text (the rest). Pure.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID
from zlib import crc32

from appview.errors import InvalidRequest

VERSION = 1
MOST = (1 << 63) - 1
# No row's number comes near: what is made up stays small enough to be negated or counted on from.
INTEGER_MAX = 1 << 62
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START_OF_TIME = datetime.min.replace(tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)

Part: TypeAlias = datetime | int | UUID | str
Key: TypeAlias = tuple[Part, ...]

_HEAD = struct.Struct(">BI")
_INTEGER = struct.Struct(">q")


class Listing:
    """An order in which rows are given out, page by page."""

    def __init__(self, name: str, *first: Part) -> None:
        """`first` is a key before every row's; the types of its parts are those of every key. Only the last is text."""
        self._first = first
        self._parts = tuple((_WRITERS[type(part)], _READERS[type(part)]) for part in first)
        self._head = _HEAD.pack(VERSION, crc32(name.encode()))

    def encode(self, key: Key) -> str:
        """The cursor that continues behind the row of this key."""
        data = self._head + b"".join(write(part) for (write, _), part in zip(self._parts, key, strict=True))
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def after(self, cursor: str | None) -> Key:
        """The key behind which the page begins. Raises InvalidRequest for what `encode` never gives."""
        if cursor is None:
            return self._first
        try:
            key = self._decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (binascii.Error, struct.error, ValueError, OverflowError):
            key = None
        if key is None or self.encode(key) != cursor:
            raise InvalidRequest("Parameter 'cursor' must be one that this method gave")
        return key

    def _decode(self, data: bytes) -> Key | None:
        if not data.startswith(self._head):
            return None
        rest = data[_HEAD.size :]
        parts: list[Part] = []
        for _, read in self._parts:
            part, rest = read(rest)
            parts.append(part)
        return None if rest else tuple(parts)


def _write_time(time: datetime) -> bytes:
    return _INTEGER.pack((time - EPOCH) // timedelta(microseconds=1))


def _read_time(data: bytes) -> tuple[datetime, bytes]:
    micros, rest = _read_integer(data)
    return EPOCH + timedelta(microseconds=micros), rest


def _read_integer(data: bytes) -> tuple[int, bytes]:
    number: int = _INTEGER.unpack_from(data)[0]
    if abs(number) > INTEGER_MAX:
        raise ValueError("no number that the database gave")
    return number, data[_INTEGER.size :]


def _write_uuid(value: UUID) -> bytes:
    return value.bytes


def _read_uuid(data: bytes) -> tuple[UUID, bytes]:
    return UUID(bytes=data[:16]), data[16:]


def _read_text(data: bytes) -> tuple[str, bytes]:
    text = data.decode()
    if "\x00" in text:
        raise ValueError("no text that the database gave")
    return text, b""


_WRITERS: dict[type[Part], Callable[..., bytes]] = {
    datetime: _write_time,
    int: _INTEGER.pack,
    UUID: _write_uuid,
    str: str.encode,
}
_READERS: dict[type[Part], Callable[[bytes], tuple[Part, bytes]]] = {
    datetime: _read_time,
    int: _read_integer,
    UUID: _read_uuid,
    str: _read_text,
}
