"""Frames of every kind, and bytes that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.frames import FrameInvalid, Interest, concerns, decode, read, touches
from indexer.rejections import Rejection
from indexer.stages import AccountFrame, CommitFrame, ErrorFrame, IdentityFrame, InfoFrame, SyncFrame

from .repos import Repo, encode, frame, record

PATH = "fm.plyr.track/3kaaaaaaaaa2a"
TIME = datetime(2026, 5, 1, 11, 59, 59, tzinfo=UTC)
OURS = Interest(frozenset({"fm.plyr.track"}), {"did:plc:tracked"})


def commit_body(**changes: Any) -> dict[str, Any]:
    repo = Repo()
    repo.write((PATH, record()))
    return repo.write((PATH, record(title="new"))) | changes


def test_a_commit_is_read_with_its_ops() -> None:
    body = commit_body()
    commit = decode(frame("#commit", body))
    assert isinstance(commit, CommitFrame)
    [op] = commit.ops
    assert (commit.seq, commit.did, commit.rev, commit.since) == (2, body["repo"], body["rev"], body["since"])
    assert (commit.commit, commit.prev_data, commit.blocks) == (body["commit"], body["prevData"], body["blocks"])
    assert (op.action, op.path, op.cid, op.prev, op.has_prev) == (
        "update",
        PATH,
        body["ops"][0]["cid"],
        body["ops"][0]["prev"],
        True,
    )
    assert (commit.time, commit.too_big) == (TIME, False)


def test_deprecated_fields_and_a_missing_prev_data_are_no_fault() -> None:
    body = commit_body(rebase=False, tooBig=True, blobs=[], prevData=None, since=None, extra={"anything": [1]})
    commit = decode(frame("#commit", body))
    assert isinstance(commit, CommitFrame)
    assert commit.too_big
    assert commit.prev_data is None
    assert commit.since is None


def test_the_other_kinds_are_read() -> None:
    did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    base = {"seq": 5, "did": did, "time": "2026-05-01T11:59:59.000Z"}
    assert decode(frame("#identity", base | {"handle": "a.test"})) == IdentityFrame(5, did, TIME)
    assert decode(frame("#account", base | {"active": False, "status": "takendown"})) == AccountFrame(
        5, did, False, "takendown", TIME
    )
    assert decode(frame("#account", base | {"active": True})) == AccountFrame(5, did, True, None, TIME)
    assert decode(frame("#info", {"name": "OutdatedCursor"})) == InfoFrame("OutdatedCursor", "")
    assert decode(encode({"op": -1}) + encode({"error": "FutureCursor", "message": "no"})) == ErrorFrame(
        "FutureCursor", "no"
    )
    rev = "3kaaaaaaaaa2a"
    assert decode(frame("#sync", base | {"rev": rev, "blocks": b"car"})) == SyncFrame(5, did, rev, b"car", TIME)


@pytest.mark.parametrize("time", ["yesterday", 7, "0000-06-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_a_time_that_cannot_be_read_or_kept_is_no_fault(time: Any) -> None:
    commit = decode(frame("#commit", commit_body(time=time)))
    assert isinstance(commit, CommitFrame)
    assert commit.time is None


def test_a_status_cannot_bring_text_that_the_database_does_not_take() -> None:
    body = {"seq": 5, "did": "did:plc:a", "active": False, "status": "a\x00" + "b" * 10_000}
    account = decode(frame("#account", body))
    assert isinstance(account, AccountFrame)
    assert account.status is not None
    assert account.status.startswith("a\ufffdb")
    assert len(account.status) == 512


@pytest.mark.parametrize(
    "changes",
    [
        {"repo": "nobody"},
        {"repo": 1},
        {"commit": "text"},
        {"commit": b"bytes"},
        {"blocks": "text"},
        {"seq": "1"},
        {"seq": -1},
        {"seq": 0},
        {"seq": True},
        {"tooBig": 1},
    ],
)
def test_a_commit_with_a_wrong_field_is_rejected_by_name(changes: dict[str, Any]) -> None:
    with pytest.raises(FrameInvalid) as fault:
        decode(frame("#commit", commit_body(**changes)))
    assert fault.value.reason is Rejection.FRAME_INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"ops": None},
        {"ops": [1]},
        {"ops": [{"action": "move", "path": PATH, "cid": None}]},
        {"ops": [{"action": "create", "path": PATH, "cid": None}]},
        {"ops": [{"action": "delete", "path": 1, "cid": None}]},
        {"prevData": "text"},
        {"prevData": b"\x00"},
        {"ops": [{"action": "create", "path": PATH, "cid": b"\x00"}]},
        {"ops": [{"action": "delete", "path": PATH, "cid": None, "prev": b"\x00"}]},
    ],
)
def test_ops_that_cannot_be_read_are_left_to_whoever_knows_the_signature(changes: dict[str, Any]) -> None:
    body = commit_body(**changes)
    commit = decode(frame("#commit", body))
    assert isinstance(commit, CommitFrame)
    assert commit.unclear
    assert (commit.did, commit.blocks, commit.prev_data) == (body["repo"], body["blocks"], None)


@pytest.mark.parametrize("changes", [{"rev": "no-tid"}, {"since": "no-tid"}])
def test_a_rev_that_is_no_tid_is_rejected_by_name(changes: dict[str, Any]) -> None:
    with pytest.raises(FrameInvalid) as fault:
        decode(frame("#commit", commit_body(**changes)))
    assert fault.value.reason is Rejection.REV_INVALID


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\x00",
        encode({"op": 1, "t": "#commit"}),
        encode({"op": 2, "t": "#commit"}) + encode({}),
        encode({"op": 1}) + encode({}),
        encode([]) + encode({}),
        encode({"op": 1, "t": "#commit"}) + encode([]),
        encode({"op": 1, "t": "#commit"}) + encode({}) + encode({}),
        encode({"op": 1, "t": "#commit"}) + b"\x81" * 100_000,
    ],
)
def test_bytes_that_are_no_frame_are_rejected(data: bytes) -> None:
    with pytest.raises(FrameInvalid):
        read(data)


def test_a_frame_that_is_cut_anywhere_is_rejected() -> None:
    data = frame("#commit", commit_body())
    for end in range(0, len(data), 7):
        with pytest.raises(FrameInvalid):
            decode(data[:end])


def test_a_kind_that_nobody_knows_is_read_and_concerns_nobody() -> None:
    envelope = read(frame("#novelty", {"seq": 9, "did": "did:plc:tracked", "ops": []}))
    assert (envelope.kind, envelope.seq) == ("#novelty", 9)
    assert not concerns(envelope, OURS)


@pytest.mark.parametrize(
    ("kind", "body", "ours"),
    [
        ("#commit", {"repo": "did:plc:x", "ops": [{"path": "app.bsky.feed.like/1"}]}, False),
        ("#commit", {"repo": "did:plc:x", "ops": [{"path": "app.bsky.feed.like/1"}, {"path": PATH}]}, True),
        ("#commit", {"repo": "did:plc:x", "ops": [{"path": "fm.plyr.tracks/1"}]}, False),
        ("#commit", {"repo": "did:plc:tracked", "ops": []}, True),
        ("#commit", {"repo": ["did:plc:tracked"], "ops": None}, False),
        ("#commit", {"repo": "did:plc:x", "ops": [None, 1, {"path": 1}, {}]}, False),
        ("#identity", {"did": "did:plc:tracked"}, True),
        ("#account", {"did": "did:plc:x"}, False),
        ("#sync", {"did": {}}, False),
        ("#info", {}, True),
    ],
)
def test_what_concerns_us_is_a_tracked_did_or_an_indexed_collection(kind: str, body: Any, ours: bool) -> None:
    assert concerns(read(frame(kind, body)), OURS) is ours


def test_touching_a_collection_is_seen_on_the_typed_frame_too() -> None:
    commit = decode(frame("#commit", commit_body()))
    assert isinstance(commit, CommitFrame)
    assert touches(commit, frozenset({"fm.plyr.track"}))
    assert not touches(commit, frozenset({"fm.plyr.like"}))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
FIELDS = st.sampled_from(
    ["seq", "repo", "did", "rev", "since", "blocks", "ops", "commit", "prevData", "time", "active", "status", "tooBig"]
)
KINDS = st.sampled_from(["#commit", "#sync", "#identity", "#account", "#info", "#other", ""])


@given(st.binary(max_size=400))
def test_any_bytes_are_a_frame_or_rejected(data: bytes) -> None:
    try:
        concerns(read(data), OURS)
        decode(data)
    except FrameInvalid:
        return


@given(KINDS, st.dictionaries(FIELDS, VALUES))
def test_any_fields_are_a_frame_or_rejected(kind: str, fields: dict[str, Any]) -> None:
    data = frame(kind, commit_body() | fields)
    try:
        concerns(read(data), OURS)
        decode(data)
    except FrameInvalid:
        return


@given(st.integers(0, 2_000), st.binary(min_size=1, max_size=3))
def test_a_corrupted_frame_is_a_frame_or_rejected(at: int, noise: bytes) -> None:
    data = frame("#commit", commit_body())
    at %= len(data)
    try:
        decode(data[:at] + noise + data[at + len(noise) :])
    except FrameInvalid:
        return
