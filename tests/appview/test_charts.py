"""What was played most: by whom, of whom and in which window; and what is known of it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from appview.queries import scrobble
from tests.appview.stage import NOW, Client, Person, Stage, tid

DAY = 86_400
MBID = "9f2a2c05-6d1d-4dd5-9a39-1bca7a25a6c7"
RECORDINGS, RELEASES, ARTISTS, LISTENERS = [
    f"fm.plyr.scrobble.getTop{what}" for what in ("Recordings", "Releases", "Artists", "Listeners")
]


class Players:
    """Has people play music, some days ago."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._today = (midnight - NOW).total_seconds()
        self._numbers = itertools.count()

    async def play(
        self,
        person: Person,
        title: str,
        by: str = "Nils",
        *,
        days: int = 0,
        late: bool = False,
        times: int = 1,
        **fields: Any,
    ) -> None:
        """`by`: artists with commas between; `days`: so many days before today, at the day's beginning or its end."""
        for number in (next(self._numbers) for _ in range(times)):
            value = {"trackName": title, "artists": [{"artistName": name} for name in by.split(", ")], **fields}
            at = self._today - DAY * days + number / 1_000 + (DAY - 1 if late else 0)
            await self.stage.play(person, tid(number), at=at, **value)


@pytest.fixture
def players(stage: Stage) -> Players:
    return Players(stage)


def told(entries: list[dict[str, Any]], kind: str) -> list[tuple[str, int, int]]:
    """(name, count, rank) of each place in a chart."""
    return [(entry[kind]["name"], entry["count"], entry["rank"]) for entry in entries]


async def test_what_is_played_most_comes_first_with_its_listeners(
    stage: Stage, client: Client, players: Players
) -> None:
    nils, ida = await stage.person(), await stage.person()
    await players.play(nils, "Strobe", "deadmau5, Kaskade", times=2, releaseName="Evening")
    await players.play(ida, "Strobe", "Kaskade, deadmau5", releaseName="Evening")
    await players.play(ida, "Says", "Nils Frahm", times=2, releaseName="Spaces")
    [strobe, says] = (await client.get(RECORDINGS))["recordings"]
    assert (strobe["count"], strobe["listeners"], strobe["rank"]) == (3, 2, 1)
    assert strobe["recording"]["name"] == "Strobe"
    assert [artist["name"] for artist in strobe["recording"]["artists"]] == ["deadmau5", "Kaskade"]
    assert told([says], "recording") == [("Says", 2, 2)]
    artists = (await client.get(ARTISTS))["artists"]
    assert {(entry["artist"]["name"], entry["count"], entry["listeners"]) for entry in artists} == {
        ("deadmau5", 3, 2),
        ("Kaskade", 3, 2),
        ("Nils Frahm", 2, 1),
    }
    releases = (await client.get(RELEASES))["releases"]
    assert {(entry["release"]["name"], entry["count"]) for entry in releases} == {
        ("Evening", 2),  # of deadmau5
        ("Spaces", 2),
        ("Evening", 1),  # of Kaskade
    }
    assert [entry["rank"] for entry in releases] == [1, 2, 3]
    listeners = (await client.get(LISTENERS))["listeners"]
    assert [(entry["actor"]["did"], entry["count"]) for entry in listeners] == [(ida.did, 3), (nils.did, 2)]


WINDOWS = {"7days": (2, 1), "30days": (4, 2), "90days": (6, 3), "180days": (8, 4), "365days": (10, 5), "all": (11, 5)}
"""How often somebody has played the one song in each window, and how many others have, once: see `edges`."""


@pytest.fixture
async def edges(stage: Stage, players: Players) -> Person:
    """Somebody who played a song at the edges of all windows, with others who did so at their first moments."""
    nils = await stage.person("nils.example.com")
    await players.play(nils, "Song", releaseName="Album")
    for days in (7, 30, 90, 180, 365):
        for person in (nils, await stage.person()):
            await players.play(person, "Song", days=days, releaseName="Album")
        await players.play(nils, "Song", days=days + 1, late=True, releaseName="Album")
    return nils


