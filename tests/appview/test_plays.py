"""What people have listened to."""

from __future__ import annotations

from tests.appview.stage import Client, Stage, moment, tid

FEED = "fm.teal.feed.getActorFeed"
MBID = "9f2a2c05-6d1d-4dd5-9a39-1bca7a25a6c7"


async def test_a_play_is_given_in_the_stable_form_whatever_its_generation(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    old = {
        "trackName": "Strobe",
        "artistNames": ["deadmau5", "Someone"],
        "artistMbIds": [f"mbid:{MBID}", ""],
        "recordingMbId": MBID.upper(),
        "releaseName": "For Lack of a Better Name",
        "releaseMbId": "garbage",
        "isrc": "GBTDG0900141",
        "duration": 637,
        "originUrl": "https://open.spotify.com/track/1",
        "musicServiceBaseDomain": "spotify",
        "submissionClientAgent": "test/1.0",
        "playedTime": moment(-60),
    }
    uri, cid = await stage.put(nils, "fm.teal.alpha.feed.play", tid(0), old)
    assert await client.get(FEED, authorDID="nils.example.com") == {
        "plays": [
            {
                "trackName": "Strobe",
                "artists": [{"artistName": "deadmau5", "artistMbId": f"mbid:{MBID}"}, {"artistName": "Someone"}],
                "duration": 637,
                "recordingMbId": f"mbid:{MBID}",
                "releaseName": "For Lack of a Better Name",
                "isrc": "GBTDG0900141",
                "originUri": "https://open.spotify.com/track/1",
                "musicServiceUri": "https://spotify.com",
                "submissionClientAgent": "test/1.0",
                "playedTime": moment(-60),
                "uri": uri,
                "cid": cid,
                "author": {"did": nils.did, "handle": "nils.example.com", "displayName": "nils.example.com"},
            }
        ]
    }


async def test_what_names_no_service_is_left_out(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    await stage.put(
        nils,
        "fm.teal.alpha.feed.play",
        tid(0),
        {"trackName": "Strobe", "artistNames": ["deadmau5"], "musicServiceBaseDomain": "local"},
    )
    [play] = (await client.get(FEED, authorDID=nils.did))["plays"]
    assert "musicServiceUri" not in play


async def test_both_generations_are_one_feed_and_one_play_shows_once(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    alpha = {"trackName": "Strobe", "artistNames": ["deadmau5"], "playedTime": moment(-9)}
    await stage.put(nils, "fm.teal.alpha.feed.play", tid(1), alpha)
    stable, _ = await stage.play(nils, tid(1), at=-9)
    await stage.play(nils, tid(2), at=-9)
    other, _ = await stage.put(
        nils, "fm.teal.alpha.feed.play", tid(3), {**alpha, "trackName": "Some Chords", "playedTime": moment(-5)}
    )
    assert [play["uri"] for play in (await client.get(FEED, authorDID=nils.did))["plays"]] == [other, stable]


async def test_a_hidden_play_shows_nowhere_and_one_hidden_from_lists_by_its_author_alone(
    stage: Stage, client: Client
) -> None:
    nils = await stage.person()
    unlisted, _ = await stage.play(nils, tid(1), at=-9)
    await stage.put(
        nils,
        "fm.teal.alpha.feed.play",
        tid(2),
        {"trackName": "Strobe", "artistNames": ["deadmau5"], "playedTime": moment(-7)},
    )
    kept, _ = await stage.play(nils, tid(3), at=-5)
    await stage.pool.execute(
        "INSERT INTO visibility VALUES ($1, $2, 'label', true, false), ($1, $3, 'label', true, true)",
        nils.id,
        f"fm.teal.feed.play/{tid(1)}",
        f"fm.teal.alpha.feed.play/{tid(2)}",
    )
    assert [play["uri"] for play in (await client.get(FEED, authorDID=nils.did))["plays"]] == [kept, unlisted]
    assert [play["uri"] for play in (await client.get("fm.teal.stats.getLatest"))["plays"]] == [kept]
    assert await client.refused("fm.teal.feed.getPlay", authorDID=nils.did, rkey=tid(2)) == "PlayNotFound"
    assert (await client.get("fm.teal.feed.getPlay", authorDID=nils.did, rkey=tid(1)))["play"]["uri"] == unlisted


async def test_a_limit_out_of_range_is_read_as_the_nearest_one(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    for number in range(3):
        await stage.play(nils, tid(number), at=number - 10)
    assert len((await client.get(FEED, authorDID=nils.did, limit=0))["plays"]) == 1
    assert len((await client.get(FEED, authorDID=nils.did, limit=-(2**63)))["plays"]) == 1
    assert len((await client.get(FEED, authorDID=nils.did, limit=2**63 - 1))["plays"]) == 3


async def test_an_unknown_or_hidden_listener_is_not_found(stage: Stage, client: Client) -> None:
    nils = await stage.person("nils.example.com")
    assert await client.get(FEED, authorDID=nils.did) == {"plays": []}
    await stage.hide(nils)
    for actor in (nils.did, "nils.example.com", "unknown.example.com"):
        assert await client.refused(FEED, authorDID=actor) == "ActorNotFound"
