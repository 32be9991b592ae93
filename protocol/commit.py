"""The signed commit at the top of a repository: its block to fields, and its signature.

The block must be the one canonical encoding of exactly the fields of version 3. Whether the commit is the one that an
event speaks of, newer than the last or by the account's current key is for the caller to judge. Pure.
Spec: https://atproto.com/specs/repository#commit-objects
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.cbor import CborInvalid, Cid, decode
from protocol.crypto import PublicKey
from protocol.syntax import Did, SyntaxInvalid, Tid


class CommitInvalid(ValueError):
    """A block that is not a signed commit of version 3."""


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
