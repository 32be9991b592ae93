"""The JSON of a Jetstream to frames, in the same three steps as the relay's bytes (frames.py).

A message is an envelope of the subprotocol `xrpc.v1.json` around one event: one record that a commit changed, or what
the relay said of an identity, an account or a repo. A record comes as JSON and is turned into the DAG-CBOR that it was;
where that fails the frame says why, and its repo must be fetched. An event's time stands for its place in the stream:
unlike its number it means the same to every Jetstream. `orjson` reads numbers of more than 64 bits as floats, which the
data model does not know anyway. Pure; no clock, no database. Spec: network.bsky.jetstream.subscribeEvents (lexicon of
Jetstream v2), https://atproto.com/specs/data-model.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, cast

import orjson

from indexer.frames import (
    ACCOUNT,
    COMMIT,
    ERROR,
    IDENTITY,
    INFO,
    SYNC,
    Fields,
    FrameInvalid,
    Interest,
    is_tracked,
    parse_time,
)
from indexer.stages import AccountFrame, ErrorFrame, Frame, IdentityFrame, InfoFrame, RecordFrame, SyncFrame
from protocol.cbor import CborInvalid, Cid, encode, from_json
from protocol.syntax import Did, SyntaxInvalid

METHOD: Final = "network.bsky.jetstream.subscribeEvents"
# A cursor below this number is not taken for a time.
EARLIEST: Final = 1_000_000_000_000_000
# Turning a record of so many bytes of JSON into its own takes 3 ms at worst: a larger one is a matter for a thread.
LARGE: Final = 16_384
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_OPERATIONS: Final = frozenset({"create", "update", "delete"})


class Event(NamedTuple):
    """A message whose fields are not checked yet: its kind as of a relay's frame, its place [us since 1970], and all.

    `micros` is 0 and `time` None for what is about the stream itself.
    """

    kind: str
    micros: int
    time: str | None
    body: dict[str, Any]


def read(text: str | bytes) -> Event:
    """The event in a message. Kinds that nobody knows pass. Raises FrameInvalid."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise FrameInvalid(f"not JSON: {fault}") from fault
    if not isinstance(message, dict):
        raise FrameInvalid("the message is no object")
    fields = Fields(cast("dict[str, Any]", message))
    match fields.text("$type"):
        case "error":
            return Event(ERROR, 0, None, cast("dict[str, Any]", message))
        case "message":
            return _event(fields.object("payload"))
        case _:
            raise FrameInvalid("the message is neither a message nor an error")


def time_of(micros: int) -> datetime:
    """The time that a cursor is."""
    return _EPOCH + micros * _MICROSECOND


def _event(body: dict[str, Any]) -> Event:
    method, _, name = Fields(body).text("$type").partition("#")
    if method != METHOD:
        raise FrameInvalid("the event is of another method")
    kind = "#" + name
    if kind == INFO:
        return Event(INFO, 0, None, body)
    time = body.get("witnessedAt") or body.get("time")
    at = parse_time(time)
    micros = 0 if at is None else (at - _EPOCH) // _MICROSECOND
    if micros < EARLIEST:
        raise FrameInvalid("the event has no time, or one that can't be a cursor")
    return Event(kind, micros, time, body)


def concerns(event: Event, interest: Interest, indexed: Container[str]) -> bool:
    """Whether the event is about the stream or a tracked repo, or makes a repo ours. `indexed`: by names in repos."""
    kind, body = event.kind, event.body
    if kind in (INFO, ERROR):
        return True
    did, collection = body.get("did"), body.get("collection")
    if kind == COMMIT and isinstance(collection, str):
        return collection in interest.collections or (collection in indexed and is_tracked(did, interest))
    return kind in (SYNC, IDENTITY, ACCOUNT) and is_tracked(did, interest)


def parse(event: Event) -> Frame:
    """The typed frame. Raises FrameInvalid for a field that is missing or wrong, and for kinds that nobody knows."""
    try:
        return _PARSERS[event.kind](Fields(event.body))
    except KeyError as fault:
        raise FrameInvalid("unknown kind") from fault
    except (SyntaxInvalid, CborInvalid) as fault:
        raise FrameInvalid(str(fault)) from fault


def decode(text: str | bytes) -> Frame:
    """`read` and `parse` in one: for events that were found to be ours before (buffered ones, tests)."""
    return parse(read(text))


def _record(fields: Fields) -> RecordFrame:
    operation = fields.text("operation")
    if operation not in _OPERATIONS:
        raise FrameInvalid("the operation is none of create, update, delete")
    cid, value, fault = (None, None, None) if operation == "delete" else _value(fields)
    return RecordFrame(
        seq=fields.number("seq"),
        did=Did.parse(fields.text("did")),
        rev=fields.tid("rev"),
        path=f"{fields.text('collection')}/{fields.text('rkey')}",
        cid=cid,
        value=value,
        fault=fault,
        time=fields.time(),
    )


def _value(fields: Fields) -> tuple[Cid, bytes | None, str | None]:
    """The record's CID, and its bytes or what keeps them from us."""
    cid = Cid.parse(fields.text("cid"))
    try:
        return cid, encode(from_json(fields.object("record"))), None
    except CborInvalid as fault:
        return cid, None, str(fault)


def _wrapped(fields: Fields, name: str) -> Fields:
    """What the relay said, which must be of the account that the envelope names."""
    inner = Fields(fields.object(name))
    if inner.text("did") != fields.text("did"):
        raise FrameInvalid(f"the {name} is of another account than the event")
    return inner


def _sync(fields: Fields) -> SyncFrame:
    inner = _wrapped(fields, "sync")
    given = inner.given("blocks")
    blocks = from_json({"blocks": {"$bytes": given} if isinstance(given, str) else given})["blocks"]
    if not isinstance(blocks, bytes):
        raise FrameInvalid("blocks is no byte string")
    return SyncFrame(fields.number("seq"), Did.parse(fields.text("did")), inner.tid("rev"), blocks, inner.time())


def _identity(fields: Fields) -> IdentityFrame:
    return IdentityFrame(fields.number("seq"), Did.parse(fields.text("did")), _wrapped(fields, "identity").time())


def _account(fields: Fields) -> AccountFrame:
    inner = _wrapped(fields, "account")
    status = inner.short_text("status") or None
    seq, did = fields.number("seq"), Did.parse(fields.text("did"))
    return AccountFrame(seq, did, inner.flag("active"), status, inner.time())


def _info(fields: Fields) -> InfoFrame:
    return InfoFrame(fields.short_text("name"), fields.short_text("message"))


def _error(fields: Fields) -> ErrorFrame:
    return ErrorFrame(fields.short_text("error"), fields.short_text("message"))


_PARSERS = {COMMIT: _record, SYNC: _sync, IDENTITY: _identity, ACCOUNT: _account, INFO: _info, ERROR: _error}
