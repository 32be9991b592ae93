"""Teal's own methods: what the published lexicons promise, and who is not shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.appview.stage import AUDIO, IMAGE, Client, Stage, moment, tid

ALPHA = {
    "trackName": "Strobe",
    "artistNames": ["deadmau5"],
    "originUrl": "https://example.com/strobe",
    "musicServiceBaseDomain": "local",
    "playedTime": moment(-9),
}


def blob(cid: object) -> dict[str, object]:
    return {"$type": "blob", "ref": cid, "mimeType": "image/jpeg", "size": 9}


async def test_alpha_answers_with_its_own_names_and_stable_with_its_own(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    await stage.put(nils, "fm.teal.alpha.feed.play", tid(0), ALPHA)
    asked = {"authorDID": nils.did, "rkey": tid(0)}
    alpha = (await client.get("fm.teal.alpha.feed.getPlay", **asked))["play"]
    stable = (await client.get("fm.teal.feed.getPlay", **asked))["play"]
    assert (alpha.pop("originUrl"), alpha.pop("musicServiceBaseDomain")) == (ALPHA["originUrl"], "local")
    assert stable.pop("originUri") == ALPHA["originUrl"]
    assert alpha == stable
    for methods in ("fm.teal.alpha", "fm.teal"):
        [in_feed] = (await client.get(f"{methods}.feed.getActorFeed", authorDID="nils.example.com"))["plays"]
        [latest] = (await client.get(f"{methods}.stats.getLatest"))["plays"]
        assert in_feed == latest == (await client.get(f"{methods}.feed.getPlay", **asked))["play"]


async def test_of_two_generations_under_one_key_the_stable_play_is_given(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    await stage.put(nils, "fm.teal.alpha.feed.play", tid(0), ALPHA)
    uri, _ = await stage.play(nils, tid(0))
    for method in ("fm.teal.feed.getPlay", "fm.teal.alpha.feed.getPlay"):
        assert (await client.get(method, authorDID=nils.did, rkey=tid(0)))["play"]["uri"] == uri


@pytest.mark.parametrize("method", ["fm.teal.feed.getPlay", "fm.teal.alpha.feed.getPlay"])
async def test_a_play_that_is_not_there_or_hidden_is_not_found(stage: Stage, client: Client, method: str) -> None:
    nils = await stage.person("nils.example.com")
    await stage.play(nils, tid(0))
    assert await client.refused(method, authorDID=nils.did, rkey=tid(1)) == "PlayNotFound"
    assert await client.refused(method, authorDID="unknown.example.com", rkey=tid(0)) == "PlayNotFound"
    await stage.hide(nils)
    assert await client.refused(method, authorDID=nils.did, rkey=tid(0)) == "PlayNotFound"


async def test_the_latest_plays_are_everybodys_the_newest_first_each_once(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    old, _ = await stage.play(nils, tid(0), at=-30)
    new, _ = await stage.play(ida, tid(1), at=-10)
    await stage.play(ida, tid(2), at=-10)
    assert [play["uri"] for play in (await client.get("fm.teal.stats.getLatest"))["plays"]] == [new, old]
    await stage.hide(ida)
    assert [play["uri"] for play in (await client.get("fm.teal.stats.getLatest"))["plays"]] == [old]


async def test_a_profile_is_that_of_teal_and_what_it_lacks_of_the_others(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    assert await client.get("fm.teal.actor.getProfile", actor=nils.did) == {
        "actor": {"did": nils.did, "displayName": "nils.example.com"}
    }
    await stage.put(nils, "app.bsky.actor.profile", "self", {"displayName": "Bsky", "avatar": blob(AUDIO)})
    profile = {
        "description": "I listen.",
        "banner": blob(IMAGE),
        "featuredItem": {"mbid": "9f2a2c05-6d1d-4dd5-9a39-1bca7a25a6c7", "type": "album"},
        "createdAt": moment(-5),
    }
    await stage.put(nils, "fm.teal.alpha.actor.profile", "self", profile)
    expected = {
        "did": nils.did,
        "displayName": "Bsky",
        "description": "I listen.",
        "featuredItem": {"mbid": "mbid:9f2a2c05-6d1d-4dd5-9a39-1bca7a25a6c7", "type": "album"},
        "avatar": str(AUDIO),
        "banner": str(IMAGE),
        "createdAt": moment(-5),
    }
    for method in ("fm.teal.actor.getProfile", "fm.teal.alpha.actor.getProfile"):
        assert (await client.get(method, actor="nils.example.com"))["actor"] == expected
    await stage.put(nils, "fm.teal.actor.profile", "self", {"displayName": "Teal", "avatar": blob(IMAGE)})
    actor = (await client.get("fm.teal.actor.getProfile", actor=nils.did))["actor"]
    assert (actor["displayName"], actor["avatar"], "description" in actor) == ("Teal", str(IMAGE), False)


async def test_a_status_shows_in_the_profile_and_alone_until_it_expires(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    idle = {"did": nils.did, "isListening": False}
    assert await client.get("fm.teal.actor.getStatus", actor=nils.did) == idle
    now = datetime.now(UTC)
    await stage.status(nils, since=now, expiry=str(int(now.timestamp()) + 60))
    item = {"trackName": "Strobe", "artists": [{"artistName": "deadmau5"}]}
    playing = {**idle, "isListening": True, "status": item}
    assert await client.get("fm.teal.actor.getStatus", actor=nils.did) == playing
    status = (await client.get("fm.teal.actor.getProfile", actor=nils.did))["actor"]["status"]
    assert (status["item"], set(status)) == (item, {"time", "expiry", "item"})
    await stage.status(nils, since=now - timedelta(hours=1))
    assert await client.get("fm.teal.actor.getStatus", actor=nils.did) == idle
    assert "status" not in (await client.get("fm.teal.actor.getProfile", actor=nils.did))["actor"]


async def test_profiles_come_in_the_order_asked_without_those_that_are_unknown(stage: Stage, client: Client) -> None:
    nils, ida, gone = [await stage.person(f"{name}.example.com") for name in ("nils", "ida", "gone")]
    await stage.hide(gone)
    asked = ["ida.example.com", gone.did, "unknown.example.com", nils.did]
    for method in ("fm.teal.actor.getProfiles", "fm.teal.alpha.actor.getProfiles", "fm.plyr.actor.getProfiles"):
        actors = (await client.get(method, actors=asked))["actors"]
        assert [actor["did"] for actor in actors] == [ida.did, nils.did]
        assert actors[0]["handle"] == "ida.example.com"


async def test_accounts_are_found_by_the_beginning_of_handle_or_name_each_once(stage: Stage, client: Client) -> None:
    nils, ida, other = [await stage.person(f"{name}.example.com") for name in ("nils", "ida", "other")]
    for person, name in ((nils, "Nilsson"), (ida, "NILA"), (other, "Vanilla")):
        await stage.put(person, "fm.teal.actor.profile", "self", {"displayName": name})

    async def found(text: str) -> list[str]:
        return [actor["did"] for actor in (await client.get("fm.teal.actor.searchActors", q=text))["actors"]]

    assert await found("Nil") == [nils.did, ida.did]
    assert await found("%") == []
    assert await found("nilsson") == [nils.did]
    nameless = await stage.person()
    await stage.put(nameless, "fm.teal.actor.profile", "self", {"displayName": "Handle with care"})
    assert await found("handle") == [nameless.did]
    await stage.hide(nils)
    assert await found("nil") == [ida.did]


async def test_who_listens_now_is_listed_whoever_began_last_first(stage: Stage, client: Client) -> None:
    nils, ida, idle = await stage.person(), await stage.person(), await stage.person()
    now = datetime.now(UTC)
    await stage.status(nils, since=now - timedelta(seconds=30))
    await stage.status(ida, since=now - timedelta(seconds=10))
    await stage.status(idle, since=now - timedelta(hours=1))
    listeners = (await client.get("fm.plyr.actor.getListeners"))["listeners"]
    assert [listener["did"] for listener in listeners] == [ida.did, nils.did]
    await stage.hide(ida)
    assert [each["did"] for each in (await client.get("fm.plyr.actor.getListeners"))["listeners"]] == [nils.did]
