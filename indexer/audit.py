"""Compares repos, as their hosts have them, with the index, record by record.

A repo is fetched and verified as for a resync, and compared with what is stored at the same rev: what comes in between
moves the index's head, and then all is looked at again, so that live changes never show as differences. What differs
still is a finding: a record that is missing, another than the host's, not in the repo, or not the bytes that its CID
names; a head that is another; a repo that does not verify, or that the host says it does not have. Where what is
indexed comes from an unsigned source no head moves with it, and one that is merely newer at the host says nothing. A
repo that cannot be compared is named with the reason, and is no difference. Nothing is written. sync.md sections 2, 4.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

import asyncpg

from indexer.download import Downloads, bounds
from indexer.examiner import Examined, Examiner, ExaminerDied, SpoolFailed
from indexer.host_status import STATUS_OF_ERROR
from indexer.hosts import Hosts
from indexer.repo_diff import Question
from indexer.resync import SPOOL_FOLDER, host_limits, repo_limits
from indexer.stages import VerifiedCommit
from indexer.verify import Head, Rejected, VerifyLimits
from protocol.cbor import Cid
from protocol.fetch import Fetcher, FetchFailed, XrpcError
from protocol.syntax import Did, Tid
from runtime.db import Pool
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)

# Accounts read at once from a list of all.
PAGE = 500

Kind: TypeAlias = Literal["missing", "different", "extra", "corrupt", "head", "refused", "status"]


class HostFull(Exception):
    """The host has had no room for us for too long."""


class Subject(NamedTuple):
    """Whose repo is to be compared; `account_id` is None for one that is not indexed."""

    account_id: int | None
    did: Did


class Finding(NamedTuple):
    """One difference: at a path, or ('') of the whole repo; what is stored, and what the host holds."""

    kind: Kind
    path: str
    stored: str
    held: str


@dataclass(slots=True)
class Report:
    """What was found of one repo. `unchecked`: why it could not be compared. `set_aside`: records not kept, knowingly.

    `counts` has all findings, `findings` the first of them.
    """

    subject: Subject
    origin: str = ""
    state: str = ""
    unchecked: str = ""
    set_aside: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def differs(self) -> bool:
        return not self.unchecked and bool(self.counts)


class _Standing(NamedTuple):
    """`unsigned`: what has come since the head was verified is not signed, as far as it was followed in this repo."""

    why_not: str
    state: str
    head: Head | None
    commit: Cid | None
    unsigned: bool
    followed: str | None
    pds: str
    key: str

    def moved_on(self, before: _Standing) -> bool:
        return (self.head, self.followed) != (before.head, before.followed)

    def may_trail(self, head: Head) -> bool:
        """Whether the host may well be there, though nothing that is indexed has changed."""
        return self.unsigned and self.head is not None and self.head.rev < head.rev


class _Look(NamedTuple):
    """One comparison. `settled`: another look would say the same; `moving`: the index changed under it."""

    report: Report
    settled: bool
    moving: bool = False


class Auditor:
    """Compares repos, several at once. `tries`: looks at a repo that differs, one suffices when nobody is indexing."""

    def __init__(self, settings: Settings, pool: Pool, fetcher: Fetcher, limits: VerifyLimits, tries: int) -> None:
        self._settings = settings
        self._pool = pool
        self._tries = tries
        self._limits = repo_limits(settings, limits)
        self._hosts = Hosts(host_limits(settings))
        self._downloads = Downloads(fetcher, self._hosts, bounds(settings), settings.sync_workers)
        self._examiner = Examiner(settings.data_dir / SPOOL_FOLDER, settings.sync_processes)

    async def run(self, subjects: AsyncIterator[Subject], report: Callable[[Report], None]) -> None:
        """Compare all of them, and report each."""
        room = asyncio.Semaphore(self._settings.sync_workers)

        async def one(subject: Subject) -> None:
            try:
                report(await self._check(subject))
            finally:
                room.release()

        async with self._examiner, asyncio.TaskGroup() as group:
            async for subject in subjects:
                await room.acquire()
                group.create_task(one(subject))

    async def _check(self, subject: Subject) -> Report:
        if subject.account_id is None:
            return Report(subject, unchecked="nothing of it is indexed")
        look = await self._look(subject, subject.account_id)
        for _ in range(self._tries - 1):
            if look.settled:
                return look.report
            await asyncio.sleep(self._settings.verify_pause)
            look = await self._look(subject, subject.account_id)
        if look.moving and not look.settled:
            look.report.unchecked = "it changes all the time"
        return look.report

    async def _look(self, subject: Subject, account_id: int) -> _Look:
        before = await self._standing(account_id)
        report = Report(subject, before.pds, before.state, before.why_not)
        if before.why_not:
            return _Look(report, settled=True)
        try:
            found = await self._compare(report, account_id, before)
        except XrpcError as fault:
            if fault.name in STATUS_OF_ERROR:
                self._add(report, Finding("status", "", "active", fault.name))
            else:
                report.unchecked = str(fault)
            return _Look(report, settled=False)
        except (FetchFailed, ExaminerDied, SpoolFailed, HostFull) as fault:
            report.unchecked = str(fault) or type(fault).__name__
            return _Look(report, settled=True)
        await self._add_corrupt(report, account_id)
        after = await self._standing(account_id)
        moving, agrees = after.moved_on(before), found == after.head
        if found is not None and not agrees:
            agrees = after.may_trail(found) and not report.counts
            if not agrees:
                self._add(report, Finding("head", "", _head(after.head), _head(found)))
        return _Look(report, settled=agrees and not moving, moving=moving)

    async def _standing(self, account_id: int) -> _Standing:
        row = await self._pool.fetchrow(SQL["standing"], account_id)
        assert row is not None
        why_not = ""
        if not row["active"]:
            why_not = f"the account is {'deleted' if row['deleted'] else row['status'] or 'not active'}"
        elif row["pds"] is None or row["signing_key"] is None:
            why_not = "its DID document is not known, or names no PDS or signing key"
        head = None if row["rev"] is None else Head(Tid(row["rev"]), Cid(row["data"]))
        return _Standing(
            why_not=why_not,
            state=row["state"],
            head=head,
            commit=row["commit"] and Cid(row["commit"]),
            unsigned=row["unsigned"],
            followed=row["unsigned_rev"],
            pds=row["pds"] or "",
            key=row["signing_key"] or "",
        )

    async def _compare(self, report: Report, account_id: int, standing: _Standing) -> Head | None:
        """Add what differs to the report; gives the head at the host.

        Raises FetchFailed, ExaminerDied, SpoolFailed, HostFull.
        """
        did = report.subject.did
        with self._examiner.spool() as spool:
            async with self._place_at(standing.pds):
                await self._downloads.download(standing.pds, did, spool)
            # The stored head is compared here, not judged by: a host that is behind us is a finding.
            most, now = self._settings.record_max_bytes, datetime.now(UTC)
            question = Question(did, standing.key, None, standing.commit, self._limits, most, now)
            async with self._examiner.examine(self._pool, account_id, question, spool) as found:
                if isinstance(found, Rejected):
                    self._add(report, Finding("refused", "", "", f"{found.reason}: {found.detail}"))
                    return None
                await self._add_differences(report, account_id, found)
                return Head(found.head.rev, found.head.data)

    @asynccontextmanager
    async def _place_at(self, origin: str) -> AsyncGenerator[None]:
        """A place for one request at a host, as soon as it has room. Raises HostFull."""
        try:
            async with asyncio.timeout(self._settings.repo_timeout):
                while not self._hosts.reserve(origin):
                    poll = self._settings.sync_poll
                    await asyncio.sleep(min(self._hosts.soonest() or poll, poll))
        except TimeoutError:
            raise HostFull(f"{origin} has had no room for {self._settings.repo_timeout:g} s") from None
        try:
            yield
        finally:
            self._hosts.release(origin)

    async def _add_differences(self, report: Report, account_id: int, found: Examined) -> None:
        async for commit in found.commits:
            await self._add_commit(report, account_id, commit)

    async def _add_commit(self, report: Report, account_id: int, commit: VerifiedCommit) -> None:
        """A commit that would make the stored records those of the repo says how the two differ."""
        paths = [change.path for change in commit.changes]
        rows = await self._pool.fetch(SQL["stored_at"], account_id, *_columns(paths))
        stored = {(row["collection"], row["rkey"]): str(Cid(row["cid"])) for row in rows}
        texts = [f"{path.collection}/{path.rkey}" for path in paths]
        aside = {path for (path,) in await self._pool.fetch(SQL["set_aside_at"], commit.did, texts)}
        for change, text in zip(commit.changes, texts, strict=True):
            ours, theirs = stored.get(change.path, ""), "" if change.cid is None else str(change.cid)
            if text in aside and not ours:
                report.set_aside += 1
            elif ours != theirs:
                kind: Kind = "extra" if not theirs else "different" if ours else "missing"
                self._add(report, Finding(kind, text, ours, theirs))

    async def _add_corrupt(self, report: Report, account_id: int) -> None:
        for row in await self._pool.fetch(SQL["corrupt"], account_id, self._settings.verify_findings):
            path = f"{row['collection']}/{row['rkey']}"
            self._add(report, Finding("corrupt", path, str(Cid(row["cid"])), f"its bytes: {Cid(row['actual'])}"))

    def _add(self, report: Report, finding: Finding) -> None:
        report.counts[finding.kind] += 1
        if len(report.findings) < self._settings.verify_findings:
            report.findings.append(finding)


async def everybody(pool: Pool) -> AsyncIterator[Subject]:
    """Every account that is active."""
    last = 0
    while rows := await pool.fetch(SQL["subjects_after"], last, PAGE):
        for row in rows:
            yield _subject(row)
        last = rows[-1]["id"]


async def some(pool: Pool, number: int) -> AsyncIterator[Subject]:
    """So many of them, by chance."""
    for row in await pool.fetch(SQL["sample"], number):
        yield _subject(row)


async def named(pool: Pool, dids: Sequence[Did]) -> AsyncIterator[Subject]:
    """Those of these DIDs, indexed or not."""
    for did in dids:
        row = await pool.fetchrow(SQL["subject"], did)
        yield Subject(None, did) if row is None else _subject(row)


async def count_everybody(pool: Pool) -> int:
    """How many accounts `everybody` gives."""
    return await pool.fetchval(SQL["count_subjects"])


def _subject(row: asyncpg.Record) -> Subject:
    return Subject(row["id"], Did(row["did"]))


def _columns(paths: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [collection for collection, _ in paths], [rkey for _, rkey in paths]


def _head(head: Head | None) -> str:
    return "never fetched" if head is None else f"{head.rev} {head.data}"
