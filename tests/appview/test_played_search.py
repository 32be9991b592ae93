"""fm.plyr.scrobble.search: what of all that was played is found for what is typed, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from appview.queries import search_words
from tests.appview.stage import Client, Stage, tid
from tests.appview.test_charts import Players

SEARCH = "fm.plyr.scrobble.search"


async def names(client: Client, q: str, kind: str = "recording", **params: Any) -> list[str]:
    """Of what is found of a kind."""
    found = await client.get(SEARCH, q=q, types=[f"{kind}s"], **params)
    return [hit[kind]["name"] for hit in found[f"{kind}s"]]


@pytest.fixture
def players(stage: Stage) -> Players:
    return Players(stage)


@pytest.mark.parametrize(
    "typed",
    [
        "Midnight Rain",
        "  MIDNIGHT   RAIN ",
        "rain midnight",
        "midnigth rain",
        "midnght",
        "mi",
        "idnigh",
        "midnight-rain",
        "massive midnight",
        "rain massive atack",
        "madprof",
    ],
)
async def test_a_recording_is_found_as_people_type_it(
    stage: Stage, client: Client, players: Players, typed: str
) -> None:
    nils = await stage.person()
    await players.play(nils, "Midnight Rain", "Massive Attack, MadProfessor")
    await players.play(nils, "Strobe", "deadmau5", times=2)
    await players.play(nils, "Tåke", "Nils")
    assert (await names(client, typed))[:1] == ["Midnight Rain"]


async def test_a_mistyped_name_is_found_though_nothing_is_looked_for_by_its_words(
    stage: Stage, client: Client, players: Players, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_words, "levels", lambda *_: [])
    nils = await stage.person()
    for name in ("Midnight Rain", "Midnight", "Rain"):
        await players.play(nils, name, "Nils")
    assert await names(client, "midnigth rian") == ["Midnight Rain"]


@pytest.mark.parametrize(
    "typed", ["massive attack", "MASSIVE", "masive atack", "attack massive", "massiveattack", "ssiv"]
)
async def test_an_artist_is_found_as_people_type_it(stage: Stage, client: Client, players: Players, typed: str) -> None:
    nils = await stage.person()
    await players.play(nils, "Angel", "Massive Attack")
    await players.play(nils, "Strobe", "deadmau5", times=2)
    assert await names(client, typed, "artist") == ["Massive Attack"]


@pytest.mark.parametrize("typed", ["mezzanine", "mezanine", "massive mezz", "zanin", "mezzanine massive attack"])
async def test_a_release_is_found_as_people_type_it(stage: Stage, client: Client, players: Players, typed: str) -> None:
    nils = await stage.person()
    await players.play(nils, "Angel", "Massive Attack", releaseName="Mezzanine")
    await players.play(nils, "Strobe", "deadmau5", releaseName="Evening", times=2)
    assert (await names(client, typed, "release"))[:1] == ["Mezzanine"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Café Müller", "cafe muller"),
        ("Don’t Stop", "dont stop"),
        ("夜に駆ける", "駆ける"),
        ("Группа крови", "кров"),
        ("봄날이 왔다", "봄날"),
        ("Ｆｕｌｌｗｉｄｔｈ", "fullwidth"),
        ("Rock & Roll", "rock and roll"),
        ("!!!", "!!!"),
    ],
)
async def test_scripts_accents_and_signs_make_no_difference(
    stage: Stage, client: Client, players: Players, name: str, typed: str
) -> None:
    nils = await stage.person()
    await players.play(nils, "Strobe", name, releaseName=name)
    await players.play(nils, name, "deadmau5", releaseName="Evening")
    for kind in ("artist", "release", "recording"):
        assert (await names(client, typed, kind))[:1] == [name]


async def test_exact_is_before_beginning_before_part_before_mistake_and_plays_part_equals(
    stage: Stage, client: Client, players: Players
) -> None:
    nils = await stage.person()
    for title, times in (("Halo", 1), ("Halo Effect", 1), ("Shalom", 9), ("Hallo", 2)):
        await players.play(nils, title, "Beyond", times=times)
    await players.play(nils, "Halo", "Other", times=3)
    found = (await client.get(SEARCH, q="halo"))["recordings"]
    told = [(hit["recording"]["name"], hit["recording"]["playCount"]) for hit in found]
    assert told == [("Halo", 3), ("Halo", 1), ("Halo Effect", 1), ("Shalom", 9), ("Hallo", 2)]
    assert [hit["relevance"] for hit in found[:2]] == ["1.000", "1.000"]


async def test_only_what_is_asked_for_comes_and_not_more(stage: Stage, client: Client, players: Players) -> None:
    nils = await stage.person()
    for number in range(3):
        await players.play(nils, f"Ocean {number}", "Ocean Band", releaseName="Oceans")
    found = await client.get(SEARCH, q="ocean", limit=2)
    assert {name: len(hits) for name, hits in found.items()} == {"artists": 1, "releases": 1, "recordings": 2}
    assert list(await client.get(SEARCH, q="ocean", types=["releases"])) == ["releases"]
    assert await client.get(SEARCH, q="nothing like it") == {"artists": [], "releases": [], "recordings": []}


async def test_a_common_word_finds_what_is_played_most(stage: Stage, client: Client, players: Players) -> None:
    nils = await stage.person()
    for number in range(80):
        await players.play(nils, f"Rain {number}", times=3 if number == 70 else 1)
    assert (await names(client, "rain", limit=1)) == ["Rain 70"]


async def test_the_next_answer_knows_what_was_played_renamed_hidden_and_deleted(
    stage: Stage, client: Client, players: Players
) -> None:
    nils, ida = await stage.person(), await stage.person()
    known = {"recordingMbId": "0d4e4dd4-6a3b-4a7c-9d43-5c3b9bd3a4b1"}
    await players.play(nils, "Strobe", "deadmau5", **known)
    assert await names(client, "strobe") == ["Strobe"]
    await players.play(ida, "Ghosts", "deadmau5", times=2, **known)
    assert await names(client, "ghosts deadmau5") == ["Ghosts"]
    assert await names(client, "strobe") == []
    await stage.hide(ida)
    assert await names(client, "strobe") == ["Strobe"]
    assert await names(client, "ghosts") == []
    await stage.hide(ida, hidden=False)
    assert await names(client, "ghosts") == ["Ghosts"]
    await stage.delete(nils, "fm.teal.feed.play", tid(0))
    await stage.hide(ida)
    assert await names(client, "ghosts") == []
    assert await names(client, "deadmau5", "artist") == []
    assert await stage.pool.fetchval("SELECT count(*) FROM played_word") == 0


@pytest.mark.parametrize(
    "text", ["%%", "__", "  ", "\\\\", "'; --", "aa" * 40, "\u202eab", "[a-z]+", "\U0001f3b5\U0001f3b5"]
)
async def test_whatever_is_typed_is_a_name_and_nothing_else(
    stage: Stage, client: Client, players: Players, text: str
) -> None:
    await players.play(await stage.person(), "Strobe")
    assert (await client.get("fm.plyr.scrobble.search", q=text))["recordings"] == []
