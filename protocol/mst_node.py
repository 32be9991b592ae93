"""One node of a repository's tree: its block's bytes to keys, values and links, and back.

A node is `{l, e: [{p, k, v, t}]}`, and has one valid encoding, whose layout is so rigid that a regular expression
reads it at a fraction of a decoder's cost; the tree is most of what verifying a commit costs beside the signature.
Nodes are strangers' work: any other encoding, keys that are not fully compressed, not rising or not a record's path
are refused. What a node means among others (its layer, its place) is the business of `mst`. Pure.
Spec: https://atproto.com/specs/repository#mst-structure
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

_NO_PATH = "a key is not a record's path"


class TreeInvalid(ValueError):
    """Blocks that do not make up a canonical tree, or a tree beyond the limits."""


MAX_KEY_BYTES = 1024
# A key, two links, and what stands around them.
_MAX_ENTRY_BYTES = MAX_KEY_BYTES + 128

_LINK_HEAD = b"\xd8\x2a\x58\x25\x00"
_LINK = re.escape(_LINK_HEAD) + rb"(\x01\x71\x12\x20.{32})"
# Groups: the entry, k with the head of its length, p, t, v. A key's letters never run into what follows: after `ap`
# comes a number below 26, which is no letter.
_ENTRY = re.compile(
    rb"(\xa4ak([\x41-\x57]|\x58.|\x59..)([a-zA-Z0-9_~.:/-]+)ap([\x00-\x17]|\x18.|\x19..)at(?:\xf6|%b)av%b)"
    % (_LINK, _LINK),
    re.DOTALL,
).findall
_KEY = re.compile(rb"[a-zA-Z0-9_~.:-]+/[a-zA-Z0-9_~.:-]+").fullmatch
_KEY_LINES = re.compile(rb"(?:[a-zA-Z0-9_~.:-]+/[a-zA-Z0-9_~.:-]+\n)*").fullmatch


@dataclass(frozen=True, slots=True)
class TreeLimits:
    """Bounds on the work that one tree may cause. `max_entries` counts records, `max_node_entries` those of a node."""

    max_depth: int
    max_nodes: int
    max_entries: int
    max_node_entries: int = 4096


class Node(NamedTuple):
    """`links` has one place more than `keys`: what lies before, between and after them, or None.

    `entries`: as they are written, one for each key; None for one that is to be written anew.
    """

    keys: list[bytes]
    values: list[bytes]
    links: list[bytes | None]
    entries: Sequence[bytes | None]


def _head(major: int, number: int) -> bytes:
    """CBOR's beginning of a value: its kind and a number below 65,536."""
    if number < 24:
        return bytes((major << 5 | number,))
    return bytes((major << 5 | 24, number)) if number < 256 else bytes((major << 5 | 25,)) + number.to_bytes(2)


_LENGTH_HEADS = [_head(2, number) for number in range(MAX_KEY_BYTES + 1)]
_NUMBER_HEADS = [_head(0, number) for number in range(MAX_KEY_BYTES + 1)]
_LENGTHS = {head: number for number, head in enumerate(_LENGTH_HEADS)}
_NUMBERS = {head: number for number, head in enumerate(_NUMBER_HEADS)}


def key_layer(key: bytes) -> int:
    """The layer on which a key stands, 0 at the bottom: half the leading zero bits of its SHA-256."""
    return (256 - int.from_bytes(hashlib.sha256(key).digest()).bit_length()) >> 1


def check_key(key: bytes) -> None:
    """Raises `TreeInvalid` unless the key can be `collection/rkey`."""
    if len(key) > MAX_KEY_BYTES or not _KEY(key):
        raise TreeInvalid(_NO_PATH)


def shared_prefix(left: bytes, right: bytes) -> int:
    """How many bytes two keys have in common at their beginning."""
    length = min(len(left), len(right))
    differing = int.from_bytes(left[:length]) ^ int.from_bytes(right[:length])
    return length - ((differing.bit_length() + 7) >> 3)


def parse_node(block: bytes, limits: TreeLimits) -> Node:
    """Raises `TreeInvalid`."""
    # To count its entries would take many times its bytes.
    if len(block) > (limits.max_node_entries + 1) * _MAX_ENTRY_BYTES:
        raise TreeInvalid("a node that is larger than all its entries can be")
    entries: list[tuple[bytes, ...]] = _ENTRY(block)
    if len(entries) > limits.max_node_entries:
        raise TreeInvalid(f"more than {limits.max_node_entries} entries in a node")
    written = [entry[0] for entry in entries]
    body = b"\xa2ae" + _head(4, len(entries)) + b"".join(written) + b"al"
    left = block[-36:] if len(block) > len(body) + 1 else None
    if block != body + (b"\xf6" if left is None else _LINK_HEAD + left) or (left and left[:4] != b"\x01\x71\x12\x20"):
        raise TreeInvalid("a node is not {l, e: [{p, k, v, t}]} in canonical DAG-CBOR")
    return Node(
        _keys(entries),
        [entry[5] for entry in entries],
        [left, *[entry[4] or None for entry in entries]],
        written,
    )


def _keys(entries: list[tuple[bytes, ...]]) -> list[bytes]:
    keys: list[bytes] = []
    key = b""
    for _, length, rest, prefix, _, _ in entries:
        shared = _NUMBERS.get(prefix, -1)
        if _LENGTHS.get(length) != len(rest) or not 0 <= shared <= len(key):
            raise TreeInvalid("a key is longer than it can be or than it says")
        # Full compression and rising order are one condition: after what is shared, the new key's byte is greater.
        if key[shared : shared + 1] >= rest[:1]:
            raise TreeInvalid("keys out of order or not compressed")
        key = key[:shared] + rest
        if len(key) > MAX_KEY_BYTES:
            raise TreeInvalid(_NO_PATH)
        keys.append(key)
    if keys and not _KEY_LINES(b"\n".join(keys) + b"\n"):
        raise TreeInvalid(_NO_PATH)
    return keys


def encode_node(node: Node) -> bytes:
    """The block of a node whose keys are in order. Entries that are written already are not looked at."""
    keys, values, links, entries = node
    written = [
        _entry(keys[index - 1] if index else b"", key, values[index], links[index + 1]) if entry is None else entry
        for index, (key, entry) in enumerate(zip(keys, entries, strict=True))
    ]
    return b"\xa2ae" + _head(4, len(keys)) + b"".join(written) + b"al" + _link(links[0])


# What an entry ends with: t where it is a link, `av`, v.
_FROM_T = len(_LINK_HEAD) + 36 + 2 + len(_LINK_HEAD) + 36
_BEHIND_T = 2 + len(_LINK_HEAD) + 36


def relinked(entry: bytes, right: bytes) -> bytes:
    """A written entry that has a link, with another one in its place."""
    return entry[:-_FROM_T] + _LINK_HEAD + right + entry[-_BEHIND_T:]


def _entry(previous: bytes, key: bytes, value: bytes, right: bytes | None) -> bytes:
    shared = shared_prefix(previous, key)
    rest = key[shared:]
    beginning = b"\xa4ak" + _LENGTH_HEADS[len(rest)] + rest + b"ap" + _NUMBER_HEADS[shared]
    return beginning + b"at" + _link(right) + b"av" + _link(value)


def _link(cid: bytes | None) -> bytes:
    if cid is None:
        return b"\xf6"
    # Any other length is no link of a canonical tree, and written nevertheless: the root then tells.
    return _LINK_HEAD + cid if len(cid) == 36 else b"\xd8\x2a" + _head(2, len(cid) + 1) + b"\x00" + cid
