"""What hosts say of the heads of their repos, against the heads that are stored.

A repo differs when its host has a newer rev, another commit under the same one, or does not give the repo out. What a
host has only had for a moment may still be on its way through the stream, so it gets a while to arrive. What differs
then is desynchronized: the sync workers fetch it, and find out about the account where there is nothing to fetch.
A host speaks for the accounts that live there now, and for no others. An older rev is no difference: the stream may
have overtaken the answer. Safe for many tasks at once.
Spec: com.atproto.sync.getLatestCommit, listRepos; sync.md section 6.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from indexer import metrics, states
from indexer.asking import Asker
from indexer.listing import Listed, read_page
from indexer.rejections import Desync
from protocol.cbor import CborInvalid, Cid
from protocol.fetch import FetchFailed
from protocol.syntax import Did, SyntaxInvalid, Tid
from runtime.db import Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class Latest(NamedTuple):
    """A repo's last rev and commit at its host."""

    rev: Tid
    commit: Cid


class Said(NamedTuple):
    """What a host says of one repo; `head` is None when it does not give it out."""

    did: Did
    head: Latest | None


class Page(NamedTuple):
    """A part of a host's listing, and where the next one begins."""

    said: list[Said]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """Seconds that a new commit has to arrive, repos of a page, and resyncs that one repo may cause in an hour."""

    grace: float
    page: int
    resyncs_per_hour: int


class Heads:
    """Asks hosts for heads, and compares."""

    def __init__(self, pool: Pool, asker: Asker, limits: HeadLimits, wake_sync: Callable[[], None]) -> None:
        self._pool = pool
        self._asker = asker
        self._limits = limits
        self._wake_sync = wake_sync

    def busy(self) -> list[str]:
        """The hosts that cannot be asked now."""
        return self._asker.busy()

    async def now(self) -> datetime:
        """The database's time: what is asked from now on is an answer to everything before."""
        return cast("datetime", await self._pool.fetchval(SQL["now"]))

    async def latest(self, origin: str, did: Did, until: float) -> Said:
        """The head of one repo. `until`: as for Asker. Raises HostAway."""
        try:
            answer = await self._asker.get_json(origin, "com.atproto.sync.getLatestCommit", {"did": did}, until)
        except FetchFailed:
            return Said(did, None)
        fields = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
        return Said(did, _head(fields.get("rev"), fields.get("cid")))

    async def page(self, origin: str, cursor: str | None, until: float) -> Page:
        """The heads of many repos. Raises HostAway, FetchFailed, PageInvalid."""
        params = {"limit": str(self._limits.page)} | ({} if cursor is None else {"cursor": cursor})
        page = read_page(await self._asker.get_json(origin, "com.atproto.sync.listRepos", params, until))
        return Page([_said(repo) for repo in page.repos], page.cursor)

    async def settle(self, origin: str, asked_at: datetime, said: Sequence[Said]) -> int:
        """Compare what a host has said of some repos, asked after `asked_at`; how many are to be fetched."""
        if not said:
            return 0
        by_did = {each.did: each for each in said}
        suspects = [
            by_did[Did(row["did"])]
            for row in await self._pool.fetch(SQL["judge"], *_columns(said), origin)
            if row["differs"]
        ]
        await asyncio.sleep(max((self._patience(each) for each in suspects), default=0.0))
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(SQL["judge"], *_columns(said), origin)
            different = {row["account_id"]: _reason(by_did[Did(row["did"])]) for row in rows if row["differs"]}
            await states.desynchronize(connection, different, self._limits.resyncs_per_hour)
            await connection.execute(SQL["mark"], [row["account_id"] for row in rows], asked_at)
        metrics.COMPARED.labels("same").inc(len(rows) - len(different))
        metrics.COMPARED.labels("different").inc(len(different))
        if different:
            self._wake_sync()
        return len(different)

    def _patience(self, said: Said) -> float:
        """Seconds in which the commit may still arrive through the stream."""
        if said.head is None:
            return 0.0
        age = (datetime.now(UTC) - said.head.rev.time).total_seconds()
        return min(self._limits.grace, max(0.0, self._limits.grace - age))


def _said(repo: Listed) -> Said:
    return Said(repo.did, _head(repo.said.get("rev"), repo.said.get("head")) if repo.active else None)


def _head(rev: object, commit: object) -> Latest | None:
    if not isinstance(rev, str) or not isinstance(commit, str):
        return None
    try:
        return Latest(Tid.parse(rev), Cid.parse(commit))
    except (SyntaxInvalid, CborInvalid):
        return None


def _columns(said: Sequence[Said]) -> tuple[list[str], list[str | None], list[bytes | None]]:
    heads = [each.head for each in said]
    return (
        [each.did for each in said],
        [head and head.rev for head in heads],
        [head and bytes(head.commit) for head in heads],
    )


def _reason(said: Said) -> str:
    detail = "its host does not give it out" if said.head is None else f"its host is at {said.head.rev}"
    return f"{Desync.HOST_DIFFERS}: {detail}"
