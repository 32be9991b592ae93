"""An account moves to another PDS under a new key; the index keeps what it has, and follows it there.

The relay carries both PDSes and passes on only what an account's own PDS says; the last tests follow a PDS alone, which
says what it likes about accounts that have left it.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.e2e.moving import copied, moved
from tests.e2e.music import COMMENT, LIKE, PLAY, TRACK, comment, like, play, track
from tests.e2e.pds import Account, Pds, Written
from tests.e2e.polling import eventually
from tests.e2e.realnet import NetworkInfo
from tests.e2e.stored import records
from tests.e2e.system import AppView, Starter, System

Name = Callable[[str], str]


@dataclass
class Scene:
    """An artist with a track whose audio is a blob, and a play; a listener elsewhere who liked the track."""

    artist: Account
    audio: bytes
    track: Written
    listener: Account

    async def shows_at(self, host: Account, appview: AppView) -> dict[str, Any]:
        """The track's view, when it names the host's handle and audio; AssertionError before."""
        view = (await appview.get("fm.plyr.feed.getTrack", uri=self.track.uri))["track"]
        assert view["author"]["handle"] == host.handle
        assert (view["cid"], view["likeCount"], view["commentCount"]) == (self.track.cid, 1, 1)
        assert view["audio"][0]["url"].startswith(f"{host.pds.info.public_url}/")
        actor = (await appview.get("fm.plyr.actor.getProfile", actor=host.handle))["actor"]
        assert (actor["did"], actor["trackCount"], actor["scrobbleCount"]) == (self.artist.did, 1, 1)
        return view


@pytest.fixture
async def scene(pds: Pds, other_pds: Pds, name: Name) -> Scene:
    artist, listener = await pds.create_account(name("artist")), await other_pds.create_account(name("listener"))
    audio = secrets.token_bytes(50_000)
    blob = await artist.upload_blob(audio, "audio/mpeg")
    written = await artist.create(TRACK, track("Teardrop", audioBlob=blob))
    await artist.create(PLAY, play("Teardrop"))
    await listener.create(LIKE, like(written))
    await listener.create(COMMENT, comment(written, "yes", at_ms=5_000))
    return Scene(artist, audio, written, listener)


async def signing_key(account: Account) -> str:
    """The key by which the account's present host signs."""
    wanted = await account.pds.query("com.atproto.identity.getRecommendedDidCredentials", token=account.token)
    return wanted["verificationMethods"]["atproto"]


async def test_an_account_that_moves_keeps_all_it_had_and_goes_on_under_its_new_hosts_key(
    scene: Scene, appview: AppView, system: System, other_pds: Pds, http: ClientSession, name: Name
) -> None:
    await eventually(lambda: scene.shows_at(scene.artist, appview))
    before = await records(system.dsn, scene.artist.did), await signing_key(scene.artist)

    artist = await moved(scene.artist, other_pds, name("moved"))

    view = await eventually(lambda: scene.shows_at(artist, appview))
    async with http.get(view["audio"][0]["url"]) as answer:
        assert await answer.read() == scene.audio
    assert await records(system.dsn, artist.did) == before[0]
    assert await signing_key(artist) != before[1]
    old_handle = scene.artist.handle
    assert await appview.refusal("fm.plyr.actor.getProfile", actor=old_handle) == (400, "ActorNotFound")
    await writes_of_every_kind_follow(appview, artist, scene.track)


async def writes_of_every_kind_follow(appview: AppView, account: Account, first: Written) -> None:
    """A creation, an edit and a deletion at the new host, each of which is a commit by the new key."""
    new = await account.create(TRACK, track("Written after the move"))
    doomed = await account.create(TRACK, track("Soon gone"))
    edited = await account.put(TRACK, first.rkey, track("Edited after the move"))
    await account.delete(doomed.uri)

    async def check() -> None:
        page = await appview.get("fm.plyr.feed.getActorTracks", actor=account.handle)
        assert {view["uri"]: view["cid"] for view in page["tracks"]} == {new.uri: new.cid, edited.uri: edited.cid}

    await eventually(check)


async def test_an_account_that_is_closed_before_it_opens_at_its_new_host_is_hidden_only_meanwhile(
    scene: Scene, appview: AppView, other_pds: Pds, name: Name
) -> None:
    await eventually(lambda: scene.shows_at(scene.artist, appview))
    move = await copied(scene.artist, other_pds, name("moved"))
    await move.deactivate()
    await eventually(lambda: is_hidden(appview, scene))
    await move.redirect()
    await move.activate()
    await eventually(lambda: scene.shows_at(move.new, appview))
    await writes_of_every_kind_follow(appview, move.new, scene.track)


async def is_hidden(appview: AppView, scene: Scene) -> None:
    assert await appview.refusal("fm.plyr.feed.getTrack", uri=scene.track.uri) == (400, "TrackNotFound")


async def test_an_account_can_move_back_to_a_host_that_has_deleted_it(
    scene: Scene, appview: AppView, pds: Pds, other_pds: Pds, name: Name
) -> None:
    await eventually(lambda: scene.shows_at(scene.artist, appview))
    away = await moved(scene.artist, other_pds, name("moved"))
    await scene.artist.delete_account()
    await eventually(lambda: scene.shows_at(away, appview))
    await away.put(TRACK, scene.track.rkey, track("Edited away from home"))
    returned = await moved(away, pds, name("returned"))
    await writes_of_every_kind_follow(appview, returned, scene.track)


async def test_what_a_pds_says_of_an_account_that_has_left_it_does_not_hide_the_account(
    start_system: Starter, network: NetworkInfo, pds: Pds, other_pds: Pds, http: ClientSession, name: Name
) -> None:
    followed = network.pds[0].url.replace("http://", "ws://")
    system = await asyncio.to_thread(start_system, network, RELAY_URLS=followed)
    appview = AppView(http, system.url)
    neighbour = await pds.create_account(name("neighbour"))
    leaver = await pds.create_account(name("leaver"))
    kept = await leaver.create(TRACK, track("Kept"))
    await eventually(lambda: appview.get("fm.plyr.feed.getTrack", uri=kept.uri))
    left = await moved(leaver, other_pds, name("moved"))

    later = await neighbour.create(TRACK, track("Behind the deactivation"))
    await eventually(lambda: appview.get("fm.plyr.feed.getTrack", uri=later.uri))

    async def shows_at_the_new_host() -> None:
        view = (await appview.get("fm.plyr.feed.getTrack", uri=kept.uri))["track"]
        assert view["author"]["handle"] == left.handle

    await eventually(shows_at_the_new_host)
