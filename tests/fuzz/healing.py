"""Gives a spoilt CAR its hashes again, and its commit a signature.

Nearly every mutation ends where bytes do not hash to their CID, or at the signature. What somebody sends who signs
what he likes gets further: so blocks are named by what they have become, from the leaves up, and the commit is signed.
"""

from __future__ import annotations

import io
import re
from typing import Any, Final, NamedTuple

import cbor2

from protocol.crypto import PrivateKey
from simulator.codec import Cid, decode, encode, write_car

KEY: Final = PrivateKey.generate("k256", b"\x01" * 32)
_CID: Final = re.compile(rb"\x01\x71\x12\x20.{32}", re.DOTALL)
_CID_BYTES: Final = 36
_MOST_SECTIONS: Final = 300


class Healed(NamedTuple):
    """`renamed`: by the CID that a block had, the one that it has."""

    car: bytes
    renamed: dict[bytes, bytes]


def heal(car: bytes) -> Healed | None:
    """The CAR with true CIDs, its first block being the commit; None for what has no blocks."""
    sections = _split(car)
    if not sections:
        return None
    root = next(iter(sections))
    renamed: dict[bytes, bytes] = {}
    blocks: dict[Cid, bytes] = {}
    for cid in [*list(sections)[1:], root]:
        _settle(cid, sections, renamed, blocks, root)
    commit = Cid(renamed[root])
    return Healed(write_car(commit, {commit: blocks.pop(commit), **blocks}), renamed)


def heal_frame(frame: bytes) -> bytes | None:
    """The frame with its blocks healed and its commit and ops following them; None for what has no blocks."""
    stream = io.BytesIO(frame)
    try:
        header: Any = cbor2.load(stream, tag_hook=_link)
        body: Any = cbor2.load(stream, tag_hook=_link)
        healed = heal(body["blocks"])
        if healed is None:
            return None
        renamed = {Cid(old): Cid(new) for old, new in healed.renamed.items()}
        if isinstance(body.get("commit"), Cid):
            body["commit"] = next(reversed(renamed.values()))
        for op in body.get("ops", ()):
            op["cid"] = renamed.get(op["cid"], op["cid"])
        return encode(header) + encode(body | {"blocks": healed.car})
    except Exception:  # noqa: BLE001 - what cannot be read is fed as it is
        return None


def _split(car: bytes) -> dict[bytes, bytes]:
    """Blocks by CID, as far as they can be told apart."""
    sections: dict[bytes, bytes] = {}
    at = -1
    while at < len(car) and len(sections) < _MOST_SECTIONS:
        begin, length = _varint(car, max(at, 0))
        if at >= 0 and length >= _CID_BYTES:
            sections.setdefault(car[begin : begin + _CID_BYTES], car[begin + _CID_BYTES : begin + length])
        at = begin + length
    return sections


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Where it ends, and what it says."""
    number = shift = 0
    while at < len(data) and shift < 63:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    return at, number


def _settle(
    cid: bytes, sections: dict[bytes, bytes], renamed: dict[bytes, bytes], blocks: dict[Cid, bytes], root: bytes
) -> None:
    """Rename what the block links to, then the block. A link that leads back is left as it is."""
    if cid in renamed:
        return
    renamed[cid] = cid
    block = sections[cid]
    for found in _CID.findall(block):
        if found in sections:
            _settle(found, sections, renamed, blocks, root)
            block = block.replace(found, renamed[found])
    if cid == root:
        block = _signed(block)
    true = Cid.of_block(block)
    renamed[cid] = true.raw
    blocks[true] = block


def _signed(block: bytes) -> bytes:
    try:
        commit = decode(block)
        unsigned = {name: value for name, value in commit.items() if name != "sig"}
        return encode(unsigned | {"sig": KEY.sign(encode(unsigned))})
    except Exception:  # noqa: BLE001 - what cannot be read is fed as it is
        return block


def _link(tag: cbor2.CBORTag, _: bool) -> Cid:
    return Cid(tag.value[1:])
