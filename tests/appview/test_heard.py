"""Plays of tracks, as they are given out."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.appview.stage import Client, Stage, tid

ON_PLYR = {"musicServiceUri": "https://plyr.fm", "trackName": "TÅKE ", "artists": [{"artistName": "nils"}]}


async def test_a_play_names_its_track_and_counts_for_it_and_its_author(stage: Stage, client: Client) -> None:
    nils, mira = await stage.person("nils.example.com"), await stage.person("mira.example.com")
    await stage.play(mira, tid(1), originUri=nils.uri(tid(0)))
    await stage.play(mira, tid(2), at=1, **ON_PLYR)
    await stage.play(mira, tid(3), at=2)
    uri, _ = await stage.track(nils)
    plays = (await client.get("fm.teal.feed.getActorFeed", authorDID=mira.did))["plays"]
    assert [play.get("track") for play in plays] == [None, uri, uri]
    assert (await client.get("fm.plyr.feed.getTrack", uri=uri))["track"]["playCount"] == 2
    actor = (await client.get("fm.plyr.actor.getProfile", actor=nils.did))["actor"]
    assert (actor["playCount"], actor["listenerCount"], actor["scrobbleCount"]) == (2, 1, 0)
    await stage.subscribed()
    totals = await client.get("fm.plyr.stats.getStats")
    assert (totals["playCount"], totals["scrobbleCount"], totals["listenerCount"]) == (2, 3, 1)


async def test_a_repeated_play_names_the_same_track_and_counts_for_nothing(stage: Stage, client: Client) -> None:
    nils, mira = await stage.person("nils.example.com"), await stage.person("mira.example.com")
    by_name, _ = await stage.track(nils, tid(0))
    by_uri, _ = await stage.track(nils, tid(1), title=" ")
    for number in (2, 3):
        await stage.play(mira, tid(number), **ON_PLYR)
    for number in (4, 5):
        await stage.play(mira, tid(number), originUri=by_uri)
    asked = [{"authorDID": mira.did, "rkey": tid(number)} for number in (2, 3, 4, 5)]
    plays = [(await client.get("fm.teal.feed.getPlay", **each))["play"] for each in asked]
    assert [play["track"] for play in plays] == [by_name, by_name, by_uri, by_uri]
    for uri in (by_name, by_uri):
        assert (await client.get("fm.plyr.feed.getTrack", uri=uri))["track"]["playCount"] == 1
    await stage.hide(nils)
    plays = [(await client.get("fm.teal.feed.getPlay", **each))["play"] for each in asked]
    assert not any("track" in play for play in plays)


async def test_what_is_playing_names_its_track_while_that_shows(stage: Stage, client: Client) -> None:
    nils, mira = await stage.person("nils.example.com"), await stage.person("mira.example.com")
    uri, _ = await stage.track(nils)
    await stage.status(mira, since=datetime.now(UTC), item=ON_PLYR)
    now_playing = (await client.get("fm.plyr.actor.getNowPlaying", actor=mira.did))["nowPlaying"]
    assert now_playing["track"] == uri
    await stage.hide(nils)
    assert "track" not in (await client.get("fm.plyr.actor.getNowPlaying", actor=mira.did))["nowPlaying"]


async def test_of_tracks_that_as_many_like_the_one_that_is_played_more_is_the_more_popular(
    stage: Stage, client: Client
) -> None:
    nils, mira = await stage.person("nils.example.com"), await stage.person("mira.example.com")
    for number in range(4):
        await stage.track(nils, tid(number), at=number, title=f"Song {number}")
    await stage.like(mira, nils.uri(tid(0)))
    for number in range(3):
        await stage.play(mira, tid(number), at=number, originUri=nils.uri(tid(min(number, 1) + 1)))
    pages = await client.pages("fm.plyr.feed.getActorTracks", "tracks", actor=nils.did, sort="popular", limit=1)
    assert [track["title"] for page in pages for track in page] == ["Song 0", "Song 2", "Song 1", "Song 3"]
