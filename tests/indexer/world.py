"""A pipeline on a real database, with frames put into its inbox by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from indexer import frames
from indexer.accounts import set_status
from indexer.apply import Applier
from indexer.effects import Rules
from indexer.inbox import Inbox, Position
from indexer.judge import Arrival, Judge, Source
from indexer.namespaces import tracking, wire_names
from indexer.pipeline import BatchLimits, Pipeline
from indexer.stages import ErrorFrame, InfoFrame
from indexer.states import Pace
from indexer.tracked import Tracked
from indexer.verify import VerifyLimits
from protocol.crypto import PrivateKey
from protocol.mst import TreeLimits
from runtime.db import Pool
from runtime.settings import RECORD_COLLECTIONS

from .repos import RELAY, Repo, frame, record

THE_RELAY = Source(RELAY, is_pds=False)
POST = "app.bsky.feed.post/3kaaaaaaaaa2c"
TREE = TreeLimits(max_depth=64, max_nodes=10_000, max_entries=10_000)


def rules(
    *,
    namespace: str = "fm.plyr",
    buffered_events: int = 50,
    buffered_bytes: int = 10_000_000,
    record_max_bytes: int = 1_048_576,
) -> Rules:
    names = wire_names(RECORD_COLLECTIONS, namespace)
    limits = VerifyLimits(names, 1_000, 5_000_000, 200, TREE, timedelta(minutes=5))
    return Rules(
        judge=Judge(limits, 100),
        applier=Applier(
            RECORD_COLLECTIONS, namespace=namespace, record_max_bytes=record_max_bytes, dead_letter_max=100
        ),
        set_status=set_status,
        buffered_events=buffered_events,
        buffered_bytes=buffered_bytes,
        pace=Pace(resyncs_per_hour=3, refresh_pause=10.0),
    )


@dataclass
class World:
    """One source, its inbox and the pipeline behind it."""

    pool: Pool
    inbox: Inbox
    pipeline: Pipeline
    rules: Rules
    tracked: Tracked
    wakes: list[str]
    seq: int = 0

    @classmethod
    async def make(
        cls, pool: Pool, *, source: Source = THE_RELAY, events: int = 500, judging: float = 10.0, **options: Any
    ) -> World:
        inbox = Inbox(10_000, 100_000_000)
        await inbox.attach(source, Position(0, None))
        kind = "pds" if source.is_pds else "relay"
        await pool.execute(
            "INSERT INTO source_cursor (source, seq, kind) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
            source.origin,
            kind,
        )
        made, tracked, wakes = rules(**options), Tracked(), list[str]()
        pipeline = Pipeline(
            pool,
            inbox,
            made,
            tracked=tracked,
            tracking=tracking(wire_names(RECORD_COLLECTIONS, options.get("namespace", "fm.plyr"))),
            limits=BatchLimits(events, judging, judging, 1.0, 1.0),
            wake_sync=lambda: wakes.append("sync"),
            wake_identity=lambda: wakes.append("identity"),
        )
        return cls(pool, inbox, pipeline, made, tracked, wakes)

    def put(self, kind: str, body: dict[str, Any], *, received_at: datetime | None = None) -> None:
        self.seq += 1
        raw = frame(kind, body | {"seq": self.seq})
        decoded = frames.decode(raw)
        assert not isinstance(decoded, InfoFrame | ErrorFrame)
        self.inbox.put(Arrival(decoded, raw, received_at or datetime.now(UTC)), Position(self.seq, body.get("time")))

    def commit(self, *bodies: dict[str, Any]) -> None:
        for body in bodies:
            self.put("#commit", body)

    def account(self, did: str, *, active: bool, **fields: Any) -> None:
        self.put("#account", {"did": did, "active": active} | fields)

    async def write(self) -> None:
        while len(self.inbox):
            await self.pipeline.write_batch()

    async def until_written(self) -> None:
        """Let the running pipeline write all that waits."""
        source = self.inbox.source
        assert source is not None
        async with asyncio.timeout(30):
            await self.inbox.attach(source, self.inbox.position)

    async def settle(self, repo: Repo, *, pds: str = "https://pds.test", records: Sequence[Any] = ()) -> int:
        """The account, its identity resolved and its repo synced, as a sync leaves them."""
        account_id = await self.pool.fetchval(
            "INSERT INTO account (did) VALUES ($1) ON CONFLICT (did) DO UPDATE SET did = EXCLUDED.did RETURNING id",
            repo.did,
        )
        await self.pool.execute(
            """INSERT INTO identity (account_id, pds, signing_key, resolved_at, stale) VALUES ($1, $2, $3, now(), false)
            ON CONFLICT (account_id) DO UPDATE SET pds = $2, signing_key = $3, resolved_at = now(), stale = false""",
            account_id,
            pds,
            repo.key.public.did_key(),
        )
        await self.pool.execute(
            """INSERT INTO repo (account_id, state, rev, data) VALUES ($1, 'synced', $2, $3)
            ON CONFLICT (account_id) DO UPDATE SET state = 'synced', rev = $2, data = $3""",
            account_id,
            repo.rev,
            None if repo.data is None else bytes(repo.data),
        )
        self.tracked.add(repo.did)
        return account_id

    async def records(self) -> dict[str, str]:
        """path -> CID of all records in the database."""
        rows = await self.pool.fetch("SELECT collection || '/' || rkey AS path, encode(cid, 'hex') AS cid FROM record")
        return {row["path"]: row["cid"] for row in rows}

    async def repo(self, repo: Repo) -> dict[str, Any]:
        row = await self.pool.fetchrow(
            """SELECT r.*, i.stale, i.check_at, a.active, a.deleted FROM repo r
            JOIN account a ON a.id = r.account_id JOIN identity i USING (account_id) WHERE a.did = $1""",
            repo.did,
        )
        return dict(row) if row else {}

    async def cursor(self) -> int:
        return await self.pool.fetchval("SELECT seq FROM source_cursor")

    async def held(self) -> int:
        return await self.pool.fetchval("SELECT count(*) FROM buffered_event")


def held_by(repo: Repo) -> dict[str, str]:
    """path -> CID of what the repo holds that is indexed."""
    return {path: bytes(cid).hex() for path, cid in repo.records.items() if path != POST}


def another(letter: str) -> Repo:
    return Repo(did=f"did:plc:{letter * 24}", key=PrivateKey.generate("p256", letter.encode()))


async def started(pool: Pool, repo: Repo, **options: Any) -> World:
    """A repo with one commit, synced."""
    world = await World.make(pool, **options)
    repo.write((POST, record()))
    await world.settle(repo)
    return world
