"""A live event, its account's key and the repo's prior state -> a verified commit, or the name of what is wrong.

Steps 1-3 (rev, CAR, signature) reject: anybody can send an unsigned lie, so nothing changes. Steps 4-6 (ops, inversion,
chain) come after a good signature, so what fails there means that our copy or the host is wrong: the repo is fetched
again. Which account may be judged at all, by activity and host, is decided before (judge.py).
Pure: no clock, no database, no sockets; every loop is bounded by `VerifyLimits`. The only maker of `VerifiedCommit`
beside verify_repo.py, which does the same for a fetched repo. Spec: Sync 1.1,
https://atproto.com/specs/sync#commit-validation; sync.md section 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from indexer.rejections import Desync, Rejection
from indexer.stages import CommitFrame, RecordChange, RecordPath, RepoOp, SyncFrame, VerifiedCommit
from protocol.car import BlockInvalid, BlockMap, CarInvalid, read_car
from protocol.cbor import Cid
from protocol.commit import CommitInvalid, SignedCommit, parse_commit
from protocol.crypto import PublicKey
from protocol.mst import EMPTY_ROOT, Tree, TreeDiffers, TreeIncomplete, TreeInvalid, TreeLimits, invert
from protocol.syntax import Did, Nsid, RecordKey, Tid


class EventRejected(Exception):
    """The event has no effect (`outcome` is what a verification answers)."""

    def __init__(self, reason: Rejection, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.outcome = Rejected(reason, detail)


class RepoDesynchronized(Exception):
    """The event is its account's, and its repo must be fetched anew (`outcome` is what a verification answers)."""

    def __init__(self, reason: Desync, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.outcome = Desynchronized(reason, detail)


class Head(NamedTuple):
    """The verified state of a repo: its last rev, the root of its tree, and the commit, where it is known."""

    rev: Tid
    data: Cid
    commit: Cid | None = None


@dataclass(frozen=True, slots=True)
class VerifyLimits:
    """What is indexed, and the bounds of one commit (blocks, bytes, ops, tree) and of a rev's clock.

    `collections`: the names that repos use, each with the one under which it is indexed (see namespaces.py).
    """

    collections: Mapping[str, Nsid]
    max_blocks: int
    max_bytes: int
    max_ops: int
    tree: TreeLimits
    future: timedelta


class Rejected(NamedTuple):
    """Drop the event; no state changes."""

    reason: Rejection
    detail: str


class Desynchronized(NamedTuple):
    """Fetch the repo again."""

    reason: Desync
    detail: str


class NewRev(NamedTuple):
    """What a `#sync` says when the tree is the stored one: only the rev, and the commit, move on."""

    rev: Tid
    commit: Cid


class _PathChange(NamedTuple):
    before: Cid | None
    after: Cid | None
    legacy: bool  # the host did not say what was there before


def verify_commit(
    frame: CommitFrame, head: Head | None, key: PublicKey, limits: VerifyLimits, now: datetime
) -> VerifiedCommit | Rejected | Desynchronized:
    """Judge a `#commit` against the repo's `head` (None: nothing of it is known, only a first commit can chain)."""
    try:
        signed, blocks = _signed(frame, head, key, limits, now)
        _check_ops(frame, limits)
        changes = _coalesce(frame.ops)
        _check_tree(frame, changes, Tree(signed.data, blocks, limits.tree))
        _check_chain(frame, head)
        records = tuple(_records(changes, blocks, limits.collections))
        _check_size(records, limits)
    except (EventRejected, RepoDesynchronized) as fault:
        return fault.outcome
    return VerifiedCommit(signed.did, signed.rev, signed.data, signed.cid, records)


def verify_sync(
    frame: SyncFrame, head: Head | None, key: PublicKey, limits: VerifyLimits, now: datetime
) -> NewRev | Rejected | Desynchronized:
    """Judge a `#sync` against the repo's `head`."""
    try:
        signed, _ = _signed(frame, head, key, limits, now)
    except EventRejected as fault:
        return fault.outcome
    if head is None or signed.data != head.data:
        return Desynchronized(Desync.SYNC_EVENT, f"its host is at {signed.rev}")
    return NewRev(signed.rev, signed.cid)


def check_signature(
    frame: CommitFrame | SyncFrame, key: PublicKey, limits: VerifyLimits, now: datetime
) -> Rejected | None:
    """Judge by steps 1 to 3 alone, as if nothing of the repo were known: whether the account itself says this."""
    try:
        _signed(frame, None, key, limits, now)
    except EventRejected as fault:
        return fault.outcome
    return None


def check_rev(rev: Tid, head: Head | None, limits: VerifyLimits, now: datetime) -> None:
    """Step 1. Raises EventRejected for a rev ahead of our clock, or at or below the head's."""
    ahead = rev.micros - now.timestamp() * 1e6
    if ahead > limits.future.total_seconds() * 1e6:
        raise EventRejected(Rejection.REV_IN_FUTURE, f"{rev} is {ahead / 1e6:.0f} s ahead")
    if head is not None and rev <= head.rev:
        raise EventRejected(Rejection.REPLAY, f"{rev} is not above {head.rev}")


def check_commit(did: Did, root: Cid, blocks: BlockMap, key: PublicKey | None) -> SignedCommit:
    """The commit object's block, form, DID and signature (the second half of step 2, and 3). Raises EventRejected.

    No key: this very commit was verified before.
    """
    try:
        signed = parse_commit(root, blocks.get(root))
    except BlockInvalid as fault:
        raise EventRejected(Rejection.BLOCK_INVALID, str(fault)) from fault
    except CommitInvalid as fault:
        raise EventRejected(Rejection.COMMIT_INVALID, str(fault)) from fault
    if signed.did != did:
        raise EventRejected(Rejection.DID_MISMATCH, f"the commit is of {signed.did}")
    if key is not None and not signed.verify(key):
        raise EventRejected(Rejection.SIGNATURE_INVALID, f"not signed by {key.did_key()}")
    return signed


def _signed(
    frame: CommitFrame | SyncFrame, head: Head | None, key: PublicKey, limits: VerifyLimits, now: datetime
) -> tuple[SignedCommit, BlockMap]:
    """Steps 1 to 3. A `#sync` does not name its commit: it is the root."""
    check_rev(frame.rev, head, limits, now)
    try:
        car = read_car(frame.blocks, max_blocks=limits.max_blocks, max_bytes=limits.max_bytes)
    except CarInvalid as fault:
        raise EventRejected(Rejection.CAR_INVALID, str(fault)) from fault
    root = car.roots[0]
    if isinstance(frame, CommitFrame) and root != frame.commit:
        raise EventRejected(Rejection.ROOT_MISMATCH, "the CAR's first root is not the commit")
    signed = check_commit(frame.did, root, car.blocks, key)
    if signed.rev != frame.rev:
        raise EventRejected(Rejection.REV_MISMATCH, f"the commit is {signed.rev}, the event {frame.rev}")
    return signed, car.blocks


def _check_ops(frame: CommitFrame, limits: VerifyLimits) -> None:
    if frame.unclear is not None:
        raise RepoDesynchronized(Desync.OPS_MISMATCH, frame.unclear)
    if frame.too_big:
        raise RepoDesynchronized(Desync.TOO_BIG, "the host left the changes out")
    if len(frame.ops) > limits.max_ops:
        raise RepoDesynchronized(Desync.TOO_MANY_OPS, f"{len(frame.ops)} ops")


def _coalesce(ops: Iterable[RepoOp]) -> dict[str, _PathChange]:
    """Each path once: what the first of its ops found there, what the last left."""
    changes: dict[str, _PathChange] = {}
    for op in ops:
        known = changes.get(op.path)
        if known is None:
            before = None if op.action == "create" else op.prev
            changes[op.path] = _PathChange(before, op.cid, op.action != "create" and not op.has_prev)
        else:
            changes[op.path] = known._replace(after=op.cid)
    return changes


def _check_tree(frame: CommitFrame, changes: dict[str, _PathChange], tree: Tree) -> None:
    """Steps 4 and 5: the new tree holds what the ops say, and undoing them gives the tree that was there before."""
    is_first = frame.since is None and frame.prev_data is None
    is_legacy = not is_first and (frame.prev_data is None or any(change.legacy for change in changes.values()))
    try:
        if is_legacy:
            _check_held(changes, tree)
            return
        undone = {path: (change.before, change.after) for path, change in changes.items()}
        before = invert(tree, undone) if undone else tree.root
    except TreeDiffers as fault:
        raise RepoDesynchronized(Desync.OPS_MISMATCH, str(fault)) from fault
    except TreeIncomplete as fault:
        raise RepoDesynchronized(Desync.TREE_INCOMPLETE, str(fault)) from fault
    except (TreeInvalid, BlockInvalid) as fault:
        raise RepoDesynchronized(Desync.TREE_INVALID, str(fault)) from fault
    if before != (EMPTY_ROOT if is_first else frame.prev_data):
        raise RepoDesynchronized(Desync.INVERSION_MISMATCH, "without its ops the tree is not the one before it")


def _check_held(changes: dict[str, _PathChange], tree: Tree) -> None:
    for path, change in changes.items():
        if tree.get(path) != change.after:
            raise TreeDiffers(f"the tree has another value at {path}")


def _check_chain(frame: CommitFrame, head: Head | None) -> None:
    """Step 6. A legacy host says nothing of the tree before; then `since` alone decides."""
    if frame.since != (head.rev if head else None):
        raise RepoDesynchronized(Desync.SINCE_MISMATCH, f"follows {frame.since}, stored is {head and head.rev}")
    if frame.prev_data is not None and (head is None or frame.prev_data != head.data):
        raise RepoDesynchronized(Desync.PREV_DATA_MISMATCH, "follows another tree than the stored one")


def _records(
    changes: dict[str, _PathChange], blocks: BlockMap, collections: Mapping[str, Nsid]
) -> Iterator[RecordChange]:
    for path, change in changes.items():
        where = indexed_path(path, collections)
        if where is None:
            continue
        if change.after is None:
            yield RecordChange(where, None, None)
            continue
        try:
            yield RecordChange(where, change.after, blocks.get(change.after))
        except BlockInvalid as fault:
            raise RepoDesynchronized(Desync.RECORD_MISSING, f"{path}: {fault}") from fault


def _check_size(records: Iterable[RecordChange], limits: VerifyLimits) -> None:
    """Many paths may lead to one block, and each is stored with a copy of its own."""
    if sum(len(record.value or b"") for record in records) > limits.max_bytes:
        raise RepoDesynchronized(Desync.TOO_BIG, f"records of more than {limits.max_bytes} bytes")


def indexed_path(path: str, collections: Mapping[str, Nsid]) -> RecordPath | None:
    """Where a path of a repo is indexed; None when it is not. Its key is checked when it is stored."""
    collection, _, rkey = path.partition("/")
    name = collections.get(collection)
    return None if name is None else RecordPath(name, RecordKey(rkey))
