"""DAG-CBOR, CIDs and CARs of the simulated network, by cbor2; nothing here is shared with what reads the network.

Writes definite lengths, shortest integers and canonical key order. Knows no floats: the network's hosts refuse them.
Pure; safe in any thread. Spec: https://atproto.com/specs/data-model, https://ipld.io/specs/transport/car/carv1/
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias, cast

import cbor2

Value: TypeAlias = Any
"""None, bool, int, str, bytes, `Cid`, or lists and string-keyed dicts of these."""

_DAG_CBOR: Final = b"\x01\x71\x12\x20"
_RAW: Final = b"\x01\x55\x12\x20"
_LINK_TAG: Final = 42


@dataclass(frozen=True, slots=True, order=True)
class Cid:
    """A CIDv1 with a SHA-256 digest. `raw`: its 36 bytes."""

    raw: bytes

    @classmethod
    def of_block(cls, block: bytes) -> Self:
        return cls(_DAG_CBOR + hashlib.sha256(block).digest())

    @classmethod
    def of_blob(cls, data: bytes) -> Self:
        return cls(_RAW + hashlib.sha256(data).digest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """From base32 (`b...`). Raises `ValueError`."""
        if not text.startswith("b"):
            raise ValueError(f"not a CID in base32: {text!r}")
        return cls(base64.b32decode(text[1:].upper() + "=" * (-(len(text) - 1) % 8)))

    def __str__(self) -> str:
        return "b" + base64.b32encode(self.raw).decode("ascii").rstrip("=").lower()


def encode(value: Value) -> bytes:
    """The block of a value. Raises `cbor2.CBOREncodeError` for what is no value of the data model."""
    return cbor2.dumps(value, encoders=_ENCODERS, canonical=True)


def decode(block: bytes) -> Value:
    """The value of a block that this module made; it is not strict enough for strangers' bytes."""
    return cbor2.loads(block, tag_hook=_decode_link)


def to_json(value: Value) -> Value:
    """The value in the data model's JSON form: links as `$link`, bytes as `$bytes`."""
    if isinstance(value, Cid):
        return {"$link": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii").rstrip("=")}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in cast("dict[str, Value]", value).items()}
    if isinstance(value, list):
        return [to_json(item) for item in cast("list[Value]", value)]
    return value


def write_car(root: Cid, blocks: Mapping[Cid, bytes]) -> bytes:
    """A CARv1 with one root; the blocks in the order of the mapping."""
    header = encode({"version": 1, "roots": [root]})
    return b"".join((_varint(len(header)), header, *_sections(blocks.items())))


def _sections(blocks: Iterable[tuple[Cid, bytes]]) -> Iterable[bytes]:
    for cid, block in blocks:
        yield _varint(len(cid.raw) + len(block))
        yield cid.raw
        yield block


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def _encode_link(encoder: cbor2.CBOREncoder, value: Cid) -> None:
    encoder.encode(cbor2.CBORTag(_LINK_TAG, b"\x00" + value.raw))


def _refuse_float(_: cbor2.CBOREncoder, value: float) -> None:
    raise cbor2.CBOREncodeTypeError(f"the data model has no floats: {value}")


def _decode_link(tag: cbor2.CBORTag, _: bool) -> Cid:
    if tag.tag != _LINK_TAG:
        raise ValueError(f"tag {tag.tag} is no link")
    return Cid(tag.value[1:])


_ENCODERS: Final = {Cid: _encode_link, float: _refuse_float}
