"""CAR files, version 1: a header with roots, then blocks by CID, whole or as they arrive.

Reading splits and bounds, and decodes no block. A block is hashed against its CID when it is first asked for, so that
what nobody uses costs nothing, and nothing unhashed is ever handed out. Memory is about the size of the input. A
reader belongs to one task; a `BlockMap` may be shared by threads.
Spec: https://ipld.io/specs/transport/car/carv1/, https://atproto.com/specs/repository#car-file-serialization
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from protocol.cbor import DAG_CBOR, RAW, CborInvalid, Cid, decode, read_varint


class CarInvalid(ValueError):
    """Bytes that are not a CAR, or are more of one than the limits allow."""


class BlockInvalid(CarInvalid):
    """A block is not what its CID says."""


class BlockMissing(BlockInvalid):
    """A block is not in the CAR."""


# A header holds a version and a root or two.
_MAX_HEADER = 4096
# What stands around the only root of a header, where that is a DAG-CBOR block's: nearly all are written so.
_ONE_ROOT = (b"\xa2eroots\x81\xd8\x2a\x58\x25\x00" + bytes((1, DAG_CBOR, 0x12, 32)), b"gversion\x01")
_ONE_ROOT_BYTES = 58
# A section's length is a varint of at most nine bytes.
_MAX_VARINT = 9
_SHA256_PREFIXES = (bytes((1, DAG_CBOR, 0x12, 32)), bytes((1, RAW, 0x12, 32)))


class BlockMap:
    """Blocks by CID. Of several blocks under one CID the first counts."""

    __slots__ = ("_blocks", "_hashed")

    def __init__(self, blocks: dict[bytes, bytes] | None = None) -> None:
        self._blocks: dict[bytes, bytes] = {} if blocks is None else blocks
        self._hashed: set[bytes] = set()

    def __contains__(self, cid: bytes) -> bool:
        return cid in self._blocks

    def __len__(self) -> int:
        return len(self._blocks)

    def add(self, cid: bytes, data: bytes) -> None:
        self._blocks.setdefault(cid, data)

    def get(self, cid: bytes) -> bytes:
        """The block's bytes, hashed. Raises `BlockMissing` or `BlockInvalid`."""
        data = self._blocks.get(cid)
        if data is None:
            raise BlockMissing(f"block {Cid(cid)} is missing")
        if cid not in self._hashed:
            if cid[:4] not in _SHA256_PREFIXES or hashlib.sha256(data).digest() != cid[4:]:
                raise BlockInvalid(f"block {Cid(cid)} does not hash to its CID")
            self._hashed.add(cid)
        return data


@dataclass(frozen=True, slots=True)
class Car:
    """A whole CAR. `roots` has at least one CID; whether its block is there is not checked."""

    roots: tuple[Cid, ...]
    blocks: BlockMap


def read_car(data: bytes, *, max_blocks: int, max_bytes: int) -> Car:
    """Splits a CAR that is at hand. Raises `CarInvalid`."""
    reader = CarReader(max_blocks=max_blocks, max_bytes=max_bytes)
    reader.feed(data)
    return reader.finish()


class CarReader:
    """Splits a CAR as its bytes arrive: `feed` each chunk, then `finish`. Both raise `CarInvalid`."""

    def __init__(self, *, max_blocks: int, max_bytes: int) -> None:
        self._max_blocks = max_blocks
        self._max_bytes = max_bytes
        self._bytes = 0
        self._count = 0
        self._roots: tuple[Cid, ...] = ()
        self._blocks: dict[bytes, bytes] = {}
        self._pending = bytearray()
        self._needed = 1

    def feed(self, chunk: bytes) -> None:
        self._bytes += len(chunk)
        if self._bytes > self._max_bytes:
            raise CarInvalid(f"more than {self._max_bytes} bytes")
        if self._pending:
            self._pending += chunk
            # Waiting for a whole section keeps the copying linear, however small the chunks.
            if len(self._pending) < self._needed:
                return
            chunk = bytes(self._pending)
        rest = self._split(chunk)
        self._pending = bytearray(chunk[rest:])

    def finish(self) -> Car:
        if self._pending:
            raise CarInvalid("ends within a block")
        if not self._roots:
            raise CarInvalid("has no header")
        return Car(self._roots, BlockMap(self._blocks))

    def _split(self, data: bytes) -> int:
        """Takes the whole sections of `data`; returns where the first that is not whole begins."""
        offset, end = 0, len(data)
        while offset < end:
            length = data[offset]
            start = offset + 1
            if length >= 0x80:
                if end - offset < _MAX_VARINT and min(data[offset:]) >= 0x80:
                    self._needed = end - offset + 1
                    return offset
                length, start = _length(data, offset)
            stop = start + length
            if stop > end:
                self._needed = self._bounded(stop - offset)
                return offset
            self._section(data, start, stop)
            offset = stop
        return offset

    def _bounded(self, section: int) -> int:
        if section > self._max_bytes or (not self._roots and section > _MAX_HEADER):
            raise CarInvalid("a block is larger than the limit")
        return section

    def _section(self, data: bytes, start: int, stop: int) -> None:
        if not self._roots:
            self._roots = _read_header(data[start:stop])
            return
        self._count += 1
        if self._count > self._max_blocks:
            raise CarInvalid(f"more than {self._max_blocks} blocks")
        body = start + 36
        if body > stop or not data.startswith(_SHA256_PREFIXES, start):
            body = _end_of_cid(data[start:stop]) + start
        self._blocks.setdefault(data[start:body], data[body:stop])


def _length(data: bytes, offset: int) -> tuple[int, int]:
    try:
        return read_varint(data, offset)
    except CborInvalid as error:
        raise CarInvalid("a section's length is not a varint") from error


def _end_of_cid(section: bytes) -> int:
    """Where the CID ends with which a section begins: a CIDv1 of any kind, though only SHA-256 is ever used."""
    try:
        version, offset = read_varint(section, 0)
        _, offset = read_varint(section, offset)
        _, offset = read_varint(section, offset)
        length, offset = read_varint(section, offset)
    except CborInvalid as error:
        raise CarInvalid("a section does not begin with a CID") from error
    if version != 1 or offset + length > len(section):
        raise CarInvalid("a section does not begin with a CID")
    return offset + length


def _read_header(data: bytes) -> tuple[Cid, ...]:
    before, behind = _ONE_ROOT
    if len(data) == _ONE_ROOT_BYTES and data.startswith(before) and data.endswith(behind):
        return (Cid(data[-len(behind) - 36 : -len(behind)]),)
    if len(data) > _MAX_HEADER:
        raise CarInvalid("the header is too large")
    try:
        header = decode(data)
    except CborInvalid as error:
        raise CarInvalid("the header is not DAG-CBOR") from error
    match header:
        case {"version": 1, "roots": [Cid(), *_] as roots}:
            found = tuple(root for root in roots if isinstance(root, Cid))
            if len(found) == len(roots):
                return found
        case _:
            pass
    raise CarInvalid("the header is not {roots, version: 1} with at least one root")
