"""Events behind a settled repo, which should not be there, are not lost."""

from __future__ import annotations

from indexer.leftovers import Leftovers
from runtime.db import Pool

from .repos import Repo, record
from .world import held_by, started

A = "fm.plyr.track/3kaaaaaaaaa2a"


async def test_an_event_left_behind_a_settled_repo_has_its_effect_without_another_event(pool: Pool) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await pool.execute("UPDATE repo SET state = 'syncing'")
    world.commit(repo.write((A, record())))
    await world.write()
    leftovers = Leftovers(pool, world.rules, 1.0)
    await pool.execute("UPDATE buffered_event SET received_at = received_at - interval '1 minute'")
    assert await leftovers.drain() == 0, "a repo that is being fetched is somebody's business"
    await pool.execute("UPDATE repo SET state = 'synced'")
    assert await leftovers.drain() == 1
    assert await world.held() == 0
    assert await world.records() == {A: held_by(repo)[A]}
    assert await leftovers.drain() == 0
