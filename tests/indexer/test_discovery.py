"""Listings of who has our collections: read to their end, gone on with, read again, and not trusted in their form."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from itertools import count, cycle
from typing import Any

import pytest
from aiohttp import web

from indexer import discovery as discovering
from indexer.asking import Asker
from indexer.discovery import Discovery
from indexer.hosts import Hosts
from indexer.listing import PageInvalid, read_page
from indexer.resync import host_limits
from indexer.tracked import Tracked
from runtime.db import Pool
from tests.indexer.network import Network, at_work, did_of, eventually, settings_for
from tests.protocol.webhost import Host, fetcher, host

BY_COLLECTION = "/xrpc/com.atproto.sync.listReposByCollection"
LIST_REPOS = "/xrpc/com.atproto.sync.listRepos"
# What a directory that has had enough asks for [s].
PAUSE = 2


class Directory:
    """A collection directory: lists `dids` by collection, in pages of two."""

    def __init__(self, server: Host) -> None:
        self.server = server
        self.dids: dict[str, list[str]] = {}
        self.fail_after: int | None = None
        self.refused: set[str] = set()
        self.pause_before: str | None = None
        self.open_at = 0.0
        self.early = 0
        self.asked: list[tuple[str, str | None]] = []
        self.endless: dict[str, Iterator[str]] = {}
        server.on(BY_COLLECTION, self.answer)

    async def answer(self, request: web.Request) -> web.Response:
        collection, cursor = request.query["collection"], request.query.get("cursor")
        self.asked.append((collection, cursor))
        now = asyncio.get_running_loop().time()
        self.early += now < self.open_at
        if self.pause_before is not None and cursor == self.pause_before:
            self.pause_before, self.open_at = None, now + PAUSE
            headers = {"Retry-After": str(PAUSE)}
            return web.json_response({"error": "RateLimitExceeded"}, status=429, headers=headers)
        if self.fail_after is not None and len(self.asked) > self.fail_after:
            return web.json_response({"error": "InternalServerError"}, status=500)
        if cursor in self.refused:
            return web.json_response({"error": "InvalidRequest"}, status=400)
        if collection in self.endless:
            return web.json_response({"repos": [], "cursor": next(self.endless[collection])})
        listed, start = self.dids.get(collection, []), int(cursor or 0)
        page: dict[str, Any] = {"repos": [{"did": did} for did in listed[start : start + 2]]}
        if start + 2 < len(listed):
            page["cursor"] = str(start + 2)
        return web.json_response(page)


@pytest.fixture
async def directory() -> AsyncGenerator[Directory]:
    async with host() as server:
        yield Directory(server)


class Found:
    """A discovery and what it woke."""

    def __init__(self, discovery: Discovery, hosts: Hosts, tracked: Tracked) -> None:
        self.discovery = discovery
        self.hosts = hosts
        self.tracked = tracked
        self.woken = 0


@pytest.fixture
async def make(tmp_path, net: Network, pool: Pool, directory: Directory):
    async with fetcher() as (door, _):

        def make(**changes: Any) -> Found:
            options = {"directory_url": directory.server.origin, "collections": "fm.plyr.track,app.bsky.actor.profile"}
            settings = settings_for(tmp_path, net, **(options | changes))

            def wake() -> None:
                found.woken += 1

            hosts, tracked = Hosts(host_limits(settings)), Tracked()
            found = Found(Discovery(settings, pool, Asker(door, hosts), tracked, wake), hosts, tracked)
            return found

        yield make


async def queue(pool: Pool) -> dict[str, tuple[str, int, bool]]:
    rows = await pool.fetch(
        "SELECT did, state, priority, stale FROM account a JOIN repo r ON r.account_id = a.id"
        " JOIN identity i ON i.account_id = a.id"
    )
    return {row["did"]: (row["state"], row["priority"], row["stale"]) for row in rows}


async def reaches(pool: Pool, dids: list[str]) -> None:
    async def there() -> bool:
        return set(await queue(pool)) == set(dids)

    await eventually(there, f"{len(dids)} accounts are known")


async def test_all_pages_are_read_and_who_is_new_is_queued_at_the_end(make, pool, directory) -> None:
    dids = [did_of(number) for number in range(5)]
    directory.dids["fm.plyr.track"] = dids
    directory.dids["app.bsky.actor.profile"] = [did_of(99)]
    found = make()
    async with at_work(found.discovery):
        await reaches(pool, dids)
    assert set((await queue(pool)).values()) == {("pending", 0, True)}
    assert directory.asked == [("fm.plyr.track", None), ("fm.plyr.track", "2"), ("fm.plyr.track", "4")]
    assert all(did in found.tracked for did in dids)
    assert found.woken == 3


async def test_who_is_known_stays_as_it_is(make, pool, directory) -> None:
    account_id = await pool.fetchval("INSERT INTO account (did) VALUES ($1) RETURNING id", did_of(1))
    await pool.execute("INSERT INTO identity (account_id, stale) VALUES ($1, false)", account_id)
    await pool.execute("INSERT INTO repo (account_id, state) VALUES ($1, 'synced')", account_id)
    directory.dids["fm.plyr.track"] = [did_of(1), did_of(2), did_of(2)]
    async with at_work(make().discovery):
        await reaches(pool, [did_of(1), did_of(2)])
    assert (await queue(pool))[did_of(1)] == ("synced", 0, False)


async def test_a_listing_that_broke_off_goes_on_where_it_was_left(make, pool, directory) -> None:
    dids = [did_of(number) for number in range(5)]
    directory.dids["fm.plyr.track"] = dids
    directory.fail_after = 2
    async with at_work(make().discovery):
        await reaches(pool, dids[:4])
        await eventually(lambda: asked(directory, 3), "the third page was asked for")
    directory.fail_after = None
    directory.asked.clear()
    async with at_work(make().discovery):
        await reaches(pool, dids)
    assert directory.asked == [("fm.plyr.track", "4")]


async def test_a_listing_whose_cursor_is_refused_begins_again(make, pool, directory) -> None:
    dids = [did_of(number) for number in range(5)]
    directory.dids["fm.plyr.track"] = dids
    await pool.execute(
        "INSERT INTO discovery_cursor (source, listing, cursor) VALUES ($1, 'fm.plyr.track', 'of old')",
        directory.server.origin,
    )
    directory.refused.add("of old")
    async with at_work(make(sync_retry_min=0.1, sync_poll=0.05).discovery):
        await reaches(pool, dids)


async def asked(directory: Directory, times: int) -> bool:
    return len(directory.asked) >= times


async def test_a_listing_that_failed_is_tried_again_before_the_next_round(make, pool, directory) -> None:
    directory.dids["fm.plyr.track"] = [did_of(1)]
    directory.fail_after = 0
    async with at_work(make(sync_retry_min=0.1, sync_poll=0.05).discovery):
        await eventually(lambda: asked(directory, 2), "it was tried again")
        directory.fail_after = None
        await reaches(pool, [did_of(1)])


async def test_a_host_that_has_had_enough_is_left_alone_for_as_long_as_it_asks(make, pool, directory) -> None:
    dids = [did_of(number) for number in range(5)]
    directory.dids["fm.plyr.track"] = dids
    directory.pause_before = "2"
    found = make(collections="fm.plyr.track,fm.plyr.like", sync_retry_min=0.1, sync_poll=0.05)
    async with at_work(found.discovery):
        await reaches(pool, dids)
    assert directory.early == 0
    assert directory.asked.count(("fm.plyr.track", None)) == 1


async def test_what_others_ask_a_host_counts_for_its_listings_too(make, pool, directory) -> None:
    directory.dids["fm.plyr.track"] = [did_of(1)]
    found = make(host_concurrency=1, sync_poll=0.05)
    assert found.hosts.reserve(directory.server.origin)
    async with at_work(found.discovery):
        await asyncio.sleep(0.3)
        assert directory.asked == []
        found.hosts.release(directory.server.origin)
        await reaches(pool, [did_of(1)])


async def test_each_round_reads_from_the_beginning_so_that_nobody_is_missed_for_good(make, pool, directory) -> None:
    directory.dids["fm.plyr.track"] = [did_of(number) for number in range(10, 13)]
    async with at_work(make(discovery_interval=0.2, sync_poll=0.05).discovery):
        await reaches(pool, directory.dids["fm.plyr.track"])
        directory.dids["fm.plyr.track"] = [did_of(1), *directory.dids["fm.plyr.track"]]
        await reaches(pool, directory.dids["fm.plyr.track"])


async def test_a_restart_does_not_read_again_what_was_read_lately(make, pool, directory) -> None:
    directory.dids["fm.plyr.track"] = [did_of(1)]
    async with at_work(make().discovery):
        await reaches(pool, [did_of(1)])
        await eventually(lambda: finished(pool), "it has come to its end")
    directory.asked.clear()
    async with at_work(make(sync_poll=0.05).discovery):
        await eventually(lambda: finished(pool), "it was looked at")
    assert directory.asked == []


async def finished(pool: Pool) -> bool:
    return await pool.fetchval("SELECT EXISTS (SELECT FROM discovery_cursor WHERE finished_at IS NOT NULL)")


async def test_a_staging_namespace_is_listed_by_its_own_names(make, pool, directory) -> None:
    directory.dids["fm.plyr.track"] = [did_of(1)]
    directory.dids["fm.plyr.stg.track"] = [did_of(2)]
    async with at_work(make(namespace="fm.plyr.stg").discovery):
        await reaches(pool, [did_of(2)])


@pytest.mark.parametrize("status", [404, 501])
async def test_a_host_without_the_method_does_not_stop_the_others(make, pool, directory, status, caplog) -> None:
    directory.server.says(BY_COLLECTION, {"error": "MethodNotImplemented"}, status=status)
    async with host() as pds:
        pds.says(LIST_REPOS, {"repos": [{"did": did_of(1), "active": True}, {"did": did_of(2), "active": False}]})
        source = "ws" + pds.origin.removeprefix("http")
        await pool.execute("INSERT INTO source_cursor (source, kind, seq) VALUES ($1, 'pds', 0)", source)
        async with at_work(make(relay_urls=source, sync_poll=0.05).discovery):
            await reaches(pool, [did_of(1)])
    assert sum("does not list" in message for message in caplog.messages) == 1


async def test_a_cursor_that_does_not_move_ends_the_listing(make, pool, directory) -> None:
    directory.server.says(BY_COLLECTION, {"repos": [{"did": did_of(1)}], "cursor": "same"})
    async with at_work(make().discovery):
        await eventually(lambda: finished(pool), "it has come to its end")
    assert len(directory.server.asked) == 2


@pytest.mark.parametrize("cursors", [cycle("ab"), map(str, count())])
async def test_a_listing_without_an_end_keeps_no_other_from_being_read(
    make, pool, directory, monkeypatch, cursors
) -> None:
    monkeypatch.setattr(discovering, "TURN", 0.1)
    dids = [did_of(number) for number in range(5)]
    directory.endless["fm.plyr.like"] = cursors
    directory.dids["fm.plyr.track"] = dids
    async with at_work(make(collections="fm.plyr.like,fm.plyr.track", sync_poll=0.05).discovery):
        await reaches(pool, dids)


async def test_a_listing_that_takes_several_turns_is_read_once_and_to_its_end(
    make, pool, directory, monkeypatch
) -> None:
    monkeypatch.setattr(discovering, "TURN", 0.0)
    dids = [did_of(number) for number in range(5)]
    directory.dids["fm.plyr.track"] = dids
    async with at_work(make(sync_poll=0.05).discovery):
        await reaches(pool, dids)
        await eventually(lambda: finished(pool), "it has come to its end")
    assert directory.asked == [("fm.plyr.track", None), ("fm.plyr.track", "2"), ("fm.plyr.track", "4")]


async def test_a_listing_that_brings_nobody_new_for_long_is_left_until_the_next_round(
    make, pool, directory, monkeypatch
) -> None:
    monkeypatch.setattr(discovering, "BARREN_REPOS", 3)
    directory.endless["fm.plyr.like"] = cycle("ab")
    directory.dids["fm.plyr.track"] = dids = [did_of(number) for number in range(20)]
    async with at_work(make(collections="fm.plyr.like,fm.plyr.track").discovery):
        await reaches(pool, dids)
    assert [cursor for collection, cursor in directory.asked if collection == "fm.plyr.like"] == [None, "a", "b", "a"]
    assert await finished(pool)


@pytest.mark.parametrize("known", [2, 20])
async def test_how_long_that_is_does_not_depend_on_how_short_the_pages_are(
    make, pool, directory, monkeypatch, known: int
) -> None:
    """Or a host with short ones has its last accounts never found."""
    monkeypatch.setattr(discovering, "BARREN_REPOS", 5_000)
    directory.dids["fm.plyr.track"] = dids = [did_of(number) for number in range(known)]
    async with at_work(make().discovery):
        await reaches(pool, dids)
        await eventually(lambda: finished(pool), "it has come to its end")
    monkeypatch.setattr(discovering, "BARREN_REPOS", 4)
    directory.asked.clear()
    dids += [did_of(100), did_of(101), did_of(102)]
    await pool.execute("DELETE FROM discovery_cursor")
    async with at_work(make().discovery):
        await eventually(lambda: finished(pool), "it has come to its end")
    assert len(directory.asked) == 3
    assert (did_of(102) in await queue(pool)) == (known == 2)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"repos": {}},
        {"repos": [], "cursor": 7},
        {"repos": [], "cursor": "x" * 5_000},
        {"repos": [], "cursor": "n\x00l"},
    ],
)
def test_what_is_no_page_is_refused(answer: Any) -> None:
    with pytest.raises(PageInvalid):
        read_page(answer)


def test_entries_that_are_no_accounts_are_left_out() -> None:
    repos = [None, "x", {}, {"did": 7}, {"did": "nonsense"}, {"did": did_of(1)}, {"did": did_of(2), "active": False}]
    page = read_page({"repos": repos, "cursor": ""})
    assert [(repo.did, repo.active) for repo in page.repos] == [(did_of(1), True), (did_of(2), False)]
    assert page.cursor is None
