"""What a track's view tells the account that asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson
import pytest
import pytest_asyncio

import lexicons
from appview.queries import QUERIES
from appview.queries.base import Call, Viewer
from appview.reads import Reads
from protocol.syntax import Did
from runtime import db
from tests.appview.stage import Person, Stage, tid

# Of whom nothing is indexed.
STRANGER = Viewer(Did("did:web:stranger.example.com"), None)


@pytest_asyncio.fixture
async def reads(reader: db.Pool) -> AsyncGenerator[Reads]:
    """The AppView's door to the database."""
    reads = Reads(reader, pool_wait=5.0, statement_timeout=5.0)
    yield reads
    await reads.close()


async def _state(reads: Reads, viewer: Viewer | None, nsid: str, params: Mapping[str, str | list[str]]) -> Any:
    """The `viewer` of the first track that the method gives this account, as its lexicon allows it."""
    schema = lexicons.load().query(nsid)
    given = {name: value if isinstance(value, list) else [value] for name, value in params.items()}
    answer = orjson.loads(await QUERIES[nsid](Call(schema.parse_params(given), reads, viewer)))
    assert schema.validate_output(answer) == []
    track = answer["track"] if "track" in answer else answer["tracks"][0]
    return track.get("viewer")


def _viewer(person: Person) -> Viewer:
    return Viewer(Did(person.did), person.id)


@pytest.mark.parametrize(
    ("nsid", "asking"),
    [
        ("fm.plyr.feed.getTrack", "uri"),
        ("fm.plyr.feed.getTracks", "uris"),
        ("fm.plyr.feed.getLatestTracks", ""),
        ("fm.plyr.feed.getLatestTracks", "tags"),
        ("fm.plyr.feed.getActorTracks", "newest"),
        ("fm.plyr.feed.getActorTracks", "popular"),
    ],
)
async def test_a_track_tells_an_account_its_own_like_and_nobody_elses(
    stage: Stage, reads: Reads, nsid: str, asking: str
) -> None:
    nils, ida = await stage.person(), await stage.person()
    uri, _ = await stage.track(nils, tags=["jazz"])
    params: dict[str, Mapping[str, str | list[str]]] = {
        "uri": {"uri": uri},
        "uris": {"uris": [uri]},
        "": {},
        "tags": {"tags": ["jazz"]},
        "newest": {"actor": nils.did},
        "popular": {"actor": nils.did, "sort": "popular"},
    }
    like, _ = await stage.like(ida, uri)
    assert await _state(reads, _viewer(ida), nsid, params[asking]) == {"like": like}
    assert await _state(reads, _viewer(nils), nsid, params[asking]) == {}
    assert await _state(reads, STRANGER, nsid, params[asking]) == {}
    assert await _state(reads, None, nsid, params[asking]) is None


async def test_who_is_not_indexed_is_given_what_most_like(stage: Stage, reads: Reads) -> None:
    nils, ida = await stage.person(), await stage.person()
    uri, _ = await stage.track(nils)
    await stage.like(ida, uri)
    assert await _state(reads, STRANGER, "fm.plyr.feed.getForYou", {}) == {}


async def test_of_several_likes_the_earliest_is_told(stage: Stage, reads: Reads) -> None:
    nils = await stage.person()
    uri, _ = await stage.track(nils)
    await stage.like(nils, uri, tid(1), at=5)
    earlier, _ = await stage.like(nils, uri, tid(2), at=1)
    asked = "fm.plyr.feed.getTrack", {"uri": uri}
    assert await _state(reads, _viewer(nils), *asked) == {"like": earlier}
    await stage.delete(nils, "fm.plyr.like", tid(2))
    assert await _state(reads, _viewer(nils), *asked) == {"like": nils.uri(tid(1), "fm.plyr.like")}
    await stage.delete(nils, "fm.plyr.like", tid(1))
    assert await _state(reads, _viewer(nils), *asked) == {}
