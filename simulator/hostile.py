"""Repos that are not what they should be, signed by their account all the same: their host means harm, or is broken.

`HostileRepo` is a repo whose host gives out one of `KINDS` in place of its tree. The commit is real; what it commits to
is a tree that a reader must refuse within bounds. Spec: https://atproto.com/specs/repository#mst-structure
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from protocol.crypto import PrivateKey
from protocol.syntax import Did, Tid
from simulator.codec import Cid, Value, encode, write_car
from simulator.repo import Repo
from simulator.tree import layer_of, shared_length

_RECORD: Final = encode({"$type": "fm.plyr.like"})
_RECORD_CID: Final = Cid.of_block(_RECORD)
_DEEP: Final = 5_000
_MANY: Final = 20_000


class _Blocks:
    """Blocks that grow into a tree."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, bytes] = {_RECORD_CID: _RECORD}

    def put(self, value: Value) -> Cid:
        return self.raw(encode(value))

    def raw(self, block: bytes) -> Cid:
        cid = Cid.of_block(block)
        self.blocks[cid] = block
        return cid

    def node(self, *keys: str, left: Cid | None = None, right: Cid | None = None) -> Cid:
        """A node of these keys, in this order, each without what it shares with the one before."""
        entries: list[Value] = []
        for before, key in pairwise(("", *keys)):
            shared = min(shared_length(before.encode(), key.encode()), len(key) - 1)
            entries.append({"p": shared, "k": key[shared:].encode(), "v": _RECORD_CID, "t": None})
        if entries:
            entries[-1]["t"] = right
        return self.put({"l": left, "e": entries})


def _keys(layer: int, count: int) -> list[str]:
    """The first keys of a layer, in order."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        key = f"fm.plyr.like/{number:013d}"
        if layer_of(key) == layer:
            found.append(key)
        number += 1
    return found


def _deep(blocks: _Blocks) -> Cid:
    root = blocks.node(*_keys(0, 1))
    for _ in range(_DEEP):
        root = blocks.node(left=root)
    return root


def _unsorted(blocks: _Blocks) -> Cid:
    return blocks.node(*reversed(_keys(0, 3)))


def _twice(blocks: _Blocks) -> Cid:
    return blocks.node(*_keys(0, 1) * _MANY)


def _wrong_layer(blocks: _Blocks) -> Cid:
    return blocks.node(*sorted(_keys(0, 1) + _keys(1, 1)))


def _shared(blocks: _Blocks) -> Cid:
    """One subtree on both sides of a key."""
    leaf = blocks.node(*_keys(0, 2))
    return blocks.node(*_keys(1, 1), left=leaf, right=leaf)


def _missing(blocks: _Blocks) -> Cid:
    return blocks.node(*_keys(1, 1), left=Cid.of_block(b"nowhere"))


def _long_prefix(blocks: _Blocks) -> Cid:
    entry: Value = {"p": 1_000_000, "k": b"x", "v": _RECORD_CID, "t": None}
    return blocks.put({"l": None, "e": [entry]})


def _no_node(blocks: _Blocks) -> Cid:
    return blocks.put({"e": "nothing", "l": 5})


def _no_cbor(blocks: _Blocks) -> Cid:
    return blocks.raw(b"\xff" * 100)


def _nested(blocks: _Blocks) -> Cid:
    """A block of nothing but opened arrays."""
    return blocks.raw(b"\x81" * 100_000 + b"\x80")


def _record_missing(blocks: _Blocks) -> Cid:
    root = blocks.node(*_keys(0, 1))
    del blocks.blocks[_RECORD_CID]
    return root


KINDS: Final[Mapping[str, Callable[[_Blocks], Cid]]] = {
    "deep": _deep,
    "unsorted": _unsorted,
    "twice": _twice,
    "wrong layer": _wrong_layer,
    "shared": _shared,
    "missing": _missing,
    "long prefix": _long_prefix,
    "no node": _no_node,
    "no cbor": _no_cbor,
    "nested": _nested,
    "record missing": _record_missing,
}


class HostileRepo(Repo):
    """A repo whose whole CAR is of a kind of `KINDS`, under a commit that its account's key signs."""

    def __init__(self, did: Did, kind: str, key: PrivateKey, rev: Tid) -> None:
        super().__init__(did)
        self.commit(key, rev, ())
        blocks = _Blocks()
        unsigned = {"did": did, "version": 3, "data": KINDS[kind](blocks), "rev": rev, "prev": None}
        block = encode(unsigned | {"sig": key.sign(encode(unsigned))})
        self._car = write_car(Cid.of_block(block), {Cid.of_block(block): block, **blocks.blocks})

    def car(self) -> bytes:
        return self._car
