"""A tree built the slow and plain way, by the definition and with another codec, to compare against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import cbor2

from protocol.cbor import Cid

Blocks = dict[bytes, bytes]


def cid_of(data: bytes) -> Cid:
    return Cid(b"\x01\x71\x12\x20" + hashlib.sha256(data).digest())


def link(cid: bytes | None) -> cbor2.CBORTag | None:
    return None if cid is None else cbor2.CBORTag(42, b"\x00" + bytes(cid))


def put(blocks: Blocks, value: object) -> Cid:
    data = cbor2.dumps(value, canonical=True)
    cid = cid_of(data)
    blocks[cid] = data
    return cid


def layer(key: str) -> int:
    bits = "".join(f"{byte:08b}" for byte in hashlib.sha256(key.encode()).digest())
    return (len(bits) - len(bits.lstrip("0"))) // 2


def _prefix(left: str, right: str) -> int:
    count = 0
    while count < min(len(left), len(right)) and left[count] == right[count]:
        count += 1
    return count


def node(blocks: Blocks, left: Cid | None, entries: Iterable[tuple[str, Cid, Cid | None]]) -> Cid:
    """One node: entries of (key, value, subtree after it)."""
    rows, previous = [], ""
    for key, value, right in entries:
        shared = _prefix(previous, key)
        rows.append({"p": shared, "k": key[shared:].encode(), "v": link(value), "t": link(right)})
        previous = key
    return put(blocks, {"l": link(left), "e": rows})


def build(records: Mapping[str, Cid]) -> tuple[Cid, Blocks]:
    """Root and blocks of the tree that holds the records."""
    blocks: Blocks = {}
    keys = sorted(records)
    root = _subtree(blocks, records, keys, max(map(layer, keys), default=0))
    return root or node(blocks, None, []), blocks


def _subtree(blocks: Blocks, records: Mapping[str, Cid], keys: list[str], at: int) -> Cid | None:
    if not keys:
        return None
    groups: list[list[str]] = [[]]
    own = []
    for key in keys:
        if layer(key) == at:
            own.append(key)
            groups.append([])
        else:
            groups[-1].append(key)
    first, *rest = (_subtree(blocks, records, group, at - 1) for group in groups)
    return node(blocks, first, [(key, records[key], right) for key, right in zip(own, rest, strict=True)])


def way(blocks: Blocks, root: Cid, key: str) -> set[bytes]:
    """The nodes that show whether the tree has a key."""
    passed, at = set(), root
    while at is not None:
        passed.add(at)
        raw = cbor2.loads(blocks[at])
        nearest, previous = raw["l"], b""
        for entry in raw["e"]:
            previous = previous[: entry["p"]] + entry["k"]
            if previous == key.encode():
                return passed
            if previous < key.encode():
                nearest = entry["t"]
        at = None if nearest is None else Cid(nearest.value[1:])
    return passed


def commit_blocks(before: Mapping[str, Cid], after: Mapping[str, Cid]) -> tuple[Cid, Cid, Blocks]:
    """Both roots, and the nodes that a host sends: the new ones, and the ways to changes and their neighbours."""
    old_root, old = build(before)
    root, blocks = build(after)
    given = set(blocks) - set(old) | {root}
    keys = sorted(after)
    for key in {*before, *after}:
        if before.get(key) != after.get(key):
            smaller = [other for other in keys if other < key][-1:]
            greater = [other for other in keys if other > key][:1]
            for shown in [key, *smaller, *greater]:
                given |= way(blocks, root, shown)
    return old_root, root, {cid: blocks[cid] for cid in given}
