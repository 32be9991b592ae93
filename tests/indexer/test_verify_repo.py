"""What is said of a repo as a whole: `#sync`, and the repo itself as it is fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from indexer.frames import decode
from indexer.rejections import Desync, Rejection
from indexer.stages import SyncFrame
from indexer.verify import Desynchronized, Head, NewRev, Rejected, VerifyLimits, verify_sync
from indexer.verify_repo import VerifiedRepo, verify_repo
from protocol.car import read_car
from protocol.cbor import Cid
from protocol.crypto import PrivateKey
from protocol.syntax import Did, Tid

from .repos import NOW, Repo, frame, record
from .verifying import LIMITS, A, C, altered, filled, head_of, without


def root_of(blocks: bytes) -> Cid:
    return read_car(blocks, max_blocks=1_000, max_bytes=100_000).roots[0]


def judge_sync(repo: Repo, body: dict[str, Any], head: Head | None):
    sync = decode(frame("#sync", body))
    assert isinstance(sync, SyncFrame)
    return verify_sync(sync, head, repo.key.public, LIMITS, NOW)


def test_a_sync_with_the_stored_tree_moves_the_rev_alone() -> None:
    repo = filled()
    head = head_of(repo)
    rev = repo.next_rev()
    body = repo.sync(rev)
    assert judge_sync(repo, body, head) == NewRev(Tid(rev), root_of(body["blocks"]))


def test_a_sync_at_the_stored_rev_is_ignored() -> None:
    repo = filled()
    verdict = judge_sync(repo, repo.sync(), head_of(repo))
    assert isinstance(verdict, Rejected)
    assert verdict.reason is Rejection.REPLAY


def test_a_sync_with_another_tree_desynchronizes() -> None:
    repo = filled()
    head = head_of(repo)
    repo.write((A, record()))
    verdict = judge_sync(repo, repo.sync(), head)
    assert isinstance(verdict, Desynchronized)
    assert verdict.reason is Desync.SYNC_EVENT


def test_a_sync_that_the_account_did_not_sign_is_rejected() -> None:
    repo = filled()
    head = head_of(repo)
    repo.write((A, record()))
    verdict = judge_sync(repo, repo.sync(key=PrivateKey.generate("k256", b"a stranger")), head)
    assert isinstance(verdict, Rejected)
    assert verdict.reason is Rejection.SIGNATURE_INVALID


def whole(repo: Repo, data: bytes, head: Head | None = None, known: Cid | None = None, limits: VerifyLimits = LIMITS):
    read = read_car(data, max_blocks=10_000, max_bytes=10_000_000)
    return verify_repo(Did(repo.did), read, head, known, repo.key.public, limits, NOW)


def test_a_fetched_repo_gives_its_indexed_records() -> None:
    repo = filled(3)
    repo.write((C, record()))
    head = head_of(repo)
    assert head is not None
    verdict = whole(repo, repo.export(), head)
    assert isinstance(verdict, VerifiedRepo)
    assert verdict.head == head._replace(commit=root_of(repo.export()))
    assert {f"{path.collection}/{path.rkey}": cid for path, cid in verdict.records.items()} == {
        path: cid for path, cid in repo.records.items() if path != C
    }
    commit = verdict.commit(verdict.change(path) for path in verdict.records)
    assert all(change.value and Cid.of_block(change.value) == change.cid for change in commit.changes)


def test_a_fetched_repo_of_the_future_is_rejected() -> None:
    repo = filled()
    repo.rev = str(Tid.from_micros(int((NOW + timedelta(minutes=6)).timestamp() * 1e6), 0))
    verdict = whole(repo, repo.export())
    assert isinstance(verdict, Rejected)
    assert verdict.reason is Rejection.REV_IN_FUTURE


def test_a_fetched_repo_is_rejected_for_a_bad_signature_an_older_rev_or_a_broken_tree() -> None:
    repo = filled()
    old, data = repo.export(), repo.data
    assert data is not None
    repo.write((A, record()))
    stranger = Repo(key=PrivateKey.generate("p256", b"a stranger"))
    for verdict, reason in (
        (whole(stranger, old), Rejection.SIGNATURE_INVALID),
        (whole(repo, old, head_of(repo)), Rejection.REPLAY),
        (whole(repo, altered(old, data)), Rejection.TREE_INVALID),
        (whole(repo, without(old, data)), Rejection.TREE_INVALID),
    ):
        assert isinstance(verdict, Rejected)
        assert verdict.reason is reason


def test_the_paths_of_a_fetched_repo_are_no_more_bytes_than_a_repo_may_have() -> None:
    """A tree writes what they have in common once in each node."""
    repo = Repo()
    repo.write(*((f"fm.plyr.track/{'a' * 450}{number:03}", record()) for number in range(100)))
    assert isinstance(whole(repo, repo.export()), VerifiedRepo)
    verdict = whole(repo, repo.export(), limits=replace(LIMITS, max_bytes=46_000))
    assert isinstance(verdict, Rejected)
    assert verdict.reason is Rejection.REPO_TOO_LARGE


def test_the_stored_commit_is_known_whatever_the_key_is_now_and_no_other_commit_is() -> None:
    repo = filled()
    head = head_of(repo)
    assert head is not None
    fetched = repo.export()
    key = repo.key
    repo.key = PrivateKey.generate("k256", b"the next host's")
    for judged_by in (head, None):
        verdict = whole(repo, fetched, judged_by, root_of(fetched))
        assert isinstance(verdict, VerifiedRepo)
        assert (verdict.rev, verdict.data) == (head.rev, head.data)
    repo.key = key
    repo.write((A, record()))
    newer = repo.export()
    repo.key = PrivateKey.generate("k256", b"the next host's")
    for judged_by, known in ((None, None), (head, None), (head, root_of(fetched)), (None, root_of(fetched))):
        verdict = whole(repo, newer, judged_by, known)
        assert isinstance(verdict, Rejected)
        assert verdict.reason is Rejection.SIGNATURE_INVALID
