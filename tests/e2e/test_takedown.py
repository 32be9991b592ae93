"""A PDS's operator takes an account down and lifts that again: all of it goes from every answer, and all comes back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.e2e.music import BSKY_PROFILE, COMMENT, LIKE, PLAY, STATUS, TRACK, comment, like, play, status, track
from tests.e2e.pds import Account, Pds, PdsError, Written
from tests.e2e.polling import eventually
from tests.e2e.realnet import NetworkInfo
from tests.e2e.stored import records
from tests.e2e.system import AppView, Starter, System

Name = Callable[[str], str]


@dataclass
class Scene:
    """Two artists who like each other's track, comment on it, and played it; `culprit` is the one to be taken down."""

    culprit: Account
    track: Written
    other: Account
    others_track: Written

    async def answers(self, appview: AppView) -> dict[str, Any]:
        """What every query says of the two."""
        ask, told = appview.get, dict[str, Any]()
        for account, written in ((self.culprit, self.track), (self.other, self.others_track)):
            uri, did = written.uri, account.did
            told[f"{did} track"] = await ask("fm.plyr.feed.getTrack", uri=uri)
            told[f"{did} likes"] = await ask("fm.plyr.feed.getTrackLikes", uri=uri)
            told[f"{did} comments"] = await ask("fm.plyr.feed.getComments", uri=uri)
            told[f"{did} profile"] = await ask("fm.plyr.actor.getProfile", actor=account.handle)
            told[f"{did} tracks"] = await ask("fm.plyr.feed.getActorTracks", actor=did)
            told[f"{did} plays"] = await ask("fm.teal.feed.getActorFeed", authorDID=did)
            told[f"{did} now playing"] = await ask("fm.plyr.actor.getNowPlaying", actor=did)
        told["by address"] = await ask("fm.plyr.feed.getTracks", uris=[self.track.uri, self.others_track.uri])
        latest = (await ask("fm.plyr.feed.getLatestTracks", limit=100))["tracks"]
        told["latest"] = [view for view in latest if view["uri"] in {self.track.uri, self.others_track.uri}]
        return told

    async def all_is_indexed(self, appview: AppView) -> dict[str, Any]:
        told = await self.answers(appview)
        for account in (self.culprit, self.other):
            view, actor = told[f"{account.did} track"]["track"], told[f"{account.did} profile"]["actor"]
            assert (view["likeCount"], view["commentCount"]) == (1, 1)
            assert (actor["handle"], actor["displayName"]) == (account.handle, "A name")
            assert (actor["trackCount"], actor["scrobbleCount"], actor["likesReceivedCount"]) == (1, 1, 1)
            assert told[f"{account.did} now playing"]["nowPlaying"]["isPlaying"]
        return told


@pytest.fixture
async def scene(pds: Pds, other_pds: Pds, name: Name) -> Scene:
    culprit, other = await pds.create_account(name("culprit")), await other_pds.create_account(name("other"))
    scene = Scene(
        culprit, await culprit.create(TRACK, track("One")), other, await other.create(TRACK, track("Another"))
    )
    for account, liked in ((culprit, scene.others_track), (other, scene.track)):
        await account.put(BSKY_PROFILE, "self", {"displayName": "A name"})
        await account.create(LIKE, like(liked))
        await account.create(COMMENT, comment(liked, "yes", at_ms=5_000))
        await account.create(PLAY, play("Song"))
        await account.put(STATUS, "self", status("Song"))
    return scene


async def nothing_of_the_culprit_shows(appview: AppView, scene: Scene) -> None:
    culprit, uri = scene.culprit, scene.track.uri
    assert await appview.refusal("fm.plyr.feed.getTrack", uri=uri) == (400, "TrackNotFound")
    for actor in (culprit.did, culprit.handle):
        for method in ("fm.plyr.actor.getProfile", "fm.plyr.feed.getActorTracks", "fm.plyr.actor.getNowPlaying"):
            assert await appview.refusal(method, actor=actor) == (400, "ActorNotFound")
    view = (await appview.get("fm.plyr.feed.getTrack", uri=scene.others_track.uri))["track"]
    assert (view["likeCount"], view["commentCount"]) == (0, 0)
    actor = (await appview.get("fm.plyr.actor.getProfile", actor=scene.other.did))["actor"]
    assert (actor["trackCount"], actor["scrobbleCount"], actor["likesReceivedCount"]) == (1, 1, 0)
    lists = [
        await appview.get("fm.plyr.feed.getTrackLikes", uri=scene.others_track.uri),
        await appview.get("fm.plyr.feed.getComments", uri=scene.others_track.uri),
        await appview.get("fm.plyr.feed.getTracks", uris=[uri, scene.others_track.uri]),
        await appview.get("fm.plyr.feed.getLatestTracks", limit=100),
    ]
    assert culprit.did not in str(lists)


async def test_all_of_an_account_that_is_taken_down_vanishes_and_all_comes_back(
    appview: AppView, system: System, scene: Scene, pds: Pds
) -> None:
    before = await eventually(lambda: scene.all_is_indexed(appview))
    totals = await appview.get("fm.plyr.stats.getStats")
    stored = await records(system.dsn, scene.culprit.did)

    await pds.takedown(scene.culprit.did)
    await eventually(lambda: nothing_of_the_culprit_shows(appview, scene))
    lesser = await appview.get("fm.plyr.stats.getStats")
    for figure, fewer in {"trackCount": 1, "artistCount": 1, "scrobbleCount": 1, "likeCount": 2}.items():
        assert totals[figure] - lesser[figure] == fewer, figure
    assert await records(system.dsn, scene.culprit.did) == stored
    with pytest.raises(PdsError):
        await scene.culprit.create(TRACK, track("Written by nobody"))

    await pds.takedown(scene.culprit.did, applied=False)

    async def all_is_as_before() -> None:
        assert await scene.answers(appview) == before

    await eventually(all_is_as_before)
    assert await records(system.dsn, scene.culprit.did) == stored


async def test_an_account_that_was_taken_down_before_it_was_indexed_shows_when_that_is_lifted(
    network: NetworkInfo, scene: Scene, pds: Pds, http: ClientSession, start_system: Starter
) -> None:
    await pds.takedown(scene.culprit.did)
    system = await asyncio.to_thread(start_system, network, SYNC_RETRY_MIN="1", SYNC_RETRY_MAX="2")
    appview = AppView(http, system.url)
    await eventually(lambda: nothing_of_the_culprit_shows(appview, scene))
    assert await records(system.dsn, scene.culprit.did) == {}
    await pds.takedown(scene.culprit.did, applied=False)
    await eventually(lambda: scene.all_is_indexed(appview))
