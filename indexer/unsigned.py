"""An event of an unsigned source against the state of its repo -> an unsigned commit, or the name of what is wrong.

Nothing proves such an event, so what it leads to is marked, moves no verified head, and is confirmed by the account's
host afterwards (confirmation.py). Checked is what can be: the rev goes on, or is that of the event before, since each
record that a commit changes is an event of its own; and the record is what its CID names. One that is not costs a
fetch of the repo, within the bound of all such fetches: the source writes records as JSON, in which not every one can
be told. Pure. Spec: network.bsky.jetstream.subscribeEvents; sync.md section 2, as far as it applies.
"""

from __future__ import annotations

from datetime import datetime

from indexer.rejections import Desync, Rejection
from indexer.stages import RecordChange, RecordFrame, UnsignedCommit
from indexer.verify import Desynchronized, EventRejected, Head, Rejected, VerifyLimits, check_rev, indexed_path
from protocol.cbor import Cid
from protocol.syntax import Tid


def judge_claim(
    frame: RecordFrame, head: Head | None, followed: Tid | None, limits: VerifyLimits, now: datetime
) -> UnsignedCommit | Rejected | Desynchronized:
    """Judge an event of a repo whose verified head is `head`, and in which the source was followed up to `followed`."""
    try:
        check_rev(frame.rev, head, limits, now)
    except EventRejected as fault:
        return fault.outcome
    if followed is not None and frame.rev < followed:
        return Rejected(Rejection.REPLAY, f"{frame.rev} is below {followed}")
    where = indexed_path(frame.path, limits.collections)
    if where is None:
        return Rejected(Rejection.NOT_INDEXED, frame.path)
    if frame.fault is not None:
        return Desynchronized(Desync.RECORD_MISMATCH, f"{frame.path}: {frame.fault}")
    if frame.value is not None and Cid.of_block(frame.value) != frame.cid:
        return Desynchronized(Desync.RECORD_MISMATCH, f"{frame.path} is not what its CID names")
    return UnsignedCommit(frame.did, frame.rev, (RecordChange(where, frame.cid, frame.value),))
