"""Bytes of the event stream to frames, in three steps, so that what does not concern us costs as little as can be.

`read` decodes a frame once, `concerns` decides whether anything in it is ours, `parse` makes the typed frame. Nothing
is verified: a frame is a claim. `blocks` stay bytes. Fields that the protocol has deprecated may be absent. Decoding
all of a frame of 5 KB takes libipld 1 us, a search for our collections' names in its bytes 4 us: so decoding it is.
Pure; no clock, no database. Spec: com.atproto.sync.subscribeRepos, https://atproto.com/specs/event-stream; sync.md 1.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, Protocol, cast

import libipld

from indexer.rejections import Rejection
from indexer.stages import (
    AccountFrame,
    CommitFrame,
    ErrorFrame,
    Frame,
    IdentityFrame,
    InfoFrame,
    RecordFrame,
    RepoFrame,
    RepoOp,
    SyncFrame,
)
from protocol.cbor import CborInvalid, Cid
from protocol.syntax import Did, SyntaxInvalid, Tid, canonical_did, parse_datetime
from protocol.text import pg_text


class FrameInvalid(ValueError):
    """Not a frame of the event stream; the message names the field that is wrong."""

    def __init__(self, message: str, reason: Rejection = Rejection.FRAME_INVALID) -> None:
        super().__init__(message)
        self.reason = reason


COMMIT: Final = "#commit"
SYNC: Final = "#sync"
IDENTITY: Final = "#identity"
ACCOUNT: Final = "#account"
INFO: Final = "#info"
ERROR: Final = "error"
KNOWN_KINDS: Final = frozenset({COMMIT, SYNC, IDENTITY, ACCOUNT, INFO, ERROR})

_ACTIONS: Final[dict[str, Literal["create", "update", "delete"]]] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
}
# Text that is shown or stored of what a host says: long enough for any status or message that is meant well.
_MAX_TEXT = 512
# Postgres's driver writes the very first and last instant as infinities, and reads these as times without a zone.
_INFINITIES: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Envelope(NamedTuple):
    """A decoded frame whose fields are not checked yet. `seq` is 0 for the kinds that have none."""

    kind: str
    seq: int
    body: dict[str, Any]


class Dids(Container[str], Protocol):
    """A set of DIDs that grows."""

    def add(self, did: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Interest:
    """What is ours: the collections whose records make a repo ours, and the DIDs that are ours already."""

    collections: frozenset[str]
    tracked: Dids


def read(data: bytes) -> Envelope:
    """The frame's kind (`t`, or "error"), number and body. Kinds that nobody knows pass. Raises FrameInvalid."""
    try:
        header, body = libipld.decode_dag_cbor_multi(data)
    except (ValueError, RecursionError) as fault:
        raise FrameInvalid(f"not two DAG-CBOR values: {fault}") from fault
    if not isinstance(header, dict) or not isinstance(body, dict):
        raise FrameInvalid("header or body is no object")
    header = cast("dict[str, Any]", header)
    body = cast("dict[str, Any]", body)
    match header.get("op"):
        case 1:
            kind = header.get("t")
        case -1:
            return Envelope(ERROR, 0, body)
        case _:
            raise FrameInvalid("op is neither 1 nor -1")
    if not isinstance(kind, str):
        raise FrameInvalid("t is no text")
    seq = body.get("seq", 0)
    if type(seq) is not int or not 0 <= seq < 1 << 63:
        raise FrameInvalid("seq is no positive integer")
    return Envelope(kind, seq, body)


def concerns(envelope: Envelope, interest: Interest) -> bool:
    """Whether the frame is about a tracked repo, touches one of our collections, or is about the stream itself."""
    kind, _, body = envelope
    if kind == COMMIT:
        if is_tracked(body.get("repo"), interest):
            return True
        ops = body.get("ops")
        if isinstance(ops, list):
            for op in cast("list[Any]", ops):
                if _touches(op, interest.collections):
                    return True
        return False
    if kind in (SYNC, IDENTITY, ACCOUNT):
        return is_tracked(body.get("did"), interest)
    return kind in (INFO, ERROR)


def is_tracked(did: Any, interest: Interest) -> bool:
    """Whether what a frame gives as a DID is one of ours."""
    return isinstance(did, str) and canonical_did(did) in interest.tracked


def _touches(op: Any, collections: frozenset[str]) -> bool:
    path = cast("dict[str, Any]", op).get("path") if isinstance(op, dict) else None
    return isinstance(path, str) and path.partition("/")[0] in collections


def subject(envelope: Envelope) -> str:
    """The account that the frame claims to be about; empty when it names none."""
    claimed = envelope.body.get("repo" if envelope.kind == COMMIT else "did")
    return pg_text(canonical_did(claimed)) if isinstance(claimed, str) else ""


def touches(frame: RepoFrame, collections: frozenset[str]) -> bool:
    """Whether the frame changes a record in one of the collections."""
    match frame:
        case CommitFrame():
            return any(op.path.partition("/")[0] in collections for op in frame.ops)
        case RecordFrame():
            return frame.path.partition("/")[0] in collections
        case _:
            return False


def parse(envelope: Envelope) -> Frame:
    """The typed frame. Raises FrameInvalid for a field that is missing or wrong, and for kinds that nobody knows."""
    if not envelope.seq and envelope.kind not in (INFO, ERROR):
        raise FrameInvalid("seq is missing")
    try:
        return _PARSERS[envelope.kind](Fields(envelope.body), envelope.seq)
    except KeyError as fault:
        raise FrameInvalid(f"unknown kind {envelope.kind[:_MAX_TEXT]!r}") from fault
    except SyntaxInvalid as fault:
        raise FrameInvalid(str(fault)) from fault


