"""What hosts announce: the events of the network, pure, and their frames on the wire.

An event knows which host announced it and nothing of sequence numbers: each stream that carries it gives it its own.
Spec: https://atproto.com/specs/event-stream, https://atproto.com/specs/sync
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from protocol.syntax import Did, Handle, Tid
from simulator.codec import Cid, Value, encode

Status: TypeAlias = Literal["deactivated", "suspended", "takendown", "deleted"]


@dataclass(frozen=True, slots=True)
class RepoOp:
    """One change as announced. `prev`: what the tree held at the path before the commit. `record`: the new record's
    block, for whoever folds the log; on the wire it stands in the commit's blocks alone."""

    action: Literal["create", "update", "delete"]
    path: str
    cid: Cid | None
    prev: Cid | None
    record: bytes | None


@dataclass(frozen=True, slots=True)
class CommitEvent:
    """A repo's commit. `host`: number of the PDS that announces. `micros`: when, in microseconds since 1970.
    `blocks`: a CAR. `prev_data`: the root of the tree before, none at a repo's first commit."""

    host: int
    did: Did
    micros: int
    rev: Tid
    since: Tid | None
    commit: Cid
    prev_data: Cid | None
    ops: tuple[RepoOp, ...]
    blocks: bytes


@dataclass(frozen=True, slots=True)
class SyncEvent:
    """Where a repo stands, whatever came before. `blocks`: a CAR of the commit alone."""

    host: int
    did: Did
    micros: int
    rev: Tid
    blocks: bytes


@dataclass(frozen=True, slots=True)
class IdentityEvent:
    """Something of the account's identity may have changed; the handle is a hint."""

    host: int
    did: Did
    micros: int
    handle: Handle


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """The account's status at the host; `status` is none when it is active."""

    host: int
    did: Did
    micros: int
    status: Status | None


Event: TypeAlias = CommitEvent | SyncEvent | IdentityEvent | AccountEvent

_KINDS: Final = {
    CommitEvent: "#commit",
    SyncEvent: "#sync",
    IdentityEvent: "#identity",
    AccountEvent: "#account",
}
_ENVELOPE: Final = 300
_ENVELOPE_OF_AN_OP: Final = 150


def weight(event: Event) -> int:
    """About how many bytes the event takes, on the wire and in memory."""
    if isinstance(event, CommitEvent):
        return _ENVELOPE + len(event.blocks) + _ENVELOPE_OF_AN_OP * len(event.ops)
    return _ENVELOPE


def frame(event: Event, seq: int) -> bytes:
    """The binary message that carries the event under this number."""
    body = {"seq": seq, "time": wire_time(event.micros), **wire_body(event)}
    return encode({"op": 1, "t": _KINDS[type(event)]}) + encode(body)


def info_frame(name: str, message: str) -> bytes:
    """A message about the stream itself, such as `OutdatedCursor`."""
    return encode({"op": 1, "t": "#info"}) + encode({"name": name, "message": message})


def error_frame(error: str, message: str) -> bytes:
    """The last message of a stream that the host closes."""
    return encode({"op": -1}) + encode({"error": error, "message": message})


def wire_time(micros: int) -> str:
    """`2025-01-31T12:00:00.000Z`"""
    text = datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def wire_body(event: Event) -> Value:
    """The fields of the event, but for its number and its time."""
    match event:
        case CommitEvent():
            return _commit_body(event)
        case SyncEvent():
            return {"did": event.did, "rev": event.rev, "blocks": event.blocks}
        case IdentityEvent():
            return {"did": event.did, "handle": event.handle}
        case AccountEvent(status=None):
            return {"did": event.did, "active": True}
        case AccountEvent():
            return {"did": event.did, "active": False, "status": event.status}


def _commit_body(event: CommitEvent) -> Value:
    body: Value = {
        "repo": event.did,
        "rev": event.rev,
        "since": event.since,
        "commit": event.commit,
        "ops": [_op_body(op) for op in event.ops],
        "blocks": event.blocks,
        "blobs": [],
        "rebase": False,
        "tooBig": False,
    }
    if event.prev_data is not None:
        body["prevData"] = event.prev_data
    return body


def _op_body(op: RepoOp) -> Value:
    body: Value = {"action": op.action, "path": op.path, "cid": op.cid}
    if op.prev is not None:
        body["prev"] = op.prev
    return body