@pytest.mark.parametrize(("method", "kind"), [(RECORDINGS, "recording"), (RELEASES, "release"), (ARTISTS, "artist")])
async def test_a_window_holds_its_full_days_and_today(client: Client, edges: Person, method: str, kind: str) -> None:
    for period, (own, others) in WINDOWS.items():
        for artist in ({}, {"artist": "nils"}) if method != ARTISTS else ({},):
            [entry] = (await client.get(method, period=period, **artist))[f"{kind}s"]
            assert (entry["count"], entry["listeners"]) == (own + others, 1 + others), (period, artist)
            [entry] = (await client.get(method, period=period, actor=edges.did, **artist))[f"{kind}s"]
            assert (entry["count"], "listeners" in entry) == (own, False), (period, artist)


async def test_so_does_the_window_of_those_who_listen(client: Client, edges: Person) -> None:
    for period, (own, others) in WINDOWS.items():
        for artist in ({}, {"artist": "Nils"}):
            entries = (await client.get(LISTENERS, period=period, **artist))["listeners"]
            assert entries[0]["actor"]["did"] == edges.did
            assert [entry["count"] for entry in entries] == [own] + [1] * others, (period, artist)


@pytest.mark.parametrize("methods", ["fm.teal.stats", "fm.teal.alpha.stats"])
async def test_so_do_those_of_teal(client: Client, edges: Person, methods: str) -> None:
    for what, name in (("Artists", "Nils"), ("Releases", "Album")):
        for period in ("7days", "30days", "all"):
            [entry] = (await client.get(f"{methods}.getTop{what}", period=period))[what.lower()]
            assert (entry["name"], entry["playCount"]) == (name, sum(WINDOWS[period]))
        for period in ("7days", "30days"):
            asked = {"actor": edges.handle, "period": period}
            [entry] = (await client.get(f"{methods}.getUserTop{what}", **asked))[what.lower()]
            assert (entry["name"], entry["playCount"]) == (name, WINDOWS[period][0])


async def test_who_plays_an_artist_most_of_late_is_first_however_many_have_ever_played_it_as_often(
    stage: Stage, client: Client, players: Players
) -> None:
    for _ in range(101):
        other = await stage.person()
        await players.play(other, "Song")
        await players.play(other, "Song", days=40)
    newcomer = await stage.person("nils.example.com")
    await players.play(newcomer, "Song", times=2)
    await players.play(newcomer, "Song", "Ida", times=9)
    pages = await client.pages(LISTENERS, "listeners", artist="Nils", period="7days", limit=60)
    [first, *others] = [entry for page in pages for entry in page]
    assert (first["actor"]["did"], first["count"], first["rank"]) == (newcomer.did, 2, 1)
    assert [(entry["count"], entry["rank"]) for entry in others] == [(1, rank) for rank in range(2, 103)]
    assert len({entry["actor"]["did"] for entry in others}) == 101


@pytest.mark.parametrize(("bound", "number"), [("LISTENERS_COUNTED", 2), ("PLAYS_READ", 2)])
async def test_beyond_the_bound_those_who_have_ever_played_an_artist_most_are_ranked(
    stage: Stage, client: Client, players: Players, monkeypatch: pytest.MonkeyPatch, bound: str, number: int
) -> None:
    for recent, old in ((1, 3), (2, 1), (1, 1)):  # the first and the second read one play each
        person = await stage.person()
        await players.play(person, "Song", times=recent)
        await players.play(person, "Song", days=40, times=old)
    asked = {"artist": "Nils", "period": "30days"}
    assert [entry["count"] for entry in (await client.get(LISTENERS, **asked))["listeners"]] == [2, 1, 1]
    monkeypatch.setattr(scrobble, bound, number)
    assert [entry["count"] for entry in (await client.get(LISTENERS, **asked))["listeners"]] == [2, 1]


