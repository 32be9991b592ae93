"""What the events of one transaction do: gathered in order, written in sets.

Both the live stream (pipeline.py) and what waited for a repo (buffer.py) go through here, so that an event has one
meaning. The caller has locked the repos' rows (states.lock), commits, and then reports: nothing is counted that was
rolled back. An `#account` ends a set, because what it does to an account comes after what its earlier commits did.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeAlias

from indexer import metrics, states
from indexer.apply import Applied, Applier, set_heads
from indexer.judge import Arrival, Hold, Judge, Source, Verdict, may_be_outdated, speaks_for
from indexer.rejections import Desync, Rejection
from indexer.reports import FRAGMENTS, LARGEST
from indexer.stages import AccountFrame, IdentityFrame, RepoFrame, UnsignedCommit, VerifiedCommit
from indexer.states import Pace, RepoState
from indexer.verify import Desynchronized, Head, NewRev, Rejected
from protocol.syntax import Tid
from protocol.text import pg_text
from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__, FRAGMENTS)

# Judging a commit takes 0.1 ms: the event loop gets its turn after so many seconds of it.
BREATH = 0.003
# So much of a commit, all of it small changes, takes about as long; a larger one is judged beside the loop.
LARGE_BYTES = 32_768

_Judging: TypeAlias = Callable[[Arrival, RepoState, Source, datetime], Verdict]
SetStatus: TypeAlias = Callable[[Connection, int, bool, str | None, datetime, Pace], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rules:
    """How events are judged and written, and how much may wait for one repo."""

    judge: Judge
    applier: Applier
    set_status: SetStatus
    buffered_events: int
    buffered_bytes: int
    pace: Pace


class _Held(NamedTuple):
    account_id: int
    source: Source
    arrival: Arrival


@dataclass(slots=True)
class _Gathered:
    applied: list[Applied] = field(default_factory=list[Applied])
    heads: dict[int, Head] = field(default_factory=dict[int, Head])
    unsigned: dict[int, Tid] = field(default_factory=dict[int, Tid])
    held: list[_Held] = field(default_factory=list[_Held])
    overflowed: list[int] = field(default_factory=list[int])
    desynchronized: dict[int, str] = field(default_factory=dict[int, str])
    stale: list[int] = field(default_factory=list[int])
    doubted: list[int] = field(default_factory=list[int])
    hastened: list[int] = field(default_factory=list[int])
    asked: list[int] = field(default_factory=list[int])
    writing: list[int] = field(default_factory=list[int])
    errors: dict[int, str] = field(default_factory=dict[int, str])


class Effects:
    """The effects of one transaction's events. Belongs to one task."""

    def __init__(self, rules: Rules, connection: Connection, repos: dict[str, RepoState], now: datetime) -> None:
        self.repos = repos
        self.wants_sync = False
        self.wants_identity = False
        self._rules = rules
        self._connection = connection
        self._now = now
        self._gathered = _Gathered()
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._breathed = asyncio.get_running_loop().time()

    async def take(self, arrival: Arrival, source: Source) -> None:
        """A live event of a repo of `repos`: it has its effect, or waits for its turn."""
        await self._breathe()
        frame = arrival.frame
        state = self.repos[frame.did]
        if isinstance(frame, IdentityFrame):
            self._doc_changed(state)
        elif isinstance(frame, AccountFrame):
            if _may_have_left(frame, arrival, state, source):
                self._doubt(state, Rejection.WRONG_HOST)
            if source.is_pds and state.stale:
                self._hold_report(arrival, state, source)
            else:
                await self._account(frame, arrival, state, source)
        else:
            verdict = await self._judged(self._rules.judge.judge, arrival, state, source)
            if isinstance(verdict, Hold):
                self._hold(arrival, state, source, verdict)
            else:
                self._carry_out(verdict, frame, state, source)

    async def take_next(self, arrival: Arrival, source: Source) -> bool:
        """An event that waited: the next of a settled repo, the next report of another. False: it goes on waiting, and
        all behind it."""
        await self._breathe()
        frame = arrival.frame
        state = self.repos[frame.did]
        if isinstance(frame, AccountFrame):
            await self._account(frame, arrival, state, source)
            return True
        verdict = await self._judged(self._rules.judge.judge_next, arrival, state, source)
        if isinstance(verdict, Hold):
            assert verdict.doubt is not None
            self._doubt(state, verdict.doubt)
            return False
        self._carry_out(verdict, frame, state, source)
        return True

    async def _judged(self, judge: _Judging, arrival: Arrival, state: RepoState, source: Source) -> Verdict:
        if len(arrival.raw) > LARGE_BYTES:
            return await asyncio.to_thread(judge, arrival, state, source, self._now)
        return judge(arrival, state, source, self._now)

    async def flush(self) -> None:
        """Write what was gathered."""
        gathered, self._gathered = self._gathered, _Gathered()
        connection, rules = self._connection, self._rules
        await rules.applier.write(connection, gathered.applied, self._now)
        await set_heads(connection, gathered.heads)
        await states.note_unsigned(connection, gathered.unsigned)
        if gathered.overflowed:
            await clear_buffers(connection, gathered.overflowed)
        await _insert_held(connection, gathered.held)
        await states.note_errors(connection, gathered.errors)
        await states.desynchronize(connection, gathered.desynchronized, rules.pace.resyncs_per_hour)
        await states.hasten(connection, gathered.hastened, rules.pace.resyncs_per_hour)
        await states.ask_hosts(connection, gathered.asked)
        await states.wonder(connection, gathered.writing, rules.pace.refresh_pause)
        await states.doubt_keys(connection, gathered.doubted, rules.pace.refresh_pause)
        await states.mark_stale(connection, gathered.stale, rules.pace.refresh_pause)

    def report(self) -> None:
        """Count what happened; after the commit."""
        for (outcome, reason), count in self._outcomes.items():
            metrics.EVENTS.labels(outcome, reason).inc(count)

    def _carry_out(self, verdict: Verdict, frame: RepoFrame, state: RepoState, source: Source) -> None:
        match verdict:
            case VerifiedCommit():
                self._gathered.applied.append(Applied(state.account_id, verdict, source.origin, frame.seq))
                self._move(state, Head(verdict.rev, verdict.data, verdict.cid), "applied")
            case UnsignedCommit(rev=rev):
                self._gathered.applied.append(Applied(state.account_id, verdict, source.origin, frame.seq))
                self._gathered.unsigned[state.account_id] = state.unsigned_rev = rev
                self._outcomes["unsigned", ""] += 1
            case NewRev(rev, commit):
                assert state.head is not None
                self._move(state, Head(rev, state.head.data, commit), "sync")
            case Rejected(reason, detail):
                self._outcomes["rejected", reason] += 1
                if reason is Rejection.ACCOUNT_INACTIVE and speaks_for(source, state):
                    self._gathered.writing.append(state.account_id)
                if reason is not Rejection.REPLAY:  # which is nobody's fault
                    self._gathered.errors[state.account_id] = pg_text(f"{reason}: {detail}")
            case Desynchronized(reason, detail):
                self._outcomes["desynchronized", reason] += 1
                self._desynchronize(state, f"{reason}: {detail}")
            case Hold():
                raise AssertionError("an event that waits has no effect yet")

    def _move(self, state: RepoState, head: Head, outcome: str) -> None:
        state.head = head
        self._gathered.heads[state.account_id] = head
        self._gathered.errors.pop(state.account_id, None)
        self._outcomes[outcome, ""] += 1

    def _desynchronize(self, state: RepoState, reason: str) -> None:
        state.state = "desynchronized"
        self._gathered.desynchronized[state.account_id] = pg_text(reason)
        self.wants_sync = True

    def _doc_changed(self, state: RepoState) -> None:
        self._outcomes["identity", ""] += 1
        self._gathered.stale.append(state.account_id)
        state.stale = True
        self.wants_identity = True

    def _doubt(self, state: RepoState, reason: Rejection) -> None:
        self._outcomes["doubted", reason] += 1
        self._gathered.doubted.append(state.account_id)
        state.stale = True
        self.wants_identity = True

    async def _account(self, frame: AccountFrame, arrival: Arrival, state: RepoState, source: Source) -> None:
        if not speaks_for(source, state):
            self._outcomes["rejected", Rejection.WRONG_HOST] += 1
            return
        await self.flush()
        self._outcomes["account", ""] += 1
        at, rules = frame.time or arrival.received_at, self._rules
        report = frame.active, frame.status, at
        await rules.set_status(self._connection, state.account_id, *report, rules.pace)
        self.repos.update(await states.lock(self._connection, [frame.did]))
        self.wants_sync = self.wants_sync or frame.active
        self.wants_identity = True

    def _hold_report(self, arrival: Arrival, state: RepoState, source: Source) -> None:
        """Whether the PDS may speak for the account is not known now; of one that is not active nothing waits."""
        if state.active:
            self._hold(arrival, state, source, Hold())
        else:
            self._outcomes["account", "asked"] += 1
            self._gathered.asked.append(state.account_id)

    def _hold(self, arrival: Arrival, state: RepoState, source: Source, hold: Hold) -> None:
        if hold.doubt is not None:
            self._doubt(state, hold.doubt)
        if hold.hastens:
            self._gathered.hastened.append(state.account_id)
            self.wants_sync = True
        rules = self._rules
        state.buffered += 1
        state.buffered_bytes += len(arrival.raw)
        self._gathered.held.append(_Held(state.account_id, source, arrival))
        if state.buffered > rules.buffered_events or state.buffered_bytes > rules.buffered_bytes:
            self._overflow(state)
        else:
            self._outcomes["held", ""] += 1

    def _overflow(self, state: RepoState) -> None:
        """Forget all that waits, but for the last report: the repo is fetched (again) after this, and then has it."""
        mine = [held for held in self._gathered.held if held.account_id == state.account_id]
        kept = [held for held in mine if _is_to_be_kept(held.arrival)][-1:]
        self._gathered.held = [held for held in self._gathered.held if held.account_id != state.account_id] + kept
        self._gathered.overflowed.append(state.account_id)
        self._outcomes["rejected", Rejection.BUFFER_FULL] += state.buffered - len(kept)
        state.buffered, state.buffered_bytes = len(kept), sum(len(held.arrival.raw) for held in kept)
        if state.state == "synced":
            self._desynchronize(state, f"{Desync.BUFFER_FULL}: too much waited for its identity")

    async def _breathe(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self._breathed > BREATH:
            await asyncio.sleep(0)
            self._breathed = loop.time()


def _may_have_left(frame: AccountFrame, arrival: Arrival, state: RepoState, source: Source) -> bool:
    """Whether a PDS closes an account that may live elsewhere by now: where it lives was last asked before that."""
    if not source.is_pds or frame.active or not state.active:
        return False
    return speaks_for(source, state) and may_be_outdated(arrival, state)


def _is_to_be_kept(arrival: Arrival) -> bool:
    return isinstance(arrival.frame, AccountFrame) and len(arrival.raw) <= LARGEST


async def clear_buffers(connection: Connection, account_ids: Sequence[int]) -> None:
    """Forget what waits for these repos, whose rows are locked: each is fetched after this. What was last reported of
    their accounts is kept, for that does not come with a repo."""
    await connection.execute(SQL["clear_buffers"], account_ids, LARGEST)


async def _insert_held(connection: Connection, held: list[_Held]) -> None:
    if held:
        await connection.execute(
            SQL["insert_held"],
            [each.account_id for each in held],
            [each.source.origin for each in held],
            [each.arrival.frame.seq for each in held],
            [each.arrival.raw for each in held],
            [each.arrival.received_at for each in held],
        )
