"""The signed commit at the top of a repository: its block to fields, and its signature.

The block must be the one canonical encoding of exactly the fields of version 3. Whether the commit is the one that an
event speaks of, newer than the last or by the account's current key is for the caller to judge. Pure.
Spec: https://atproto.com/specs/repository#commit-objects
"""

from __future__ import annotations

import re
from typing import NamedTuple

from protocol.cbor import CborInvalid, Cid, decode
from protocol.crypto import PublicKey
from protocol.syntax import Did, SyntaxInvalid, Tid, canonical_did


class CommitInvalid(ValueError):
    """A block that is not a signed commit of version 3."""


_LINK = rb"\xd8\x2a\x58\x25\x00(\x01\x71\x12\x20.{32})"
# How nearly all commits are written. Groups: the head of the DID's length, DID, rev, sig, data, prev. No DID or TID can
# hold what stands behind it. Whatever is written otherwise is decoded.
_USUAL = re.compile(
    rb"\xa6cdid(x.|[\x67-\x77])(did:[a-z]+:[a-zA-Z0-9._:%%-]*[a-zA-Z0-9._-])crevm([2-7a-j][2-7a-z]{12})csigX@(.{64})"
    rb"ddata%bdprev(?:\xf6|%b)gversion\x03" % (_LINK, _LINK),
    re.DOTALL,
).fullmatch
_SIG_HEAD_BYTES = 6
# The key `sig` and the head of 64 bytes; no DID or TID before it can hold these.
_SIG_ENTRY = b"\x63sig\x58\x40"


class SignedCommit(NamedTuple):
    """`data`: root of the tree; `sig`: 64 bytes; `cid`: of the block; `unsigned`: what was signed."""

    did: Did
    rev: Tid
    data: Cid
    prev: Cid | None
    sig: bytes
    cid: Cid
    unsigned: bytes

    def verify(self, key: PublicKey) -> bool:
        """Whether the signature is `key`'s, low-S."""
        return key.verify(self.unsigned, self.sig)


def parse_commit(cid: Cid, block: bytes) -> SignedCommit:
    """`block` is the block of `cid`, hashed by the caller (`BlockMap.get`). Raises `CommitInvalid`."""
    usual = _USUAL(block)
    if usual is not None and usual[1] == _text_head(len(usual[2])):
        _, did, rev, sig, data, prev = usual.groups()
        start, end = usual.span(4)
        unsigned = b"\xa5" + block[1 : start - _SIG_HEAD_BYTES] + block[end:]
        return SignedCommit(
            Did(canonical_did(did.decode())),
            Tid(rev.decode()),
            Cid(data),
            Cid(prev) if prev else None,
            sig,
            cid,
            unsigned,
        )
    return _decoded(cid, block)


def _text_head(length: int) -> bytes:
    """CBOR's beginning of a text of fewer than 256 bytes; longer ones have another."""
    return bytes((0x60 | length,)) if length < 24 else bytes((0x78, length & 0xFF)) if length < 256 else b""


def _decoded(cid: Cid, block: bytes) -> SignedCommit:
    try:
        fields = decode(block)
    except CborInvalid as error:
        raise CommitInvalid("a commit is not DAG-CBOR") from error
    match fields:
        case {
            "did": str(did),
            "version": int(version),
            "data": Cid() as data,
            "rev": str(rev),
            "prev": Cid() | None as prev,
            "sig": bytes(sig),
        } if len(fields) == 6 and not isinstance(sig, Cid):
            pass
        case _:
            raise CommitInvalid("a commit is not {did, version, data, rev, prev, sig}")
    if version != 3 or isinstance(version, bool):
        raise CommitInvalid(f"a commit of version {version}")
    if len(sig) != 64:
        raise CommitInvalid(f"a signature of {len(sig)} bytes, not 64")
    # The block is canonical, so what was signed is the block without this entry, as a map of five.
    unsigned = b"\xa5" + block[1:].replace(_SIG_ENTRY + sig, b"", 1)
    try:
        return SignedCommit(Did.parse(did), Tid.parse(rev), data, prev, sig, cid, unsigned)
    except SyntaxInvalid as error:
        raise CommitInvalid(f"a commit with {error}") from error
