"""What those who like the same also like."""

from __future__ import annotations

from typing import Any

from tests.appview.stage import Client, Person, Stage, tid

SIMILAR = "fm.plyr.feed.getSimilarTracks"


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
