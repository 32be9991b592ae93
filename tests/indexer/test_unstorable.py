"""Text and times that Postgres cannot hold, wherever a stranger may put them: they stop nobody, and go nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from indexer.inbox import Position
from indexer.judge import Arrival, Source
from runtime.db import Pool

from .network import eventually, network, running
from .repos import Repo, record
from .test_jetstream_events import commit, frame_of
from .world import held_by, started

TRACK = "fm.plyr.track/3kaaaaaaaaa2a"
ODD = "fm.plyr.track/\0"
JETSTREAM = Source("wss://jetstream.test", is_pds=False, signed=False)


async def test_a_document_whose_host_no_column_can_hold_names_none_and_the_others_are_read(
    tmp_path: Path, pool: Pool
) -> None:
    async with network() as net, running(tmp_path, net, pool) as parts:
        odd, usual = net.repo(), net.repo((TRACK, record()))
        endpoint = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://a\x00b.test"}
        net.register(odd, service=[endpoint])

        async def refused() -> bool:
            return "no PDS" in ((await parts.repo(odd.did))["last_error"] or "")

        await parts.track(odd.did)
        await eventually(refused, "the document is read")
        await parts.track(usual.did)
        await parts.reaches(usual.did, "synced")


@pytest.mark.parametrize("legacy", [False, True])
async def test_a_deletion_of_what_cannot_stand_is_passed_over_and_the_rest_of_its_commit_is_applied(
    pool: Pool, legacy: bool
) -> None:
    repo = Repo()
    world = await started(pool, repo)
    world.commit(repo.write((TRACK, record())))
    body = repo.write((TRACK, record(title="new")))
    gone: list[dict[str, Any]] = [{"action": "delete", "path": ODD, "cid": None}]
    if legacy:
        del body["prevData"]
    else:
        gone.insert(0, {"action": "create", "path": ODD, "cid": body["ops"][0]["cid"]})
    world.commit(body | {"ops": [*body["ops"], *gone]})
    await world.write()
    assert await world.records() == held_by(repo)
    row = await world.repo(repo)
    assert (row["state"], row["rev"]) == ("synced", repo.rev)


@pytest.mark.parametrize(
    ("value", "letters"), [(record(), [("fm.plyr.track/\ufffd", "record_key_invalid")]), (None, [])]
)
async def test_an_unsigned_source_cannot_bring_a_key_that_is_none(
    pool: Pool, value: dict[str, Any] | None, letters: list[tuple[str, str]]
) -> None:
    repo = Repo()
    world = await started(pool, repo)
    await world.inbox.attach(JETSTREAM, Position(0, None))
    await pool.execute("INSERT INTO source_cursor (source, seq, kind) VALUES ($1, 0, 'jetstream')", JETSTREAM.origin)
    for number, (path, told) in enumerate([(ODD, value), (TRACK, record())], 1):
        text = commit(told, did=repo.did, rkey=path.split("/")[1])
        world.inbox.put(Arrival(frame_of(text), text.encode(), datetime.now(UTC)), Position(number, None))
    await world.write()
    assert set(await world.records()) == {TRACK}
    rows = await pool.fetch("SELECT path, reason FROM dead_letter")
    assert [(row["path"], row["reason"]) for row in rows] == letters


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
async def test_a_time_that_the_database_takes_for_infinity_is_none(pool: Pool, time: str) -> None:
    """It comes back as a time without a zone, which cannot be compared with any other."""
    repo = Repo()
    world = await started(pool, repo)
    for active in (False, True):
        world.account(repo.did, active=active, time=time)
        await world.write()
        assert (await world.repo(repo))["active"] is active
    assert await pool.fetchval("SELECT bool_and(isfinite(status_at)) FROM account")
    assert await pool.fetchval("SELECT event_time FROM source_cursor") is None
