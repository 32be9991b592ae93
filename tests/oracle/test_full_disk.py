"""A disk that is full now and then: the database refuses any statement, and says so by SQLSTATE 53100.

No disk is filled: a trigger on every table raises what Postgres raises then, before any statement that writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from simulator import World
from simulator.faults import Chances
from tests.oracle import acts
from tests.oracle.harness import SMALL, Plan, Show, make_good, settle, showing

ROUNDS: Final = 40
PAUSE: Final = 0.04
CHANCE: Final = 0.03
INSTALL: Final = """
CREATE TABLE full_disk AS SELECT 0.0::float8 AS chance;
CREATE FUNCTION refuse_at_times() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF random() < (SELECT chance FROM public.full_disk) THEN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END IF;
    RETURN NULL;
END $$;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'full_disk' LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_at_times()',
            name
        );
    END LOOP;
END $$;
"""


@pytest.mark.parametrize("seed", [960, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(961, 965))])
async def test_a_full_disk_stops_the_indexer_by_name_and_costs_nothing(
    seed: int, database_url: str, tmp_path: Path
) -> None:
    world = World(seed, SMALL, hosts=3)
    connection = await asyncpg.connect(database_url)
    await connection.execute(INSTALL)
    ended = False
    async with showing(world, Chances(), database_url, tmp_path) as show:
        for chance in (0.0, CHANCE, 0.0, 1.0):
            await connection.execute("UPDATE full_disk SET chance = $1", chance)
            for _ in range(ROUNDS):
                acts.act(show.stage)
                await asyncio.sleep(show.stage.rng.random() * PAUSE)
                ended |= await started_again(show)
        await connection.execute("UPDATE full_disk SET chance = 0")
        await show.indexer.kill()  # it may be about to end
        await show.indexer.start()
        make_good(show)
        found = await settle(show, Plan())
    await connection.close()
    assert not found, "\n".join(found)
    assert ended


async def started_again(show: Show) -> bool:
    """Whether the indexer has ended, which it may for the disk's sake alone. Then it is started again."""
    try:
        show.indexer.check()
    except Exception as fault:
        if not all(isinstance(each, asyncpg.DiskFullError) for each in causes(fault)):
            raise
        await show.indexer.start()
        return True
    return False


def causes(fault: Exception) -> Iterator[Exception]:
    """The faults that a group is made of."""
    if isinstance(fault, ExceptionGroup):
        for each in fault.exceptions:
            yield from causes(each)
    else:
        yield fault