@pytest.mark.parametrize("asked", [{}, {"actor": True}, {"artist": "Nils"}, {"actor": True, "artist": "Nils"}])
@pytest.mark.parametrize("period", ["all", "30days"])
async def test_ranks_go_on_over_the_pages_and_ties_stand_once(
    stage: Stage, client: Client, players: Players, period: str, asked: dict[str, Any]
) -> None:
    nils = await stage.person()
    for number in range(7):
        await players.play(nils, f"Song {number}", times=1 + number // 4 * (number - 3))
    params = {**asked, **({"actor": nils.did} if "actor" in asked else {})}
    pages = await client.pages(RECORDINGS, "recordings", limit=2, period=period, **params)
    entries = [entry for page in pages for entry in page]
    assert [entry["rank"] for entry in entries] == list(range(1, 8))
    assert [entry["count"] for entry in entries] == [4, 3, 2, 1, 1, 1, 1]
    assert len({entry["recording"]["id"] for entry in entries}) == 7


async def test_a_chart_of_somebody_holds_their_plays_alone(stage: Stage, client: Client, players: Players) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person("ida.example.com")
    await players.play(nils, "Strobe", "deadmau5", times=3)
    await players.play(ida, "Strobe", "deadmau5")
    await players.play(ida, "Says", "Nils Frahm", times=2)
    for period in ("all", "7days"):
        asked = {"actor": "ida.example.com", "period": period}
        assert told((await client.get(RECORDINGS, **asked))["recordings"], "recording") == [
            ("Says", 2, 1),
            ("Strobe", 1, 2),
        ]
        assert told((await client.get(RECORDINGS, **asked, artist="deadmau5"))["recordings"], "recording") == [
            ("Strobe", 1, 1)
        ]
        assert "listeners" not in (await client.get(RECORDINGS, **asked))["recordings"][0]
        assert (await client.get(RELEASES, **asked)) == {"releases": []}
        [first, second] = (await client.get(LISTENERS, period=period, artist="DEADMAU5"))["listeners"]
        assert (first["actor"]["did"], first["count"], first["rank"]) == (nils.did, 3, 1)
        assert (second["actor"]["did"], second["count"], second["rank"]) == (ida.did, 1, 2)


async def test_music_is_found_by_mbid_by_id_and_by_name(stage: Stage, client: Client, players: Players) -> None:
    nils = await stage.person()
    known = {"artists": [{"artistName": "Ólafur Arnalds", "artistMbId": MBID}], "recordingMbId": MBID}
    await players.play(nils, "Near Light", times=2, **known, releaseName="Living Room Songs")
    await players.play(nils, "Near Light", "Ólafur Arnalds")
    by_name = await client.get("fm.plyr.scrobble.getArtist", artist="ÓLAFUR arnalds ")
    assert by_name["artist"] == {
        "id": MBID,
        "name": "Ólafur Arnalds",
        "mbid": f"mbid:{MBID}",
        "playCount": 2,
        "listenerCount": 1,
    }
    assert told(by_name["recordings"], "recording") == [("Near Light", 2, 1)]
    for text in (MBID, f"mbid:{MBID}", MBID.upper()):
        assert await client.get("fm.plyr.scrobble.getArtist", artist=text) == by_name
    entries = (await client.get(RECORDINGS))["recordings"]
    nameless = entries[1]["recording"]["artists"][0]["id"]
    by_id = (await client.get("fm.plyr.scrobble.getArtist", artist=nameless))["artist"]
    assert (by_id["id"], by_id["playCount"], "mbid" in by_id) == (nameless, 1, False)
    recording = await client.get("fm.plyr.scrobble.getRecording", recording="near light", artist=nameless)
    assert (recording["recording"]["playCount"], recording["recording"]["id"] == MBID) == (1, False)
    recording = await client.get("fm.plyr.scrobble.getRecording", recording="near light")
    assert (recording["recording"]["playCount"], recording["recording"]["mbid"]) == (2, f"mbid:{MBID}")
    release = (await client.get("fm.plyr.scrobble.getRelease", release="living room songs", artist=MBID))["release"]
    assert (release["name"], release["playCount"]) == ("Living Room Songs", 2)
    assert [artist["id"] for artist in release["artists"]] == [MBID]


async def test_of_a_release_come_the_recordings_that_were_played_most_as_part_of_it(
    stage: Stage, client: Client, players: Players
) -> None:
    nils, ida = await stage.person(), await stage.person()
    await players.play(nils, "Strobe", "deadmau5", times=3, releaseName="Evening")
    await players.play(ida, "Strobe", "deadmau5", times=4, releaseName="Best of")
    await players.play(ida, "Strobe", "deadmau5", times=9)
    await players.play(ida, "Ghosts", "deadmau5", times=4, releaseName="evening")
    await players.play(ida, "Moar", "deadmau5, Kaskade", releaseName="Evening")
    for number in range(9):
        await players.play(nils, f"Song {number}", "deadmau5", times=2, releaseName="Evening")
    answer = await client.get("fm.plyr.scrobble.getRelease", release="Evening", artist="deadmau5")
    songs = [(f"Song {number}", 2, 3 + number) for number in range(8)]
    assert told(answer["recordings"], "recording") == [("Ghosts", 4, 1), ("Strobe", 3, 2), *songs]
    assert not any("listeners" in entry for entry in answer["recordings"])
    await stage.hide(nils)
    answer = await client.get("fm.plyr.scrobble.getRelease", release="Evening", artist="deadmau5")
    assert told(answer["recordings"], "recording") == [("Ghosts", 4, 1), ("Moar", 1, 2)]
    assert answer["release"]["playCount"] == 5


async def test_with_a_recording_come_the_tracks_of_its_title_and_artist(
    stage: Stage, client: Client, players: Players
) -> None:
    nils, ida = await stage.person("nils.example.com"), await stage.person()
    await players.play(nils, "STROBE", "Deadmau5, Kaskade")
    await stage.track(nils, tid(0), at=1, title="Strobe", artist="deadmau5")
    await stage.track(nils, tid(1), title="Strobe", artist="Kaskade")
    await stage.track(nils, tid(2), title="Strobe (Live)", artist="deadmau5")
    hit, _ = await stage.track(ida, tid(0), at=2, title="strobe", artist="DEADMAU5")
    for number in range(9):
        await stage.track(ida, tid(1 + number), at=3 + number, title="Strobe", artist="deadmau5")
    await players.play(ida, "Anything", originUri=hit)

    async def found(**asked: Any) -> list[str]:
        answer = await client.get("fm.plyr.scrobble.getRecording", recording="strobe", artist="deadmau5", **asked)
        assert answer["recording"]["name"] == "STROBE"
        return [track["uri"] for track in answer["tracks"]]

    others = [ida.uri(tid(1 + number)) for number in range(9)]
    assert await found() == [hit, nils.uri(tid(0)), *others[:8]]
    await stage.pool.execute(
        "INSERT INTO visibility VALUES ($1, $2, 'label', true, false)", nils.id, f"fm.plyr.track/{tid(0)}"
    )
    assert await found() == [hit, *others]
    await stage.hide(ida)
    assert await found() == []


async def test_no_track_is_called_like_a_recording_of_nobody(stage: Stage, client: Client, players: Players) -> None:
    nils = await stage.person()
    await players.play(nils, "Strobe", artists=[])
    await stage.track(nils, title="Strobe")
    assert (await client.get("fm.plyr.scrobble.getRecording", recording="Strobe"))["tracks"] == []


async def test_a_name_is_asked_for_in_any_case_and_with_any_spaces_and_no_other_one_is_meant(
    stage: Stage, client: Client, players: Players
) -> None:
    nils = await stage.person()
    played = {"Massive  Attack": 1, "STRASSE": 2, "Love": 3, "Lové": 4, "ΧΡΙΣΤΟΣ": 5, "!!!": 6, "！": 7}
    for name, times in played.items():
        await players.play(nils, f"By {name}", name, times=times)
    meant = {
        "massive attack": 1,
        "\tMASSIVE \u00a0Attack ": 1,
        "Straße": 2,
        "strasse": 2,
        "love": 3,
        "LOVE\u0301": 4,
        "Χριστος": 5,
        "！！！": 6,
        "!": 7,
    }
    for name, times in meant.items():
        assert (await client.get("fm.plyr.scrobble.getArtist", artist=name))["artist"]["playCount"] == times
    for name in ("massiveattack", "løve", " "):
        assert await client.refused("fm.plyr.scrobble.getArtist", artist=name) == "ArtistNotFound"


async def test_what_is_called_otherwise_is_found_by_its_name_of_now(
    stage: Stage, client: Client, players: Players
) -> None:
    nils = await stage.person()
    await players.play(nils, "Strobe", "deadmau5", recordingMbId=MBID)
    await players.play(nils, "Strobe (Live)", "deadmau5", times=2, recordingMbId=MBID)
    assert await client.refused("fm.plyr.scrobble.getRecording", recording="strobe") == "RecordingNotFound"
    found = await client.get("fm.plyr.scrobble.getRecording", recording="STROBE  (live)")
    assert found["recording"]["playCount"] == 3


async def test_what_nobody_visible_has_played_is_not_found(stage: Stage, client: Client, players: Players) -> None:
    nils = await stage.person("nils.example.com")
    await players.play(nils, "Strobe", "deadmau5", releaseName="Evening")
    ways = [
        ("getArtist", {"artist": "deadmau5"}, "ArtistNotFound"),
        ("getRelease", {"release": "Evening"}, "ReleaseNotFound"),
        ("getRecording", {"recording": "Strobe"}, "RecordingNotFound"),
        ("getTopRecordings", {"artist": "deadmau5"}, "ArtistNotFound"),
        ("getTopRecordings", {"actor": nils.did}, "ActorNotFound"),
        ("getTopArtists", {"actor": "nils.example.com", "period": "7days"}, "ActorNotFound"),
    ]
    for method, params, _ in ways:
        await client.get(f"fm.plyr.scrobble.{method}", **params)
    assert await client.refused("fm.plyr.scrobble.getArtist", artist="Strobe") == "ArtistNotFound"
    assert await client.refused("fm.plyr.scrobble.getRecording", recording=MBID) == "RecordingNotFound"
    await stage.hide(nils)
    for method, params, error in ways:
        assert await client.refused(f"fm.plyr.scrobble.{method}", **params) == error
    assert await client.get(RECORDINGS) == {"recordings": []}
    assert await client.get(LISTENERS) == {"listeners": []}


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7), ("month", 30)])
async def test_what_trends_has_grown_and_is_more_than_noise(
    stage: Stage, client: Client, players: Players, period: str, days: int
) -> None:
    nils, ida, mira = [await stage.person() for _ in range(3)]
    for person in (nils, ida):
        await players.play(person, "Rising", "A", times=6, releaseName="To A")
        await players.play(person, "Rising", "A", times=4, days=days, releaseName="To A")
        await players.play(person, "Rising", "A", times=3, days=days + 1, late=True, releaseName="To A")
        await players.play(person, "Rising", "A", times=3, days=2 * days + 1, releaseName="To A")
        await players.play(person, "Steady", "B", times=6, releaseName="To B")
        await players.play(person, "Steady", "B", times=6, days=days + 1, releaseName="To B")
        await players.play(person, "New", "C", times=15, releaseName="To C")
    await players.play(mira, "Rising", "A", days=2 * days + 2, late=True, releaseName="To A")
    await players.play(nils, "Only mine", "D", times=20, releaseName="To D")
    for kind, new, rising in (("recording", "New", "Rising"), ("release", "To C", "To A"), ("artist", "C", "A")):
        entries = (await client.get("fm.plyr.scrobble.getTrending", kind=f"{kind}s", period=period))[f"{kind}s"]
        assert told(entries, kind) == [(new, 30, 1), (rising, 20, 2)]
        assert [(entry["before"], entry["listeners"]) for entry in entries] == [(0, 2), (12, 2)]
    answer = await client.get("fm.plyr.scrobble.getTrending", kind="artists", period=period, limit=1)
    assert told(answer["artists"], "artist") == [("C", 30, 1)]
    as_of_itself = await client.get("fm.plyr.scrobble.getTrending")
    assert as_of_itself == await client.get("fm.plyr.scrobble.getTrending", kind="recordings", period="week")
