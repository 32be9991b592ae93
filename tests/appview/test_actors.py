"""Accounts, what they listen to, and the figures of everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.appview.stage import AUDIO, IMAGE, NOW, PDS, Client, Person, Stage, moment, tid

PROFILE = "fm.plyr.actor.getProfile"
NOW_PLAYING = "fm.plyr.actor.getNowPlaying"
STATS = "fm.plyr.stats.getStats"


def blob(cid: object) -> dict[str, object]:
    return {"$type": "blob", "ref": cid, "mimeType": "image/jpeg", "size": 9}


def blob_url(person: Person, cid: object) -> str:
    return f"{PDS}/xrpc/com.atproto.sync.getBlob?did={person.did}&cid={cid}"


async def test_an_account_without_a_profile_goes_by_its_handle(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    actor = (await client.get(PROFILE, actor="@Nils.example.com"))["actor"]
    assert datetime.fromisoformat(actor.pop("indexedAt")) > NOW - timedelta(days=10_000)
    assert actor == {
        "did": nils.did,
        "handle": "nils.example.com",
        "displayName": "nils.example.com",
        "trackCount": 0,
        "albumCount": 0,
        "playlistCount": 0,
        "likesReceivedCount": 0,
        "playCount": 0,
        "listenerCount": 0,
        "scrobbleCount": 0,
        "totalDuration": 0,
    }


async def test_an_unconfirmed_handle_is_neither_shown_nor_found(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    assert (await client.get(PROFILE, actor=nils.did))["actor"]["handle"] == "handle.invalid"
    assert await client.refused(PROFILE, actor="handle.invalid") == "ActorNotFound"


async def test_name_avatar_and_bio_are_taken_in_their_order(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")

    async def shown() -> tuple[str | None, ...]:
        actor = (await client.get(PROFILE, actor=nils.did))["actor"]
        return actor.get("displayName"), actor.get("avatar"), actor.get("description")

    teal = {"displayName": "Teal", "description": "teal bio", "avatar": blob(AUDIO)}
    await stage.put(nils, "fm.teal.actor.profile", "self", teal)
    assert await shown() == ("Teal", blob_url(nils, AUDIO), "teal bio")
    bsky = {"displayName": "Bsky", "description": "bsky bio", "avatar": blob(IMAGE)}
    await stage.put(nils, "app.bsky.actor.profile", "self", bsky)
    assert await shown() == ("Bsky", blob_url(nils, IMAGE), "teal bio")
    plyr = {"avatar": "https://images.example.com/n.png", "bio": "plyr bio", "createdAt": moment(-5)}
    await stage.put(nils, "fm.plyr.actor.profile", "self", plyr)
    assert await shown() == ("Bsky", "https://images.example.com/n.png", "plyr bio")
    assert (await client.get(PROFILE, actor=nils.did))["actor"]["createdAt"] == moment(-5)
    await stage.delete(nils, "app.bsky.actor.profile", "self")
    await stage.delete(nils, "fm.plyr.actor.profile", "self")
    assert await shown() == ("Teal", blob_url(nils, AUDIO), "teal bio")


async def test_an_accounts_figures_are_those_of_its_records(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    uri, _ = await stage.track(nils, tid(0), duration=60)
    await stage.track(nils, tid(1), duration=2**62)
    await stage.track(nils, tid(2), duration=2**62)
    await stage.like(ida, uri)
    await stage.play(nils)
    actor = (await client.get(PROFILE, actor=nils.did))["actor"]
    assert actor["trackCount"] == 3
    assert actor["likesReceivedCount"] == 1
    assert actor["scrobbleCount"] == 1
    assert actor["totalDuration"] == 2**53 - 1


async def test_what_somebody_listens_to_shows_until_it_expires(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    idle = {
        "did": nils.did,
        "isPlaying": False,
        "author": {"did": nils.did, "handle": "nils.example.com", "displayName": "nils.example.com"},
    }
    assert await client.get(NOW_PLAYING, actor=nils.did) == {"nowPlaying": idle}
    now = datetime.now(UTC).replace(microsecond=0)
    await stage.status(nils, since=now, expiry=str(int(now.timestamp()) + 60))
    answer = await client.get(NOW_PLAYING, actor="nils.example.com")
    playing = {
        "did": nils.did,
        "isPlaying": True,
        "item": {"trackName": "Strobe", "artists": [{"artistName": "deadmau5"}]},
        "startedAt": answer["nowPlaying"]["startedAt"],
        "expiresAt": (now + timedelta(seconds=60)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "author": idle["author"],
    }
    assert answer == {"nowPlaying": playing}
    assert (await client.get(PROFILE, actor=nils.did))["actor"]["nowPlaying"] == playing
    await stage.status(nils, since=now - timedelta(hours=1))
    assert await client.get(NOW_PLAYING, actor=nils.did) == {"nowPlaying": idle}
    assert "nowPlaying" not in (await client.get(PROFILE, actor=nils.did))["actor"]


async def test_a_hidden_account_is_answered_exactly_as_an_unknown_one(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    await stage.hide(nils)
    for method in (PROFILE, NOW_PLAYING):
        for actor in (nils.did, "nils.example.com"):
            assert await client.ask(method, actor=actor) == await client.ask(method, actor="unknown.example.com")
            assert await client.refused(method, actor=actor) == "ActorNotFound"


async def test_the_figures_of_everything_are_exact(stage: Stage, client: Client) -> None:
    empty = await client.get(STATS)
    assert empty == {
        "trackCount": 0,
        "artistCount": 0,
        "totalDuration": 0,
        "likeCount": 0,
        "commentCount": 0,
        "listCount": 0,
        "playCount": 0,
        "scrobbleCount": 0,
        "listenerCount": 0,
        "repoCount": 0,
    }
    nils, ida = await stage.person(), await stage.person()
    uri, _ = await stage.track(nils, duration=61)
    await stage.like(ida, uri, tid(0))
    await stage.like(ida, uri, tid(1))
    await stage.comment(ida, uri)
    await stage.play(ida)
    await stage.subscribed()
    figures = {
        "trackCount": 1,
        "artistCount": 1,
        "totalDuration": 61,
        "likeCount": 1,
        "commentCount": 1,
        "listCount": 0,
        "playCount": 0,
        "scrobbleCount": 1,
        "listenerCount": 1,
        "repoCount": 2,
        "indexedAt": moment(),
    }
    assert await client.get(STATS) == figures
    await stage.hide(ida)
    hidden = {"likeCount": 0, "commentCount": 0, "scrobbleCount": 0, "listenerCount": 0}
    assert await client.get(STATS) == {**figures, **hidden}
