"""The closed lists of why an event has no effect, or costs a repo a fresh fetch.

Each value is a label of a metric and what `repo.last_error` shows; `docs/metrics.md` names them all. Sync 1.1, sync.md
section 2.
"""

from __future__ import annotations

from enum import StrEnum


class Rejection(StrEnum):
    """An event is dropped and counted; no state changes."""

    FRAME_INVALID = "frame_invalid"  # not two DAG-CBOR objects, or fields of the wrong kind
    FRAME_TOO_LARGE = "frame_too_large"  # larger than the stream's client takes
    DUPLICATE_SEQ = "duplicate_seq"  # a number that the stream has passed
    ACCOUNT_INACTIVE = "account_inactive"
    WRONG_HOST = "wrong_host"  # from a PDS that is not the account's current one
    NO_SIGNING_KEY = "no_signing_key"  # the DID document names none, so nothing can be proved
    REV_INVALID = "rev_invalid"  # rev or since is no TID
    REV_IN_FUTURE = "rev_in_future"
    REPLAY = "replay"  # a rev at or below the stored one
    CAR_INVALID = "car_invalid"
    ROOT_MISMATCH = "root_mismatch"  # the CAR's first root is not the event's commit
    BLOCK_INVALID = "block_invalid"  # the commit's block is absent or does not hash to its CID
    COMMIT_INVALID = "commit_invalid"  # not a commit object of version 3
    DID_MISMATCH = "did_mismatch"
    REV_MISMATCH = "rev_mismatch"
    SIGNATURE_INVALID = "signature_invalid"
    TREE_INVALID = "tree_invalid"  # of a fetched repo
    REPO_TOO_LARGE = "repo_too_large"  # what a fetched repo makes of shared blocks and prefixes is more than one may be
    NOT_INDEXED = "not_indexed"  # an unsigned source's record of a collection that is not indexed (any more)
    BUFFER_FULL = "buffer_full"  # too many events came while the repo could not be judged; it is fetched again


class Desync(StrEnum):
    """The stored state of a repo is not what it should be, or cannot be told from the event: it is fetched again.

    But for `record_mismatch` only a signed event shows that.
    """

    TOO_BIG = "too_big"  # the host left the changes out, or should have
    TOO_MANY_OPS = "too_many_ops"
    TREE_INVALID = "tree_invalid"
    TREE_INCOMPLETE = "tree_incomplete"  # blocks that the proof needs are absent
    OPS_MISMATCH = "ops_mismatch"  # an op says other than the new tree holds, or nothing that can be read
    RECORD_MISSING = "record_missing"  # the block of a created or updated record is absent or does not hash to its CID
    INVERSION_MISMATCH = "inversion_mismatch"
    PREV_DATA_MISMATCH = "prev_data_mismatch"
    SINCE_MISMATCH = "since_mismatch"
    SYNC_EVENT = "sync_event"  # #sync names a tree that is not the stored one
    RECORD_MISMATCH = "record_mismatch"  # an unsigned source's record is not what its CID names
    UNCONFIRMED = "unconfirmed"  # a signed event follows on what an unsigned source has told
    HOST_DIFFERS = "host_differs"  # its host, asked for the repo's head, names another one or none
    BUFFER_FULL = "buffer_full"
