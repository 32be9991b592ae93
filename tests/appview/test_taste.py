"""What those who like the same also like."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from protocol.crypto import PrivateKey
from runtime.settings import Settings
from tests.appview.signing import bearer, claims, give_key, token
from tests.appview.stage import Client, Person, Stage, tid

SIMILAR = "fm.plyr.feed.getSimilarTracks"
FOR_YOU = "fm.plyr.feed.getForYou"
KEY = PrivateKey.generate("k256", b"the viewer's")


@pytest.fixture
def settings(database_url: str) -> Settings:
    """The AppView of these tests has an address, so that somebody can sign in."""
    return Settings.load(
        {},
        answer_hold=0,
        database_url=SecretStr(database_url),
        read_pool_size=4,
        service_url="https://appview.example.com",
    )


class Taste:
    """An author with tracks, and people who like some of them."""

    def __init__(self, stage: Stage, author: Person, uris: list[str]) -> None:
        self.stage = stage
        self.author = author
        self.uris = uris

    @classmethod
    async def of(cls, stage: Stage, tracks: int) -> Taste:
        author = await stage.person("author.example.com")
        uris = [(await stage.track(author, tid(number), title=f"Track {number}"))[0] for number in range(tracks)]
        return cls(stage, author, uris)

    async def fan(self, *numbers: int) -> Person:
        """Somebody who likes these tracks."""
        fan = await self.stage.person()
        for number in numbers:
            await self.stage.like(fan, self.uris[number], tid(number), at=number)
        return fan

    def told(self, answer: Any) -> list[int]:
        """The numbers of the tracks in an answer."""
        return [self.uris.index(track["uri"]) for track in answer["tracks"]]


async def _for_you(client: Client, viewer: Person, **params: Any) -> Any:
    status, answer, _ = await client.send(FOR_YOU, bearer(token(KEY, claims(viewer, FOR_YOU))), **params)
    assert status == 200, answer
    return answer


async def test_similar_is_what_listeners_who_like_a_track_also_like(stage: Stage, client: Client) -> None:
    taste = await Taste.of(stage, 6)
    await taste.fan(0, 1, 2)
    await taste.fan(0, 1)
    await taste.fan(3, 4)
    lost = await taste.fan(0, 5)
    assert taste.told(await client.get(SIMILAR, uri=taste.uris[0])) == [1, 5, 2]
    assert taste.told(await client.get(SIMILAR, uri=taste.uris[0], limit=1)) == [1]
    assert taste.told(await client.get(SIMILAR, uri=taste.uris[3])) == [4]
    await stage.hide(lost)
    assert taste.told(await client.get(SIMILAR, uri=taste.uris[0])) == [1, 2]
    assert await client.get(SIMILAR, uri=taste.uris[5]) == {"tracks": []}


async def test_what_everybody_likes_is_less_telling_than_what_few_others_do(stage: Stage, client: Client) -> None:
    taste = await Taste.of(stage, 3)
    for _ in range(3):
        await taste.fan(0, 1, 2)
    for _ in range(9):
        await taste.fan(1)
    assert taste.told(await client.get(SIMILAR, uri=taste.uris[0])) == [2, 1]


async def test_a_like_of_what_is_no_visible_track_is_no_proposal(stage: Stage, client: Client) -> None:
    taste = await Taste.of(stage, 2)
    fan = await taste.fan(0, 1)
    await stage.like(fan, "at://did:web:gone.example.com/fm.plyr.track/x", tid(9))
    await stage.delete(taste.author, "fm.plyr.track", tid(1))
    assert await client.get(SIMILAR, uri=taste.uris[0]) == {"tracks": []}
    assert await client.refused(SIMILAR, uri=taste.uris[1]) == "TrackNotFound"


async def test_for_you_is_what_the_most_alike_like_and_then_what_most_like(stage: Stage, client: Client) -> None:
    taste = await Taste.of(stage, 7)
    viewer = await taste.fan(0, 1)
    await give_key(stage.pool, viewer, KEY)
    own, _ = await stage.track(viewer)
    close = await taste.fan(0, 1, 2)
    await stage.like(close, own, tid(20))
    await taste.fan(0, 3)
    for numbers in ((5, 4), (4,), (6, 4, 5)):
        await taste.fan(*numbers)
    answer = await _for_you(client, viewer)
    assert taste.told(answer) == [2, 3, 4, 5, 6]
    assert "cursor" not in answer
    first = await _for_you(client, viewer, limit=3)
    second = await _for_you(client, viewer, limit=3, cursor=first["cursor"])
    assert taste.told(first) + taste.told(second) == [2, 3, 4, 5, 6]
    assert "cursor" not in second


async def test_an_account_without_likes_is_given_what_most_like(stage: Stage, client: Client) -> None:
    taste = await Taste.of(stage, 3)
    await taste.fan(1, 2)
    await taste.fan(2)
    viewer = await stage.person()
    await give_key(stage.pool, viewer, KEY)
    assert taste.told(await _for_you(client, viewer)) == [2, 1]


async def test_what_is_no_proposal_takes_no_place_of_one_that_is(stage: Stage, client: Client) -> None:
    """Neither among what those who are alike have liked, nor among what is liked most. Here six hundred are gone."""
    taste = await Taste.of(stage, 3)
    viewer = await taste.fan(0)
    await give_key(stage.pool, viewer, KEY)
    for fan in [await taste.fan(0) for _ in range(6)]:
        await stage.pool.execute(
            """
            INSERT INTO plyr_like (account_id, sort_at, created_at, indexed_at, canonical, rkey, uri, subject)
            SELECT $1::bigint, 'infinity', now(), now(), true, 'l' || i, 'l' || i, format('gone/%s/%s', $1::bigint, i)
            FROM generate_series(1, 100) i
            """,
            fan.id,
        )
    await stage.pool.execute(
        """
        INSERT INTO subject_count (owner, like_count, comment_count, subject)
        SELECT $1, 9, 0, subject FROM plyr_like WHERE subject LIKE 'gone/%'
        """,
        taste.author.id,
    )
    await taste.fan(0, 1)
    await taste.fan(2)
    assert taste.told(await _for_you(client, viewer)) == [1, 2]


async def test_for_you_needs_somebody_to_be_for(client: Client) -> None:
    status, answer = await client.ask(FOR_YOU)
    assert (status, answer["error"]) == (401, "AuthMissing")
