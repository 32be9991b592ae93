"""Paging to the end while rows come and go: what was there all along is given once, in order, and nothing twice."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.appview.stage import Client, Person, Stage, moment, tid

SEEDS = range(3)
ROWS = 24
# Times that repeat often: ties are common.
TIMES = 5

Put = Callable[[Person, int], Awaitable[str]]


class Scene:
    """One listing of one subject, and how to add rows to it and take some away."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = random.Random(seed)
        self.numbers = 0
        self.people: list[Person] = []
        self.subject = ""

    async def begin(self) -> None:
        self.people = [await self.stage.person(f"p{number}.example.com") for number in range(ROWS)]
        self.subject, _ = await self.stage.track(self.people[0], tid(10_000))

    async def add(self, kind: str) -> str:
        """One more row at a time that others have too; gives its uri."""
        self.numbers += 1
        number, at = self.numbers, self.random.randrange(TIMES) - 10
        person = self.people[number % len(self.people)]
        claim = {"createdAt": moment(at)}
        match kind:
            case "track":
                return (await self.stage.track(person, tid(number), tags=["t", "u"], **claim))[0]
            case "own track":
                return (await self.stage.track(self.people[0], tid(number), **claim))[0]
            case "like":
                liker = await self.stage.person()
                return (await self.stage.like(liker, self.subject, tid(number), at=at))[0]
            case "comment":
                position = self.random.randrange(TIMES)
                return (await self.stage.comment(person, self.subject, tid(number), timestampMs=position, **claim))[0]
            case _:
                name = f"Track {number}"
                return (await self.stage.play(self.people[0], tid(number), at=at, trackName=name))[0]


LISTINGS = [
    ("fm.plyr.feed.getLatestTracks", "tracks", "track", {}),
    ("fm.plyr.feed.getLatestTracks", "tracks", "track", {"tags": ["t", "u", "v"]}),
    ("fm.plyr.feed.getActorTracks", "tracks", "own track", {"actor": "p0.example.com"}),
    ("fm.plyr.feed.getActorTracks", "tracks", "own track", {"actor": "p0.example.com", "sort": "popular"}),
    ("fm.plyr.feed.getTrackLikes", "likes", "like", {}),
    ("fm.plyr.feed.getComments", "comments", "comment", {}),
    ("fm.plyr.feed.getComments", "comments", "comment", {"sort": "newest"}),
    ("fm.teal.feed.getActorFeed", "plays", "play", {"authorDID": "p0.example.com"}),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("method", "name", "kind", "params"), LISTINGS)
async def test_pages_give_everything_once_while_rows_come_and_go(
    stage: Stage, client: Client, seed: int, method: str, name: str, kind: str, params: dict[str, Any]
) -> None:
    scene = Scene(stage, seed)
    await scene.begin()
    steady = [await scene.add(kind) for _ in range(ROWS)]
    doomed = [await scene.add(kind) for _ in range(ROWS // 4)]
    asked = dict(params) if kind in ("track", "own track", "play") else {**params, "uri": scene.subject}
    whole = [row["uri"] for row in (await client.get(method, **asked, limit=100))[name]]
    limit = scene.random.randint(1, 5)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get(method, **asked, limit=limit, **cursor)
        seen += [row["uri"] for row in answer[name]]
        if "cursor" not in answer:
            break
        assert len(answer[name]) == limit
        cursor = {"cursor": answer["cursor"]}
        await scene.add(kind)
        if doomed:
            await _delete(stage, doomed.pop())
    assert len(seen) == len(set(seen))
    assert [uri for uri in seen if uri in steady] == [uri for uri in whole if uri in steady]
    assert set(steady) <= set(seen)


async def _delete(stage: Stage, uri: str) -> None:
    did, collection, rkey = uri.removeprefix("at://").split("/")
    async with stage.pool.acquire() as connection:
        account_id = await connection.fetchval("SELECT id FROM account WHERE did = $1", did)
    await stage.delete(Person(account_id, did, None), collection, rkey)


async def test_a_page_that_ends_with_the_last_row_has_no_cursor(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    for number in range(4):
        await stage.track(nils, tid(number), at=number)
    for limit, sizes in ((4, [4]), (2, [2, 2]), (3, [3, 1]), (100, [4])):
        pages = await client.pages("fm.plyr.feed.getLatestTracks", "tracks", limit=limit)
        assert [len(page) for page in pages] == sizes
