"""All that flows through the indexer, from the wire to the tables: frames, verified commits, record rows.

    bytes -> Frame (frames.py) -> VerifiedCommit (verify.py, its only maker) -> RecordChange -> RecordRow (apply.py)
    JSON -> RecordFrame (jetstream_events.py) -> UnsignedCommit (unsigned.py) -> the same

Everything is immutable and holds parsed values: nobody downstream checks again. Wire form:
com.atproto.sync.subscribeRepos; sync.md section 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from protocol.cbor import Cid
from protocol.syntax import Did, Nsid, RecordKey, Tid


class RepoOp(NamedTuple):
    """One op of a commit as the event lists it; `cid` is None for a delete, `prev` where the host did not send it."""

    action: Literal["create", "update", "delete"]
    path: str
    cid: Cid | None
    prev: Cid | None
    has_prev: bool


@dataclass(frozen=True, slots=True)
class CommitFrame:
    """`#commit`: a change of one repo. `blocks` is a CAR, not parsed yet. `unclear`: what is wrong with the ops or
    `prevData`, which are left out then: that its account has signed such a thing can still be told."""

    seq: int
    did: Did
    commit: Cid
    rev: Tid
    since: Tid | None
    blocks: bytes
    ops: tuple[RepoOp, ...]
    prev_data: Cid | None
    too_big: bool
    time: datetime | None
    unclear: str | None = None


@dataclass(frozen=True, slots=True)
class SyncFrame:
    """`#sync`: the state of a repo, without what led to it. `blocks` is a CAR that holds the commit alone."""

    seq: int
    did: Did
    rev: Tid
    blocks: bytes
    time: datetime | None


@dataclass(frozen=True, slots=True)
class IdentityFrame:
    """`#identity`: the DID document may have changed. The handle is a hint only and is not kept."""

    seq: int
    did: Did
    time: datetime | None


@dataclass(frozen=True, slots=True)
class AccountFrame:
    """`#account`: the account's status at the emitting host."""

    seq: int
    did: Did
    active: bool
    status: str | None
    time: datetime | None


@dataclass(frozen=True, slots=True)
class InfoFrame:
    """`#info`, without a seq."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class ErrorFrame:
    """A frame with op -1: the host closes the stream after it."""

    error: str
    message: str


@dataclass(frozen=True, slots=True)
class RecordFrame:
    """A change of one record as an unsigned source tells it: a claim. `cid` and `value` are None twice for a delete.

    `value` is the record as DAG-CBOR, and None also when what the source gave could not be turned into it: `fault` says
    why.
    """

    seq: int
    did: Did
    rev: Tid
    path: str
    cid: Cid | None
    value: bytes | None
    fault: str | None
    time: datetime | None


RepoFrame = CommitFrame | SyncFrame | IdentityFrame | AccountFrame | RecordFrame
Frame = RepoFrame | InfoFrame | ErrorFrame


class RecordPath(NamedTuple):
    """Where a record stands in its repo."""

    collection: Nsid
    rkey: RecordKey


class RecordChange(NamedTuple):
    """What a commit, or a fetched repo, made of one path: the new version's CID and bytes, or None twice for gone.

    `size`: of the whole, where `value` is only the beginning of what is too large to be kept.
    """

    path: RecordPath
    cid: Cid | None
    value: bytes | None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class VerifiedCommit:
    """A commit whose signature and tree were verified against the repo's prior state. Made by verify.py alone.

    `changes` holds the indexed collections only, each path once, with what it is after the commit.
    """

    did: Did
    rev: Tid
    data: Cid
    cid: Cid
    changes: tuple[RecordChange, ...]


@dataclass(frozen=True, slots=True)
class UnsignedCommit:
    """Changes from a source without signatures; never moves a verified head."""

    did: Did
    rev: Tid
    changes: tuple[RecordChange, ...]


class RecordKeyRow(NamedTuple):
    """The key of a row of the table `record` and of every projection."""

    account_id: int
    collection: str
    rkey: str


class RecordRow(NamedTuple):
    """One version of one record, ready to be stored and projected.

    `value` is as protocol.cbor.decode gives it. `invalid` is None, or the reason for which no view may show it: the
    violations of its lexicon that its projection does not tolerate.
    """

    key: RecordKeyRow
    did: Did
    cid: Cid
    rev: Tid
    indexed_at: datetime
    unsigned: bool
    raw: bytes
    value: dict[str, Any]
    invalid: str | None
