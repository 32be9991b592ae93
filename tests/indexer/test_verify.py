"""Steps 1 to 6 of the verification of a commit, on repos built by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from indexer.frames import decode
from indexer.rejections import Desync, Rejection
from indexer.stages import CommitFrame, RecordPath, VerifiedCommit
from indexer.verify import Desynchronized, Head, Rejected, VerifyLimits, verify_commit
from protocol.car import read_car
from protocol.cbor import Cid
from protocol.crypto import PrivateKey
from protocol.syntax import RecordKey, Tid

from .repos import NOW, Link, Repo, car, cid_of, frame, record, track, tree
from .verifying import LIMITS, TRACK, A, B, C, altered, filled, head_of, without


def judge(repo: Repo, body: dict[str, Any], head: Head | None, limits: VerifyLimits = LIMITS):
    commit = decode(frame("#commit", body))
    assert isinstance(commit, CommitFrame)
    return verify_commit(commit, head, repo.key.public, limits, NOW)


def test_the_first_commit_of_a_repo_is_verified_against_the_empty_tree() -> None:
    repo = Repo()
    body = repo.write((A, record()), (C, record()))
    verdict = judge(repo, body, None)
    assert isinstance(verdict, VerifiedCommit)
    assert verdict.rev == repo.rev
    assert verdict.data == repo.data
    [change] = verdict.changes
    assert change.path == RecordPath(TRACK, RecordKey("3kaaaaaaaaa2a"))
    assert change.value is not None
    assert Cid.of_block(change.value) == change.cid == repo.records[A]


@pytest.mark.parametrize("curve", ["k256", "p256"])
def test_commits_that_create_update_and_delete_are_verified_in_a_chain(curve: Any) -> None:
    repo = filled()
    repo.key = PrivateKey.generate(curve, b"other")
    for ops in (
        [(A, record()), (B, record(title="b"))],
        [(A, record(title="new")), (B, None)],
        [(track(n), None) for n in range(40)],
        [(A, None)],
    ):
        head = head_of(repo)
        verdict = judge(repo, repo.write(*ops), head)
        assert isinstance(verdict, VerifiedCommit), verdict
        assert {change.path.rkey: change.cid for change in verdict.changes} == {
            path.split("/")[1]: repo.records.get(path) for path, _ in ops
        }


def test_a_block_that_many_records_share_makes_no_more_than_a_commit_may_have() -> None:
    for count, fits in ((40, True), (60, False)):
        repo = filled(1)
        head = head_of(repo)
        body = repo.write(*((f"fm.plyr.track/many-{n}", record(filler="x" * 100_000)) for n in range(count)))
        verdict = judge(repo, body, head)
        assert isinstance(verdict, VerifiedCommit) is fits
        assert fits or (isinstance(verdict, Desynchronized) and verdict.reason is Desync.TOO_BIG)


def test_a_commit_without_ops_moves_the_head() -> None:
    repo = filled()
    head = head_of(repo)
    verdict = judge(repo, repo.write(), head)
    assert isinstance(verdict, VerifiedCommit)
    assert verdict.changes == ()
    assert verdict.rev == repo.rev


def test_a_commit_without_ops_needs_no_tree() -> None:
    repo = filled()
    head = head_of(repo)
    body = repo.write()
    assert repo.data is not None
    body["blocks"] = without(body["blocks"], repo.data)
    assert isinstance(judge(repo, body, head), VerifiedCommit)


def test_create_and_delete_of_one_path_in_one_commit_leave_nothing() -> None:
    repo = filled()
    head = head_of(repo)
    body = repo.write((A, record()), (A, None))
    del body["ops"][1]["prev"]
    verdict = judge(repo, body, head)
    assert isinstance(verdict, VerifiedCommit), verdict
    [change] = verdict.changes
    assert change.cid is None


def test_delete_and_create_of_one_path_in_one_commit_are_an_update() -> None:
    repo = filled()
    repo.write((A, record()))
    head = head_of(repo)
    verdict = judge(repo, repo.write((A, None), (A, record(title="again"))), head)
    assert isinstance(verdict, VerifiedCommit), verdict
    assert verdict.changes[0].cid == repo.records[A]


def test_two_updates_of_one_path_may_both_name_the_original_value() -> None:
    repo = filled()
    repo.write((A, record()))
    head, original = head_of(repo), repo.records[A]
    body = repo.write((A, record(title="1")), (A, record(title="2")))
    body["ops"][1]["prev"] = original
    verdict = judge(repo, body, head)
    assert isinstance(verdict, VerifiedCommit), verdict
    assert verdict.changes[0].cid == repo.records[A]


def test_an_update_to_the_same_value_is_verified() -> None:
    repo = filled()
    repo.write((A, record()))
    head = head_of(repo)
    assert isinstance(judge(repo, repo.write((A, record())), head), VerifiedCommit)


def test_unrelated_blocks_are_ignored_even_when_they_are_wrong() -> None:
    repo = filled()
    head = head_of(repo)
    body = repo.write((A, record()))
    read = read_car(body["blocks"], max_blocks=10_000, max_bytes=10_000_000)
    blocks = {Link(cid): block for cid, block in read.blocks._blocks.items()}
    blocks[cid_of(b"something")] = b"else"
    body["blocks"] = car(Link(read.roots[0]), blocks.items())
    assert isinstance(judge(repo, body, head), VerifiedCommit)


def reject_future(repo: Repo, body: dict[str, Any]) -> None:
    body["rev"] = str(Tid.from_micros(int((NOW + timedelta(minutes=6)).timestamp() * 1e6), 0))


def reject_car(repo: Repo, body: dict[str, Any]) -> None:
    body["blocks"] = body["blocks"][:-3]


def reject_root(repo: Repo, body: dict[str, Any]) -> None:
    body["commit"] = cid_of(b"another")


def reject_block(repo: Repo, body: dict[str, Any]) -> None:
    body["blocks"] = altered(body["blocks"], body["commit"])


def reject_absent(repo: Repo, body: dict[str, Any]) -> None:
    body["blocks"] = without(body["blocks"], body["commit"])


def resign(repo: Repo, body: dict[str, Any], **fields: Any) -> None:
    assert repo.data is not None
    key = fields.pop("key", None)
    block = repo.signed(fields.pop("rev", body["rev"]), fields.pop("data", repo.data), key, **fields)
    nodes: dict[Link, bytes] = {}
    tree(repo.records, nodes)
    body["commit"] = cid_of(block)
    body["blocks"] = car(cid_of(block), [(cid_of(block), block), *nodes.items(), *repo.values.items()])


def reject_version(repo: Repo, body: dict[str, Any]) -> None:
    resign(repo, body, version=2)


def reject_did(repo: Repo, body: dict[str, Any]) -> None:
    resign(repo, body, did="did:plc:bbbbbbbbbbbbbbbbbbbbbbbb")


def reject_rev(repo: Repo, body: dict[str, Any]) -> None:
    resign(repo, body, rev=repo.next_rev())


def reject_signature(repo: Repo, body: dict[str, Any]) -> None:
    resign(repo, body, key=PrivateKey.generate("k256", b"a stranger"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (reject_future, Rejection.REV_IN_FUTURE),
        (reject_car, Rejection.CAR_INVALID),
        (reject_root, Rejection.ROOT_MISMATCH),
        (reject_block, Rejection.BLOCK_INVALID),
        (reject_absent, Rejection.BLOCK_INVALID),
        (reject_version, Rejection.COMMIT_INVALID),
        (reject_did, Rejection.DID_MISMATCH),
        (reject_rev, Rejection.REV_MISMATCH),
        (reject_signature, Rejection.SIGNATURE_INVALID),
    ],
)
def test_what_is_not_proved_to_be_the_accounts_is_rejected_by_name(spoil: Any, reason: Rejection) -> None:
    repo = filled()
    head = head_of(repo)
    body = repo.write((A, record()))
    spoil(repo, body)
    verdict = judge(repo, body, head)
    assert isinstance(verdict, Rejected), verdict
    assert verdict.reason is reason


@pytest.mark.parametrize("changes", [{"ops": None}, {"prevData": 1}])
def test_ops_that_cannot_be_read_cost_nothing_without_a_signature(changes: dict[str, Any]) -> None:
    repo = filled()
    head = head_of(repo)
    body = repo.write((A, record()))
    reject_signature(repo, body)
    verdict = judge(repo, body | changes, head)
    assert isinstance(verdict, Rejected)
    assert verdict.reason is Rejection.SIGNATURE_INVALID


def test_a_commit_signed_with_high_s_is_rejected() -> None:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    repo = filled()
    head = head_of(repo)

    class HighS:
        def sign(self, message: bytes) -> bytes:
            low = repo.key.sign(message)
            return low[:32] + (order - int.from_bytes(low[32:])).to_bytes(32)

    verdict = judge(repo, repo.write((A, record()), key=HighS()), head)  # pyright: ignore[reportArgumentType]
    assert isinstance(verdict, Rejected)
    assert verdict.reason is Rejection.SIGNATURE_INVALID


def test_a_rev_at_or_below_the_stored_one_is_a_replay() -> None:
    repo = filled()
    head = head_of(repo)
    older = repo.write((A, record()))
    assert isinstance(judge(repo, older, head), VerifiedCommit)
    verdict = judge(repo, older, head_of(repo))
    assert verdict == Rejected(Rejection.REPLAY, f"{repo.rev} is not above {repo.rev}")


def test_a_rev_within_five_minutes_of_our_clock_is_taken() -> None:
    repo = filled()
    head = head_of(repo)
    repo.next_rev = lambda: str(Tid.from_micros(int((NOW + timedelta(minutes=4)).timestamp() * 1e6), 0))
    assert isinstance(judge(repo, repo.write((A, record())), head), VerifiedCommit)


def test_a_car_of_too_many_blocks_or_bytes_is_rejected() -> None:
    repo = filled()
    head = head_of(repo)
    body = repo.write((A, record()))
    for bounds in ({"max_blocks": 3}, {"max_bytes": 500}):
        limits = VerifyLimits(
            **{name: getattr(LIMITS, name) for name in LIMITS.__dataclass_fields__} | bounds  # pyright: ignore[reportArgumentType]
        )
        verdict = judge(repo, body, head, limits)
        assert isinstance(verdict, Rejected)
        assert verdict.reason is Rejection.CAR_INVALID


def desync_too_big(repo: Repo, body: dict[str, Any]) -> None:
    body["tooBig"] = True


def desync_ops(repo: Repo, body: dict[str, Any]) -> None:
    body["ops"] = body["ops"] * 201


def desync_tree(repo: Repo, body: dict[str, Any]) -> None:
    body["blocks"] = altered(body["blocks"], repo.data)  # pyright: ignore[reportArgumentType]


def desync_incomplete(repo: Repo, body: dict[str, Any]) -> None:
    body["blocks"] = without(body["blocks"], repo.data)  # pyright: ignore[reportArgumentType]


def desync_other_value(repo: Repo, body: dict[str, Any]) -> None:
    body["ops"][0]["cid"] = cid_of(b"another value")


def desync_not_deleted(repo: Repo, body: dict[str, Any]) -> None:
    body["ops"].append({"action": "delete", "path": track(0), "cid": None})


def desync_action(repo: Repo, body: dict[str, Any]) -> None:
    body["ops"][0]["action"] = "move"


def desync_prev_data(repo: Repo, body: dict[str, Any]) -> None:
    body["prevData"] = "text"


def desync_link(repo: Repo, body: dict[str, Any]) -> None:
    body["ops"][0]["cid"] = b"\x00"


def desync_hidden_op(repo: Repo, body: dict[str, Any]) -> None:
    body["ops"] = body["ops"][1:]


def desync_wrong_prev(repo: Repo, body: dict[str, Any]) -> None:
    body["ops"][1]["prev"] = cid_of(b"never was there")


def desync_record_absent(repo: Repo, body: dict[str, Any]) -> None:
    body["blocks"] = without(body["blocks"], repo.records[A])


def desync_record_altered(repo: Repo, body: dict[str, Any]) -> None:
    body["blocks"] = altered(body["blocks"], repo.records[A])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (desync_too_big, Desync.TOO_BIG),
        (desync_ops, Desync.TOO_MANY_OPS),
        (desync_tree, Desync.TREE_INVALID),
        (desync_incomplete, Desync.TREE_INCOMPLETE),
        (desync_other_value, Desync.OPS_MISMATCH),
        (desync_not_deleted, Desync.OPS_MISMATCH),
        (desync_action, Desync.OPS_MISMATCH),
        (desync_prev_data, Desync.OPS_MISMATCH),
        (desync_link, Desync.OPS_MISMATCH),
        (desync_hidden_op, Desync.INVERSION_MISMATCH),
        (desync_wrong_prev, Desync.INVERSION_MISMATCH),
        (desync_record_absent, Desync.RECORD_MISSING),
        (desync_record_altered, Desync.RECORD_MISSING),
    ],
)
def test_a_signed_commit_that_does_not_hold_desynchronizes_by_name(spoil: Any, reason: Desync) -> None:
    repo = filled()
    head = head_of(repo)
    body = repo.write((A, record()), (track(1), record(title="edited")))
    spoil(repo, body)
    verdict = judge(repo, body, head)
    assert isinstance(verdict, Desynchronized), verdict
    assert verdict.reason is reason


def test_a_commit_behind_one_that_we_missed_desynchronizes() -> None:
    repo = filled()
    head = head_of(repo)
    repo.write((A, record()))
    verdict = judge(repo, repo.write((B, record())), head)
    assert isinstance(verdict, Desynchronized)
    assert verdict.reason is Desync.SINCE_MISMATCH


def test_a_commit_on_another_tree_than_the_stored_one_desynchronizes() -> None:
    repo = filled()
    head = head_of(repo)
    assert head is not None
    verdict = judge(repo, repo.write((A, record())), Head(head.rev, Cid(cid_of(b"another tree"))))
    assert isinstance(verdict, Desynchronized)
    assert verdict.reason is Desync.PREV_DATA_MISMATCH


def test_a_commit_of_an_unknown_repo_that_is_not_its_first_desynchronizes() -> None:
    repo = filled()
    verdict = judge(repo, repo.write((A, record())), None)
    assert isinstance(verdict, Desynchronized)
    assert verdict.reason is Desync.SINCE_MISMATCH


def test_a_first_commit_that_does_not_list_all_of_its_records_desynchronizes() -> None:
    repo = Repo()
    body = repo.write((A, record()), (B, record()))
    body["ops"] = body["ops"][:1]
    verdict = judge(repo, body, None)
    assert isinstance(verdict, Desynchronized)
    assert verdict.reason is Desync.INVERSION_MISMATCH


def test_without_prev_data_the_since_chain_decides() -> None:
    repo = filled()
    head = head_of(repo)
    body = repo.write((A, record()))
    del body["prevData"]
    assert isinstance(judge(repo, body, head), VerifiedCommit)
    body["since"] = repo.next_rev()
    verdict = judge(repo, body, head)
    assert isinstance(verdict, Desynchronized)
    assert verdict.reason is Desync.SINCE_MISMATCH


def test_without_prev_the_inversion_is_left_out_and_the_chain_is_not() -> None:
    repo = filled()
    repo.write((A, record()))
    head = head_of(repo)
    assert head is not None
    body = repo.write((A, record(title="new")))
    del body["ops"][0]["prev"]
    assert isinstance(judge(repo, body, head), VerifiedCommit)
    verdict = judge(repo, body, Head(head.rev, Cid(cid_of(b"another tree"))))
    assert isinstance(verdict, Desynchronized)
    assert verdict.reason is Desync.PREV_DATA_MISMATCH
