"""Makes of a true commit frame one that no key has signed.

Works on the wire's own bytes (a CAR v1 within a DAG-CBOR body), with cbor2 and hashlib alone.
"""

import hashlib
from io import BytesIO
from typing import Any

import cbor2

from tests.e2e.firehose import SeenFrame, encode_frame

CID_SIZE = 36  # CIDv1, dag-cbor, sha2-256
DAG_CBOR_SHA256 = b"\x01\x71\x12\x20"
LINK = 42


def with_seq(frame: SeenFrame, seq: int) -> bytes:
    """The same frame under another sequence number."""
    return encode_frame({"op": 1, "t": frame.type}, {**frame.body, "seq": seq})


def with_wrong_signature(frame: SeenFrame, seq: int) -> bytes:
    """The same commit, right in everything (hashes, tree, addresses) but the signature."""
    old = _cid(frame.body["commit"])
    blocks = dict(_read_car(frame.body["blocks"]))
    commit = cbor2.loads(blocks.pop(old))
    commit["sig"] = bytes([commit["sig"][0] ^ 1, *commit["sig"][1:]])
    data = cbor2.dumps(commit, canonical=True)
    new = DAG_CBOR_SHA256 + hashlib.sha256(data).digest()
    body = {**frame.body, "seq": seq, "commit": _link(new), "blocks": _write_car(new, {new: data, **blocks})}
    return encode_frame({"op": 1, "t": "#commit"}, body)


def _read_car(car: bytes) -> list[tuple[bytes, bytes]]:
    stream = BytesIO(car)
    stream.read(_read_varint(stream))
    blocks: list[tuple[bytes, bytes]] = []
    while stream.tell() < len(car):
        section = stream.read(_read_varint(stream))
        blocks.append((section[:CID_SIZE], section[CID_SIZE:]))
    return blocks


def _write_car(root: bytes, blocks: dict[bytes, bytes]) -> bytes:
    header = cbor2.dumps({"roots": [_link(root)], "version": 1}, canonical=True)
    sections = [header, *(cid + data for cid, data in blocks.items())]
    return b"".join(_varint(len(section)) + section for section in sections)


def _read_varint(stream: BytesIO) -> int:
    value = shift = 0
    while True:
        byte = stream.read(1)[0]
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _cid(link: Any) -> bytes:
    """A link is tag 42 over a zero byte and the CID."""
    return link.value[1:]


def _link(cid: bytes) -> cbor2.CBORTag:
    return cbor2.CBORTag(LINK, b"\x00" + cid)
