"""Accounts change their handles, leave for a while, come back, and go for good; and the AppView follows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.e2e.music import COMMENT, LIKE, PLAY, TRACK, comment, like, play, track
from tests.e2e.pds import Account, Pds, PdsError, Written
from tests.e2e.polling import eventually
from tests.e2e.stored import records
from tests.e2e.system import AppView, System

Name = Callable[[str], str]


@dataclass
class Scene:
    """An artist with a track, and a listener who liked it, commented on it, has a track too and played music."""

    artist: Account
    track: Written
    listener: Account
    own_track: Written


@pytest.fixture
async def scene(pds: Pds, appview: AppView, name: Name) -> Scene:
    artist, listener = await pds.create_account(name("artist")), await pds.create_account(name("listener"))
    written = await artist.create(TRACK, track("Karmacoma"))
    await listener.create(LIKE, like(written))
    await listener.create(COMMENT, comment(written, "yes", at_ms=5_000))
    await listener.create(PLAY, play("Karmacoma"))
    scene = Scene(artist, written, listener, await listener.create(TRACK, track("Cover of Karmacoma")))
    await eventually(lambda: everything_shows(appview, scene))
    return scene


async def everything_shows(appview: AppView, scene: Scene) -> None:
    view = (await appview.get("fm.plyr.feed.getTrack", uri=scene.track.uri))["track"]
    assert (view["likeCount"], view["commentCount"]) == (1, 1)
    assert (await appview.get("fm.plyr.feed.getTrack", uri=scene.own_track.uri))["track"]["title"]
    actor = (await appview.get("fm.plyr.actor.getProfile", actor=scene.listener.did))["actor"]
    assert (actor["handle"], actor["trackCount"], actor["scrobbleCount"]) == (scene.listener.handle, 1, 1)


async def nothing_of_the_listener_shows(appview: AppView, scene: Scene) -> None:
    view = (await appview.get("fm.plyr.feed.getTrack", uri=scene.track.uri))["track"]
    assert (view["likeCount"], view["commentCount"]) == (0, 0)
    assert (await appview.get("fm.plyr.feed.getTrackLikes", uri=scene.track.uri))["likes"] == []
    assert (await appview.get("fm.plyr.feed.getComments", uri=scene.track.uri))["comments"] == []
    assert await appview.refusal("fm.plyr.feed.getTrack", uri=scene.own_track.uri) == (400, "TrackNotFound")
    for actor in (scene.listener.did, scene.listener.handle):
        assert await appview.refusal("fm.plyr.actor.getProfile", actor=actor) == (400, "ActorNotFound")
        assert await appview.refusal("fm.plyr.feed.getActorTracks", actor=actor) == (400, "ActorNotFound")
    latest = await appview.get("fm.plyr.feed.getLatestTracks", limit=100)
    assert scene.own_track.uri not in {each["uri"] for each in latest["tracks"]}
    actor = (await appview.get("fm.plyr.actor.getProfile", actor=scene.artist.did))["actor"]
    assert actor["likesReceivedCount"] == 0


async def test_a_changed_handle_shows_everywhere_and_the_old_one_is_unknown(
    appview: AppView, scene: Scene, name: Name
) -> None:
    old = scene.listener.handle
    new = await scene.listener.update_handle(name("renamed"))

    async def check() -> None:
        assert (await appview.get("fm.plyr.actor.getProfile", actor=new.upper()))["actor"]["did"] == scene.listener.did
        [each] = (await appview.get("fm.plyr.feed.getTrackLikes", uri=scene.track.uri))["likes"]
        assert each["actor"]["handle"] == new
        assert (await appview.get("fm.plyr.feed.getTrack", uri=scene.own_track.uri))["track"]["author"]["handle"] == new
        assert await appview.refusal("fm.plyr.actor.getProfile", actor=old) == (400, "ActorNotFound")

    await eventually(check)


async def test_a_deactivated_account_is_hidden_and_comes_back_whole(appview: AppView, scene: Scene) -> None:
    await scene.listener.deactivate()
    await eventually(lambda: nothing_of_the_listener_shows(appview, scene))
    await scene.listener.activate()
    await eventually(lambda: everything_shows(appview, scene))
    second = await scene.listener.create(TRACK, track("Back again"))
    await eventually(_track_shows(appview, second))


async def test_of_a_deleted_account_nothing_remains_shown_or_stored(
    appview: AppView, system: System, scene: Scene
) -> None:
    await scene.listener.delete_account()
    await eventually(lambda: nothing_of_the_listener_shows(appview, scene))
    assert await records(system.dsn, scene.listener.did) == {}
    assert await records(system.dsn, scene.artist.did) == {scene.track.uri: scene.track.cid}
    with pytest.raises(PdsError):
        await scene.listener.get_record(TRACK, scene.own_track.rkey)


async def test_writes_made_while_an_account_was_away_show_when_it_returns(appview: AppView, scene: Scene) -> None:
    await scene.listener.deactivate()
    await eventually(lambda: nothing_of_the_listener_shows(appview, scene))
    await scene.listener.activate()
    written = [await scene.listener.create(TRACK, track(f"Return {number}")) for number in range(3)]
    await scene.listener.delete(scene.own_track.uri)

    async def check() -> None:
        page = await appview.get("fm.plyr.feed.getActorTracks", actor=scene.listener.did)
        assert {each["uri"] for each in page["tracks"]} == {each.uri for each in written}

    await eventually(check)


def _track_shows(appview: AppView, written: Written) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        assert (await appview.get("fm.plyr.feed.getTrack", uri=written.uri))["track"]["cid"] == written.cid

    return check
