"""Plays and statuses of every generation to rows, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.projections import music, teal_play, teal_status

from .records import ALPHA_PLAY, ALPHA_STATUS, NOW, PLAY, STATUS, play, row, status, tid

ONE = "11111111-1111-4111-9111-111111111111"
TWO = "22222222-2222-4222-9222-222222222222"


def parsed(collection: str = PLAY, **fields: Any) -> teal_play.Play:
    found = teal_play.parse(row(collection, play(**fields)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (f"mbid:{ONE}", ONE),
        (ONE, ONE),
        (f" {TWO.upper()} ", TWO),
        ("", None),
        ("garbage", None),
        (f"https://musicbrainz.org/recording/{ONE}", None),
        ("00000000-0000-0000-0000-000000000000", None),
        (f"{ONE[:14]}8{ONE[15:]}", None),
        (None, None),
        (7, None),
    ],
)
def test_an_mbid_is_a_uuid_or_nothing(written: Any, meant: str | None) -> None:
    assert music.mbid(written) == meant


@pytest.mark.parametrize(
    ("fields", "names", "mbids"),
    [
        ({"artists": [{"artistName": "A", "artistMbId": f"mbid:{ONE}"}, {"artistName": "B"}]}, ["A", "B"], [ONE, None]),
        ({"artists": None, "artistNames": ["A", "B"], "artistMbIds": [ONE, TWO]}, ["A", "B"], [ONE, TWO]),
        ({"artists": None, "artistNames": ["A", "B"], "artistMbIds": [""]}, ["A", "B"], None),
        ({"artists": [], "artistNames": ["A"]}, ["A"], None),
        ({"artists": None, "artistName": "A"}, ["A"], None),
        ({"artists": None}, [], None),
        # One scrobbler repeats one name for every MBID.
        (
            {"artists": [{"artistName": "A", "artistMbId": ONE}, {"artistName": "A", "artistMbId": TWO}]},
            ["A"],
            [ONE, TWO],
        ),
        ({"artists": None, "artistNames": ["A", "a "], "artistMbIds": [ONE, TWO]}, ["A"], [ONE, TWO]),
        ({"artists": None, "artistNames": ["A"], "artistMbIds": [ONE, TWO]}, ["A"], [ONE, TWO]),
        (
            {"artists": [{"artistName": "A"}, {"artistName": "B"}, {"artistName": "A", "artistMbId": ONE}]},
            ["A", "B"],
            [ONE, None],
        ),
        ({"artists": [{"artistName": "A", "artistMbId": "x"}]}, ["A"], None),
    ],
)
def test_artists_of_every_generation(fields: dict[str, Any], names: list[str], mbids: list[str | None] | None) -> None:
    item = music.read_item(play(**fields))
    assert (item.artist_names, item.artist_mbids) == (names, mbids)


def test_artists_without_end_are_cut_short() -> None:
    item = music.read_item({"artistNames": [f"artist {number}" for number in range(50_000)]})
    assert len(item.artist_names) == music.ARTISTS_MAX


@pytest.mark.parametrize(
    ("fields", "origin"),
    [
        ({"originUri": "https://plyr.fm/track/1"}, "https://plyr.fm/track/1"),
        ({"originUrl": "https://open.spotify.com/track/1"}, "https://open.spotify.com/track/1"),
        ({"originUrl": "open.spotify.com/track/1"}, "https://open.spotify.com/track/1"),
        ({"originUri": "at://did:plc:a/fm.plyr.track/b"}, "at://did:plc:a/fm.plyr.track/b"),
        ({"originUrl": "spotify:track:1"}, "spotify:track:1"),
        ({"originUrl": "none at all"}, None),
        ({"originUrl": ""}, None),
        ({}, None),
    ],
)
def test_an_origin_is_a_uri_under_either_name(fields: dict[str, Any], origin: str | None) -> None:
    assert music.read_item(fields).origin == origin


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("spotify", "spotify.com"),
        ("open.spotify.com", "spotify.com"),
        ("https://open.spotify.com/", "spotify.com"),
        ("https://www.last.fm", "last.fm"),
        ("lastfm", "last.fm"),
        ("Spotify.com", "spotify.com"),
        ("music.apple.com", "music.apple.com"),
        ("https://plyr.fm:443/x", "plyr.fm"),
        ("new.example.org", "new.example.org"),
        ("local", "local"),
        ("  ", None),
        ("https://[broken", None),
        ("x" * 3_000, None),
    ],
)
def test_a_service_is_one_host_however_it_is_written(written: str, host: str | None) -> None:
    assert music.read_item({"musicServiceBaseDomain": written}).service == host


def test_a_recording_is_its_mbid_else_isrc_and_title_else_title_and_artists() -> None:
    assert parsed(recordingMbId=f"mbid:{ONE}").recording == ONE
    by_isrc = parsed(isrc="GB-AAA-98-00001").recording
    assert parsed(isrc="gbaaa9800001", artists=[{"artistName": "Somebody"}]).recording == by_isrc
    assert parsed(isrc="gbaaa9800001", trackName="Teardrop").recording != by_isrc
    pair = [{"artistName": "A"}, {"artistName": "B"}]
    assert parsed(artists=pair).recording == parsed(artists=pair[::-1]).recording
    assert parsed(trackName=" ANGEL ").recording == parsed(artists=[{"artistName": "massive  attack"}]).recording
    assert len({by_isrc, parsed().recording, parsed(artists=pair).recording, ONE}) == 4


def test_a_release_is_its_mbid_else_its_name_and_first_artist() -> None:
    assert parsed(releaseMbId=ONE, releaseName="Mezzanine").release == ONE
    named = parsed(releaseName="Mezzanine").release
    assert named == parsed(releaseName=" mezzanine", artists=[{"artistName": "MASSIVE ATTACK"}]).release
    assert named != parsed(releaseName="Mezzanine", artists=[{"artistName": "B"}]).release
    assert parsed().release is None


def test_an_artist_is_the_mbid_else_the_name_and_the_two_never_merge() -> None:
    [by_name] = parsed().artists
    assert parsed(artists=[{"artistName": "MASSIVE ATTACK"}]).artists == [by_name]
    assert parsed(artists=[{"artistName": "Massive Attack", "artistMbId": ONE}]).artists == [ONE]
    both = [{"artistName": "A", "artistMbId": ONE}, {"artistName": "A", "artistMbId": TWO}]
    assert parsed(artists=both).artists == [ONE, TWO]
    assert UUID(by_name).version == 8


@given(st.text(), st.lists(st.text(), max_size=3))
def test_every_identity_is_a_uuid_of_the_version_that_no_mbid_has(title: str, names: list[str]) -> None:
    item = music.read_item({"trackName": title, "artistNames": names, "releaseName": title})
    ids = [music.recording_id(item), *music.artist_ids(item), *([found] if (found := music.release_id(item)) else [])]
    assert all(UUID(each).version == 8 for each in ids)
    assert all(music.mbid(str(UUID(each))) is None for each in ids)


def test_a_play_began_when_it_says() -> None:
    assert parsed().played_at == datetime(2026, 2, 1, 10, 0, 0, 123_000, UTC)
    assert parsed(playedTime="1770000000").played_at == datetime(2026, 2, 2, 2, 40, tzinfo=UTC)


def test_a_play_without_a_time_or_in_the_future_began_when_its_key_says_and_never_after_indexing() -> None:
    earlier = NOW - timedelta(days=3)
    for said in (None, (NOW + timedelta(seconds=1)).isoformat()):
        value = play(playedTime=said)
        for rkey, began in ((tid(earlier), earlier), (tid(NOW + timedelta(days=3)), NOW), ("my:odd_key", NOW)):
            found = teal_play.parse(row(PLAY, value, rkey=rkey))
            assert found is not None
            assert found.played_at == began


def test_both_generations_of_a_play_are_the_same_but_for_their_mark() -> None:
    stable = parsed(originUri="https://a.example/b", musicServiceUri="https://open.spotify.com")
    alpha = parsed(
        ALPHA_PLAY,
        artists=None,
        artistNames=["Massive Attack"],
        originUrl="a.example/b",
        musicServiceBaseDomain="spotify",
    )
    assert alpha.alpha
    assert alpha._replace(alpha=False, cid=stable.cid) == stable


def test_a_status_lasts_until_its_expiry_else_ten_minutes_and_a_day_at_most() -> None:
    began = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    for expiry, until in (
        ("2026-03-01T12:05:00Z", datetime(2026, 3, 1, 12, 5, tzinfo=UTC)),
        ("1772366700", datetime(2026, 3, 1, 12, 5, tzinfo=UTC)),
        (None, began + timedelta(minutes=10)),
        ("2030-01-01T00:00:00Z", began + timedelta(days=1)),
    ):
        found = teal_status.parse(row(STATUS, status(expiry=expiry), rkey="self"))
        assert (found.started_at, found.expires_at) == (began, until)


def test_a_status_without_a_track_name_has_expired() -> None:
    found = teal_status.parse(row(STATUS, status(item={"trackName": "", "artists": []}), rkey="self"))
    assert found.track_name is None
    assert found.expires_at == found.started_at


def test_a_status_counts_from_its_commit_when_it_claims_to_come_later() -> None:
    made = row(ALPHA_STATUS, status(time="2026-03-05T00:00:00Z"), rkey="self")
    found = teal_status.parse(made._replace(indexed_at=NOW - timedelta(days=300)))
    assert (found.started_at, found.alpha) == (NOW, True)
