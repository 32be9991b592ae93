"""Messages of a Jetstream to frames, exactly, whatever they hold; and what is judged of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.frames import FrameInvalid, Interest
from indexer.jetstream_events import METHOD, concerns, decode, parse, read
from indexer.namespaces import wire_names
from indexer.rejections import Desync, Rejection
from indexer.stages import AccountFrame, ErrorFrame, IdentityFrame, InfoFrame, RecordFrame, SyncFrame, UnsignedCommit
from indexer.unsigned import judge_claim
from indexer.verify import Desynchronized, Head, Rejected, VerifyLimits
from protocol.cbor import Cid, encode, to_json
from protocol.syntax import Did, Tid
from runtime.settings import RECORD_COLLECTIONS

from .repos import NOW, record
from .world import TREE

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
TRACK = "fm.plyr.track"
PATH = f"{TRACK}/3kaaaaaaaaa2a"
LIMITS = VerifyLimits(wire_names(RECORD_COLLECTIONS, "fm.plyr"), 1_000, 5_000_000, 200, TREE, timedelta(minutes=5))
TIME = "2026-05-01T11:59:59.123456Z"
ACCOUNT = {"seq": 4, "did": DID, "time": "2026-05-01T11:59:58.000Z", "active": False, "status": "suspended"}


def rev(number: int) -> Tid:
    return Tid.from_micros(int(NOW.timestamp() * 1e6) - 1_000_000 + number, 0)


def message(kind: str, **fields: Any) -> str:
    payload = {"$type": f"{METHOD}#{kind}", "seq": 7, "did": DID, "time": TIME, "witnessedAt": TIME} | fields
    return json.dumps({"$type": "message", "payload": payload})


def commit(value: Any = None, **fields: Any) -> str:
    """What a Jetstream says of a record that holds a value of the data model; None: of a deletion."""
    told: dict[str, Any] = {"rev": rev(0), "collection": TRACK, "rkey": "3kaaaaaaaaa2a", "operation": "delete"}
    if value is not None:
        told |= {"operation": "create", "record": json.loads(to_json(value)), "cid": str(Cid.of_block(encode(value)))}
    return message("commit", **(told | fields))


def frame_of(text: str) -> RecordFrame:
    frame = decode(text)
    assert isinstance(frame, RecordFrame)
    return frame


names = st.text(min_size=1).filter(lambda name: name not in ("$type", "$link", "$bytes"))
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary()
values = st.recursive(
    scalars | st.binary().map(Cid.of_block),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(names, values, max_size=5))
def test_a_record_is_turned_into_the_bytes_that_it_was(value: dict[str, Any]) -> None:
    frame = frame_of(commit(value))
    assert frame.fault is None
    assert frame.value == encode(value)
    assert frame.cid == Cid.of_block(encode(value))


def test_an_event_stands_at_the_time_at_which_it_was_witnessed() -> None:
    event = read(message("identity", time="2020-01-01T00:00:00Z"))
    assert event.micros == 1_777_636_799_123_456
    assert event.time == TIME
    assert read(message("identity", witnessedAt=None)).micros == event.micros


def test_a_deletion_has_neither_cid_nor_value() -> None:
    frame = frame_of(commit())
    assert (frame.path, frame.cid, frame.value, frame.fault, frame.rev) == (PATH, None, None, None, rev(0))


def test_what_the_relay_said_of_accounts_identities_and_repos_is_read() -> None:
    account = decode(message("account", account=ACCOUNT))
    assert isinstance(account, AccountFrame)
    assert (account.did, account.active, account.status) == (DID, False, "suspended")
    assert account.time is not None
    assert account.time.second == 58
    assert isinstance(decode(message("identity", identity={"seq": 4, "did": DID, "time": TIME})), IdentityFrame)
    for blocks in ({"$bytes": "AQI"}, "AQI="):
        sync = decode(message("sync", sync={"seq": 4, "did": DID, "time": TIME, "rev": rev(1), "blocks": blocks}))
        assert isinstance(sync, SyncFrame)
        assert (sync.rev, sync.blocks) == (rev(1), b"\x01\x02")


def test_what_is_about_the_stream_is_read() -> None:
    info = decode(json.dumps({"$type": "message", "payload": {"$type": f"{METHOD}#info", "name": "OutdatedCursor"}}))
    assert info == InfoFrame("OutdatedCursor", "")
    assert decode('{"$type": "error", "error": "ConsumerTooSlow"}') == ErrorFrame("ConsumerTooSlow", "")


HOSTILE = {
    "no JSON": "{",
    "no object": "[]",
    "a lone surrogate": '{"$type": "\\ud800"}',
    "no type": "{}",
    "another frame": '{"$type": "ping"}',
    "no payload": '{"$type": "message"}',
    "another method": '{"$type": "message", "payload": {"$type": "a.b.c#commit"}}',
    "an unknown kind": message("commitx"),
    "no time": message("identity", identity={"did": DID}, time=None, witnessedAt=None),
    "a time that is no cursor": message("identity", identity={"did": DID}, witnessedAt="1999-01-01T00:00:00Z"),
    "a number as time": message("identity", identity={"did": DID}, witnessedAt=5),
    "a bad did": commit(did="did:x"),
    "a bad rev": commit(rev="now"),
    "no rev": commit(rev=None),
    "a seq that is text": commit(seq="7"),
    "a seq too large": commit(seq=2**63),
    "an unknown operation": commit(operation="upsert"),
    "an rkey that is a list": commit(rkey=[]),
    "no cid": commit({"a": 1}, cid=None),
    "a cid that is none": commit({"a": 1}, cid="bafy"),
    "a record that is text": commit({"a": 1}, record="text"),
    "another account inside": message("account", account=ACCOUNT | {"did": "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"}),
    "an account without active": message("account", account={"did": DID}),
    "an identity that is a list": message("identity", identity=[]),
    "blocks that are no bytes": message("sync", sync={"did": DID, "rev": rev(1), "blocks": {"a": 1}}),
    "blocks that are not base64": message("sync", sync={"did": DID, "rev": rev(1), "blocks": {"$bytes": "é"}}),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_message_that_is_wrong_is_refused_by_name(text: str) -> None:
    with pytest.raises(FrameInvalid):
        decode(text)


@given(
    st.recursive(
        st.none() | st.floats() | st.text() | st.integers(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["$type", "payload", "did", "record", "cid", "rev", "time", "$link", "$bytes", "a"]), x
            )
        ),
    )
)
def test_nothing_that_is_json_raises_anything_else(value: Any) -> None:
    for text in (json.dumps(value), commit({"a": 1}, record=value), message("account", account=value)):
        try:
            event = read(text)
            concerns(event, Interest(frozenset({TRACK}), {DID}), {TRACK})
            parse(event)
        except FrameInvalid:
            continue


INEXACT = {
    "a float": {"half": 0.5},
    "more than 64 bits": {"many": 2**70},
    "a link that is none": {"link": {"$link": "text"}},
    "a blob without size": {"blob": {"$type": "blob", "mimeType": "a/b", "ref": {"$link": "bafy"}}},
    "too deep": {"deep": json.loads("[" * 200 + "]" * 200)},
    "another value": {"title": "another"},
    "a changed order of a list": {"list": [2, 1]},
}


@pytest.mark.parametrize("told", INEXACT.values(), ids=INEXACT)
def test_a_record_that_is_not_what_its_cid_names_costs_a_fetch(told: Any) -> None:
    verdict = judge_claim(frame_of(commit({"list": [1, 2]}, record=told)), None, None, LIMITS, NOW)
    assert isinstance(verdict, Desynchronized)
    assert verdict.reason is Desync.RECORD_MISMATCH


def test_a_claim_that_goes_on_is_an_unsigned_commit() -> None:
    value = record()
    verdict = judge_claim(frame_of(commit(value)), Head(rev(-1), Cid(b"")), rev(0), LIMITS, NOW)
    assert isinstance(verdict, UnsignedCommit)
    assert (verdict.did, verdict.rev) == (DID, rev(0))
    assert [(f"{c.path.collection}/{c.path.rkey}", c.value) for c in verdict.changes] == [(PATH, encode(value))]


@pytest.mark.parametrize(
    ("head", "followed", "fields", "reason"),
    [
        (rev(0), None, {}, Rejection.REPLAY),
        (rev(1), None, {}, Rejection.REPLAY),
        (None, rev(1), {}, Rejection.REPLAY),
        (None, None, {"rev": rev(400_000_000)}, Rejection.REV_IN_FUTURE),
        (None, None, {"collection": "app.bsky.feed.post"}, Rejection.NOT_INDEXED),
    ],
)
def test_a_claim_that_does_not_go_on_is_rejected(
    head: Tid | None, followed: Tid | None, fields: dict[str, Any], reason: Rejection
) -> None:
    known = head and Head(head, Cid(b""))
    verdict = judge_claim(frame_of(commit(**fields)), known, followed, LIMITS, NOW)
    assert isinstance(verdict, Rejected)
    assert verdict.reason is reason


def test_what_concerns_us_is_told_before_anything_is_parsed() -> None:
    interest = Interest(frozenset({TRACK}), {DID})
    stranger = Did("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb")
    indexed = {TRACK, "app.bsky.actor.profile"}
    ours = {
        commit(): True,
        commit(did=stranger): True,
        commit(collection="app.bsky.actor.profile"): True,
        commit(collection="app.bsky.actor.profile", did=stranger): False,
        commit(collection="app.bsky.feed.post"): False,
        message("identity"): True,
        message("identity", did=stranger): False,
        message("account", did=None): False,
        message("novelty"): False,
    }
    assert {text: concerns(read(text), interest, indexed) for text in ours} == ours
