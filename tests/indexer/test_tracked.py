"""Which DIDs and collections are ours."""

from __future__ import annotations

from indexer.namespaces import tracking, wire_names
from indexer.tracked import Tracked
from runtime.db import Connection


async def test_accounts_that_other_processes_add_are_seen_with_the_next_load(connection: Connection) -> None:
    tracked = Tracked()
    await connection.execute("INSERT INTO account (did) SELECT 'did:plc:' || n FROM generate_series(1, 12000) n")
    await tracked.load(connection)
    assert len(tracked) == 12_000
    assert "did:plc:12000" in tracked
    assert "did:plc:12001" not in tracked
    await connection.execute("INSERT INTO account (did) VALUES ('did:plc:12001')")
    await tracked.load(connection)
    assert "did:plc:12001" in tracked


async def test_an_account_whose_id_is_lower_than_the_newest_seen_is_not_missed(connection: Connection) -> None:
    tracked = Tracked()
    await connection.execute("INSERT INTO account (id, did) OVERRIDING SYSTEM VALUE VALUES (50, 'did:plc:first')")
    await tracked.load(connection)
    await connection.execute("INSERT INTO account (id, did) OVERRIDING SYSTEM VALUE VALUES (49, 'did:plc:late')")
    await tracked.load(connection)
    assert "did:plc:late" in tracked


def test_a_staging_namespace_takes_the_place_of_production() -> None:
    names = wire_names(["fm.plyr.track", "fm.teal.feed.play"], "fm.plyr.stg")
    assert names == {"fm.plyr.stg.track": "fm.plyr.track", "fm.teal.feed.play": "fm.teal.feed.play"}


def test_profiles_of_another_network_make_no_repo_ours() -> None:
    assert tracking(["fm.plyr.track", "app.bsky.actor.profile"]) == {"fm.plyr.track"}
