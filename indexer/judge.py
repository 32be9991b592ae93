"""One event of the stream against the state of its repo -> what to do with it.

What verify.py cannot know: whether the account is active, whether the event comes from a host that may speak for it,
and whether it can be judged yet. An event that cannot waits in `buffered_event`, so that the stream never waits for a
network call. Pure but for a bounded cache of parsed keys. sync.md sections 2 and 5.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from indexer.rejections import Desync, Rejection
from indexer.stages import CommitFrame, RecordFrame, RepoFrame, SyncFrame, UnsignedCommit, VerifiedCommit
from indexer.states import RepoState
from indexer.unsigned import judge_claim
from indexer.verify import (
    Desynchronized,
    NewRev,
    Rejected,
    VerifyLimits,
    check_signature,
    verify_commit,
    verify_sync,
)
from protocol.crypto import PublicKey


class Source(NamedTuple):
    """Where frames come from: the origin of a relay, which speaks for everybody, or of a PDS, for its own accounts.

    One that is not signed is a Jetstream: it speaks for everybody, and its frames are JSON.
    """

    origin: str
    is_pds: bool
    signed: bool = True


def source_of(origin: str, kind: str | None) -> Source:
    """The source of which `source_cursor` has this kind; None: it is not there any more, and taken for a relay."""
    return Source(origin, is_pds=kind == "pds", signed=kind != "jetstream")


class Arrival(NamedTuple):
    """A frame that concerns us, as it came."""

    frame: RepoFrame
    raw: bytes
    received_at: datetime


class Hold(NamedTuple):
    """The event can't be judged yet. `doubt`: for what it would be rejected if key and PDS of the account are those
    that we know.

    `hastens`: the account has signed it, and the repo, which could not be fetched, may be fetched now.
    """

    doubt: Rejection | None = None
    hastens: bool = False


Verdict: TypeAlias = VerifiedCommit | UnsignedCommit | NewRev | Rejected | Desynchronized | Hold


class Judge:
    """Judges commits, `#sync`s and an unsigned source's records. Safe for many tasks at once."""

    def __init__(self, limits: VerifyLimits, key_cache: int) -> None:
        self._limits = limits
        self._key = lru_cache(key_cache)(PublicKey.from_did_key)

    def judge(self, arrival: Arrival, state: RepoState, source: Source, now: datetime) -> Verdict:
        """The verdict on a live event, behind whatever waits for the same repo."""
        frame = arrival.frame
        assert isinstance(frame, CommitFrame | SyncFrame | RecordFrame)
        if not state.active:
            return Rejected(Rejection.ACCOUNT_INACTIVE, "its events are not applied")
        if state.head is not None and frame.rev <= state.head.rev:
            return Rejected(Rejection.REPLAY, f"{frame.rev} is not above {state.head.rev}")
        if not state.settled or state.buffered:
            return self._waiting(arrival, state, source, now)
        return self.judge_next(arrival, state, source, now)

    def _waiting(self, arrival: Arrival, state: RepoState, source: Source, now: datetime) -> Hold:
        """Why an event has to wait; what the account itself says of a repo that could not be fetched has it fetched.

        It may be its first word under a new key: until then its host has the last commit of the key before.
        """
        frame = arrival.frame
        if not isinstance(frame, CommitFrame | SyncFrame):
            return Hold()
        if state.state != "error" or state.stale or state.key is None or not speaks_for(source, state):
            return Hold()
        fault = check_signature(frame, self._key(state.key), self._limits, now)
        is_doubtful = fault is not None and fault.reason in _KEY_FAULTS and may_be_outdated(arrival, state)
        return Hold(fault.reason if fault and is_doubtful else None, hastens=fault is None)

    def judge_next(self, arrival: Arrival, state: RepoState, source: Source, now: datetime) -> Verdict:
        """The verdict on an event before which nothing waits, of an active account that is settled."""
        frame = arrival.frame
        if not speaks_for(source, state):
            if may_be_outdated(arrival, state):
                return Hold(Rejection.WRONG_HOST)
            return Rejected(Rejection.WRONG_HOST, f"{source.origin} is not its PDS")
        if state.key is None or state.pds is None:
            verdict: Verdict = Rejected(Rejection.NO_SIGNING_KEY, "its DID document has no key, or no host")
        elif isinstance(frame, RecordFrame):
            verdict = judge_claim(frame, state.head, state.unsigned_rev, self._limits, now)
        elif isinstance(frame, CommitFrame):
            verdict = verify_commit(frame, state.head, self._key(state.key), self._limits, now)
        else:
            assert isinstance(frame, SyncFrame)
            verdict = verify_sync(frame, state.head, self._key(state.key), self._limits, now)
        if isinstance(verdict, Rejected) and verdict.reason in _KEY_FAULTS and may_be_outdated(arrival, state):
            return Hold(verdict.reason)
        if isinstance(verdict, VerifiedCommit | NewRev) and state.unsigned_rev is not None:
            return Desynchronized(Desync.UNCONFIRMED, f"an unsigned source told of {state.unsigned_rev} before")
        return verdict


_KEY_FAULTS = (Rejection.SIGNATURE_INVALID, Rejection.NO_SIGNING_KEY)


def may_be_outdated(arrival: Arrival, state: RepoState) -> bool:
    """Whether the DID document may have been replaced between the last resolution and the event."""
    return state.resolved_at is None or state.resolved_at < arrival.received_at


def speaks_for(source: Source, state: RepoState) -> bool:
    """Whether what the source says of the account counts: a relay's word does, a PDS's only for who lives there."""
    return not source.is_pds or (state.pds is not None and _host(state.pds) == _host(source.origin))


def _host(origin: str) -> tuple[str, int | None]:
    parts = urlsplit(origin)
    name = parts.hostname or ""
    port = parts.port or {"https": 443, "wss": 443, "http": 80, "ws": 80}.get(parts.scheme)
    return ("localhost" if name in ("127.0.0.1", "::1") else name), port
