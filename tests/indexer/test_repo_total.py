"""How many repos are synced is known without counting them, and nobody waits for that."""

from __future__ import annotations

import random

from runtime import db

REPOS = 40
STATES = ("pending", "syncing", "synced", "desynchronized", "error", "inactive")
COUNTED = "SELECT (SELECT count(*) FROM repo WHERE state = 'synced') - (SELECT repo_count FROM visible_totals)"
TURN = "UPDATE repo SET state = $2 WHERE account_id = ANY ($1::bigint[])"


async def _repos(pool: db.Pool) -> list[int]:
    made = await pool.fetch(
        "INSERT INTO account (did) SELECT 'did:web:a' || i || '.test' FROM generate_series(1, $1) i RETURNING id",
        REPOS,
    )
    return [row["id"] for row in made]


async def test_the_total_is_that_of_a_count_whatever_comes_changes_and_goes(pool: db.Pool) -> None:
    ids, chances = await _repos(pool), random.Random(1)
    await pool.execute("INSERT INTO repo (account_id, state) SELECT unnest($1::bigint[]), 'synced'", ids)
    assert await pool.fetchval("SELECT repo_count FROM visible_totals") == REPOS
    for _ in range(60):
        some, state = chances.sample(ids, chances.randint(1, 5)), chances.choice(STATES)
        await pool.execute(TURN, some, state)
        if chances.random() < 0.2:
            await pool.execute("DELETE FROM repo WHERE account_id = ANY ($1::bigint[])", some)
        await pool.execute(
            "INSERT INTO repo (account_id, state) SELECT unnest($1::bigint[]), $2 ON CONFLICT DO NOTHING", ids, state
        )
        assert await pool.fetchval(COUNTED) == 0


async def test_who_changes_states_waits_for_nobody_who_does_so_too(pool: db.Pool) -> None:
    ids = await _repos(pool)
    await pool.execute("INSERT INTO repo (account_id) SELECT unnest($1::bigint[])", ids)
    async with pool.acquire() as one, pool.acquire() as other, pool.acquire() as third:
        for session in (one, other, third):
            await session.execute("SET lock_timeout = '1s'")
            await session.execute("BEGIN")
        for turn, state in enumerate(("synced", "error", "synced")):
            for number, session in enumerate((one, other, third)):
                await session.execute(TURN, ids[number * 10 : number * 10 + 5 + turn], state)
        await one.execute("COMMIT")
        await other.execute("ROLLBACK")
        await third.execute("COMMIT")
    assert await pool.fetchval("SELECT repo_count FROM visible_totals") == 14
    assert await pool.fetchval(COUNTED) == 0
    await pool.execute(TURN, ids, "synced")
    assert await pool.fetchval("SELECT count(*) FROM repo_total") == 2, "what was rolled back made no row"