def is_readable(envelope: Envelope) -> bool:
    """Whether the frame says something about a repo: what a host sends that is well."""
    try:
        return not isinstance(parse(envelope), InfoFrame | ErrorFrame)
    except FrameInvalid:
        return False


def decode(data: bytes) -> Frame:
    """`read` and `parse` in one: for frames that were found to be ours before (buffered ones, tests)."""
    return parse(read(data))


class Fields:
    """Typed access to an untrusted object."""

    __slots__ = ("_body",)

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body

    def has(self, name: str) -> bool:
        return self._body.get(name) is not None

    def given(self, name: str) -> Any:
        return self._body.get(name)

    def text(self, name: str) -> str:
        value = self._body.get(name)
        if not isinstance(value, str):
            raise FrameInvalid(f"{name} is no text")
        return value

    def short_text(self, name: str) -> str:
        """Text that is shown, not trusted: empty when absent, cut when long, without what Postgres cannot hold."""
        value = self._body.get(name)
        return value[:_MAX_TEXT].replace("\x00", "\ufffd") if isinstance(value, str) else ""

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        value = self._body.get(name, default)
        if not isinstance(value, bool):
            raise FrameInvalid(f"{name} is neither true nor false")
        return value

    def blob(self, name: str) -> bytes:
        value = self._body.get(name)
        if not isinstance(value, bytes):
            raise FrameInvalid(f"{name} is no byte string")
        return value

    def link(self, name: str) -> Cid:
        try:
            return Cid.from_bytes(self.blob(name))
        except CborInvalid as fault:
            raise FrameInvalid(f"{name}: {fault}") from fault

    def optional_link(self, name: str) -> Cid | None:
        return self.link(name) if self.has(name) else None

    def tid(self, name: str) -> Tid:
        try:
            return Tid.parse(self.text(name))
        except SyntaxInvalid as fault:
            raise FrameInvalid(f"{name}: {fault}", Rejection.REV_INVALID) from fault

    def number(self, name: str) -> int:
        value = self._body.get(name)
        if type(value) is not int or not 0 <= value < 1 << 63:
            raise FrameInvalid(f"{name} is no positive integer")
        return value

    def object(self, name: str) -> dict[str, Any]:
        value = self._body.get(name)
        if not isinstance(value, dict):
            raise FrameInvalid(f"{name} is no object")
        return cast("dict[str, Any]", value)

    def items(self, name: str) -> list[Fields]:
        value = self._body.get(name)
        if not isinstance(value, list):
            raise FrameInvalid(f"{name} is no list")
        entries = cast("list[Any]", value)
        if not all(isinstance(entry, dict) for entry in entries):
            raise FrameInvalid(f"{name} holds what is no object")
        return [Fields(cast("dict[str, Any]", entry)) for entry in entries]

    def time(self) -> datetime | None:
        return parse_time(self._body.get("time"))


def parse_time(value: object) -> datetime | None:
    """What a frame says of its own time; None when it says nothing that can be read (it is for the lag alone)."""
    try:
        time = parse_datetime(value) if isinstance(value, str) else None
    except SyntaxInvalid:
        return None
    return None if time in _INFINITIES else time


def _commit(fields: Fields, seq: int) -> CommitFrame:
    ops: tuple[RepoOp, ...] = ()
    prev_data = unclear = None
    try:
        ops, prev_data = tuple(_op(op) for op in fields.items("ops")), fields.optional_link("prevData")
    except FrameInvalid as fault:
        unclear = str(fault)
    return CommitFrame(
        seq=seq,
        did=Did.parse(fields.text("repo")),
        commit=fields.link("commit"),
        rev=fields.tid("rev"),
        since=fields.tid("since") if fields.has("since") else None,
        blocks=fields.blob("blocks"),
        ops=ops,
        prev_data=prev_data,
        too_big=fields.flag("tooBig", default=False),
        time=fields.time(),
        unclear=unclear,
    )


def _op(fields: Fields) -> RepoOp:
    action = _ACTIONS.get(fields.text("action"))
    if action is None:
        raise FrameInvalid("an op's action is none of create, update, delete")
    cid = fields.optional_link("cid")
    if (cid is None) != (action == "delete"):
        raise FrameInvalid("an op has a cid unless it is a delete")
    prev = fields.optional_link("prev")
    return RepoOp(action, fields.text("path"), cid, prev, prev is not None)


def _sync(fields: Fields, seq: int) -> SyncFrame:
    return SyncFrame(seq, Did.parse(fields.text("did")), fields.tid("rev"), fields.blob("blocks"), fields.time())


def _identity(fields: Fields, seq: int) -> IdentityFrame:
    return IdentityFrame(seq, Did.parse(fields.text("did")), fields.time())


def _account(fields: Fields, seq: int) -> AccountFrame:
    status = fields.short_text("status") or None
    return AccountFrame(seq, Did.parse(fields.text("did")), fields.flag("active"), status, fields.time())


def _info(fields: Fields, _seq: int) -> InfoFrame:
    return InfoFrame(fields.short_text("name"), fields.short_text("message"))


def _error(fields: Fields, _seq: int) -> ErrorFrame:
    return ErrorFrame(fields.short_text("error"), fields.short_text("message"))


_PARSERS = {COMMIT: _commit, SYNC: _sync, IDENTITY: _identity, ACCOUNT: _account, INFO: _info, ERROR: _error}
