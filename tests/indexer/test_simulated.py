"""The verification against histories that the simulated network makes with a codec and a tree of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from indexer.frames import decode
from indexer.stages import CommitFrame, SyncFrame, VerifiedCommit
from indexer.verify import Head, NewRev, Rejected, verify_commit, verify_sync
from protocol.syntax import Nsid
from simulator import Population, World
from simulator.events import frame

from .verifying import LIMITS


def test_every_event_of_a_history_is_verified_in_the_chain_of_its_repo() -> None:
    world = World(3, Population(artists=4, listeners=8, strangers=2, records=(5, 60)))
    world.live(150)
    collections = {event.path.partition("/")[0] for one in world.events for event in getattr(one, "ops", ())}
    limits = replace(LIMITS, collections={name: Nsid(name) for name in collections})
    heads: dict[str, Head] = {}
    records: dict[tuple[str, str], str] = {}
    commits = 0
    for seq, event in enumerate(world.events, 1):
        decoded = decode(frame(event, seq))
        key = world.account(event.did).key.public
        now = datetime.now(UTC)
        if isinstance(decoded, CommitFrame):
            verdict = verify_commit(decoded, heads.get(event.did), key, limits, now)
            assert isinstance(verdict, VerifiedCommit), verdict
            heads[event.did] = Head(verdict.rev, verdict.data)
            commits += 1
            for change in verdict.changes:
                path = f"{change.path.collection}/{change.path.rkey}"
                records.pop((event.did, path), None)
                if change.cid is not None:
                    records[event.did, path] = str(change.cid)
        elif isinstance(decoded, SyncFrame):
            assert isinstance(verify_sync(decoded, heads.get(event.did), key, limits, now), NewRev | Rejected)
    assert commits > 150
    expected = {
        (did, path): str(cid)
        for did, account in world.accounts.items()
        if account.repo is not None
        for path, cid in account.repo.tree.items()
    }
    assert records == expected
