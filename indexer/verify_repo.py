"""A fetched repo, its account's key and the stored head -> a verified repo, or the name of what is wrong.

The same rules as for a live commit (verify.py), with the whole tree walked, ordered and bounded in place of the
inversion. Holds all blocks in memory; a repo of many records takes seconds, so it is run outside of the event loop.
Pure. Spec: https://atproto.com/specs/repository; sync.md section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from indexer.rejections import Rejection
from indexer.stages import RecordChange, RecordPath, VerifiedCommit
from indexer.verify import EventRejected, Head, Rejected, VerifyLimits, check_commit, check_rev, indexed_path
from protocol.car import BlockInvalid, BlockMap, Car
from protocol.cbor import Cid
from protocol.crypto import PublicKey
from protocol.mst import Tree, TreeIncomplete, TreeInvalid
from protocol.syntax import Did, Tid


@dataclass(frozen=True, slots=True)
class VerifiedRepo:
    """A whole repo whose signature and tree were verified; `records` are those of the indexed collections."""

    did: Did
    rev: Tid
    data: Cid
    cid: Cid
    records: Mapping[RecordPath, Cid]
    blocks: BlockMap

    @property
    def head(self) -> Head:
        return Head(self.rev, self.data, self.cid)

    def change(self, path: RecordPath) -> RecordChange:
        """What the repo holds at one path of `records`. Raises BlockInvalid for a block that is absent or altered."""
        cid = self.records[path]
        return RecordChange(path, cid, self.blocks.get(cid))

    def commit(self, changes: Iterable[RecordChange]) -> VerifiedCommit:
        """A part of the repo, ready to be applied; for paths that the repo does not hold the change says gone."""
        return VerifiedCommit(self.did, self.rev, self.data, self.cid, tuple(changes))


def verify_repo(  # noqa: PLR0913, PLR0917 - all that the verdict depends on
    did: Did, car: Car, head: Head | None, known: Cid | None, key: PublicKey, limits: VerifyLimits, now: datetime
) -> VerifiedRepo | Rejected:
    """Judge a fetched repo. Its rev may be the head's, not below it; no head: it may be any.

    The commit that is `known`, verified before, needs no signature by the key of today: an account that has moved, and
    has not written since, has at its new host the last commit of the old one, under the key of then.
    """
    try:
        signed = check_commit(did, car.roots[0], car.blocks, None if car.roots[0] == known else key)
        if head is None or signed.rev != head.rev:
            check_rev(signed.rev, head, limits, now)
        records = _records(Tree(signed.data, car.blocks, limits.tree), limits)
    except EventRejected as fault:
        return fault.outcome
    return VerifiedRepo(did, signed.rev, signed.data, signed.cid, records, car.blocks)


def _records(tree: Tree, limits: VerifyLimits) -> dict[RecordPath, Cid]:
    """A tree writes of each path only what is new in it: all of them together may be as large as a repo, no larger."""
    records: dict[RecordPath, Cid] = {}
    size = 0
    try:
        for path, cid in tree.walk():
            where = indexed_path(path, limits.collections)
            if where is not None:
                records[where] = cid
                size += len(path)
                if size > limits.max_bytes:
                    raise EventRejected(Rejection.REPO_TOO_LARGE, f"more than {limits.max_bytes} bytes of paths")
    except (TreeInvalid, TreeIncomplete, BlockInvalid) as fault:
        raise EventRejected(Rejection.TREE_INVALID, str(fault)) from fault
    return records
