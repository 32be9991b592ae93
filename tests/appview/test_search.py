"""fm.plyr.search.*: what is found for what is typed, in which order, and what no text can do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appview.queries import search_words
from protocol.text import slug
from tests.appview.stage import Client, Person, Stage, tid

ALL = "fm.plyr.search.searchAll"
TRACKS = "fm.plyr.search.searchTracks"
ACTORS = "fm.plyr.actor.searchActors"


async def titles(client: Client, q: str, **params: Any) -> list[str]:
    """Of the tracks that are found."""
    return [track["title"] for track in (await client.get(TRACKS, q=q, **params))["tracks"]]


async def named(stage: Stage, *names: str) -> Person:
    """Somebody with tracks of these names."""
    nils = await stage.person("nils.example.com")
    for number, name in enumerate(names):
        await stage.track(nils, tid(number), title=name, at=number)
    return nils


@pytest.mark.parametrize(
    "typed",
    [
        "Midnight Rain",
        "midnight rain",
        "  MIDNIGHT   RAIN ",
        "rain midnight",
        "midnigth rain",
        "midnght",
        "midn",
        "mi",
        "night rain",
        "idnigh",
        "midnight-rain",
        "rain feat. nils",
        "midnightxrain",
        "midnihgtxrain",
        "midnight rain strobe",
    ],
)
async def test_a_track_is_found_as_people_type_it(stage: Stage, client: Client, typed: str) -> None:
    await named(stage, "Midnight Rain", "Strobe", "Tåke")
    assert (await titles(client, typed))[:1] == ["Midnight Rain"]


async def test_a_mistyped_name_is_found_though_nothing_is_looked_for_by_its_words(
    stage: Stage, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where each of its words is too common for that."""
    monkeypatch.setattr(search_words, "levels", lambda *_: [])
    await named(stage, "Midnight Rain", "Midnight", "Rain")
    assert await titles(client, "midnigth rian") == ["Midnight Rain"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Café Müller", "cafe muller"),
        ("Smørrebrød", "smorrebrod"),
        ("Don’t Stop", "don't stop"),
        ("Don't Stop", "dont stop"),
        ("夜に駆ける", "夜に"),
        ("夜に駆ける", "駆ける"),
        ("Группа крови", "группа"),
        ("Группа крови", "кров"),
        ("봄날이 왔다", "봄날"),
        ("Ｆｕｌｌｗｉｄｔｈ", "fullwidth"),
        ("Rock & Roll", "rock and roll"),
        ("Night ft. Ida", "night ida"),
        ("!!!", "!!!"),
        ("Symphony #5", "symphony #5"),
    ],
)
async def test_scripts_accents_and_signs_make_no_difference(
    stage: Stage, client: Client, name: str, typed: str
) -> None:
    await named(stage, name, "Strobe")
    assert await titles(client, typed) == [name]


async def test_exact_is_before_beginning_before_part_before_mistake_and_likes_part_equals(
    stage: Stage, client: Client
) -> None:
    nils = await named(stage, "Shallow", "Halo Effect", "Halo", "Hallo")
    for _ in range(5):
        await stage.like(await stage.person(), nils.uri(tid(0)))
    assert await titles(client, "halo") == ["Halo", "Halo Effect", "Hallo"]
    fans = [(await stage.track(await stage.person(), title="Halo", artist="Other"))[0]]
    await stage.like(nils, fans[0])
    assert [track["uri"] for track in (await client.get(TRACKS, q="halo"))["tracks"]][:2] == [fans[0], nils.uri(tid(2))]


async def test_relevance_can_be_compared_across_types(stage: Stage, client: Client) -> None:
    nils = await named(stage, "Aurora Borealis")
    await stage.track_list(nils, [nils.uri(tid(0))], tid(9), name="Aurora")
    found = await client.get(ALL, q="aurora")
    (playlist,), (track,) = found["playlists"], found["tracks"]
    assert 1.0 == float(playlist["relevance"]) > float(track["relevance"]) > 0.8
    assert found["counts"] == {"tracks": 1, "artists": 0, "albums": 0, "playlists": 1, "tags": 0}


async def test_the_next_answer_knows_what_was_written_edited_hidden_and_deleted(stage: Stage, client: Client) -> None:
    nils = await named(stage, "Strobe")
    assert await titles(client, "strobe") == ["Strobe"]
    await stage.track(nils, tid(0), title="Ghosts")
    assert await titles(client, "strobe") == []
    assert await titles(client, "ghosts") == ["Ghosts"]
    await stage.hide(nils)
    assert await titles(client, "ghosts") == []
    assert (await client.get(ACTORS, q="nils.example.com"))["actors"] == []
    await stage.hide(nils, hidden=False)
    assert await titles(client, "ghosts") == ["Ghosts"]
    await stage.delete(nils, "fm.plyr.track", tid(0))
    assert await titles(client, "ghosts") == []
    assert await stage.pool.fetchval("SELECT count(*) FROM search_word WHERE word IN ('strobe', 'ghosts')") == 0


async def test_what_is_excluded_is_left_out_before_the_limit(stage: Stage, client: Client) -> None:
    nils, ida = await stage.person(), await stage.person()
    for number in range(30):
        uri, _ = await stage.track(nils, tid(number), title="Rain", tags=["ai"])
        await stage.like(ida, uri, tid(number))
    await stage.track(ida, title="Rain in the Evening", tags=["live"])
    found = await client.get(ALL, q="rain", excludeTags=["AI"], limit=1)
    assert [hit["track"]["title"] for hit in found["tracks"]] == ["Rain in the Evening"]


async def crowd(stage: Stage, number: int, **columns: Any) -> None:
    """So many documents, of tracks or a `kind`, of an account of its own, as they would stand in a large library."""
    await stage.pool.execute(
        """
        INSERT INTO search_document (kind, account_id, key, popularity, name, tags, words)
        SELECT $6, $1, 'k' || i, $2, 'crowd', $3, $4::text::tsvector FROM generate_series(1, $5::integer) i
        """,
        columns.get("account_id") or (await stage.person()).id,
        columns.get("popularity", 0),
        columns.get("tags", []),
        columns.get("words", "crowd:1A"),
        number,
        columns.get("kind", "track"),
    )


@pytest.mark.parametrize(("others", "found"), [("crowd:1A", True), ("love:1B", False)])
async def test_an_artist_is_found_by_a_word_that_is_dear_unless_many_popular_ones_have_it(
    stage: Stage, client: Client, monkeypatch: pytest.MonkeyPatch, others: str, *, found: bool
) -> None:
    """Tracks may have it, and few artists; or many, as the words of a domain."""
    monkeypatch.setattr(search_words, "STEPS", 0)
    await stage.person("slow.love.example.com")
    await crowd(stage, 150, kind="artist", popularity=9, words=others)
    await crowd(stage, 900, kind="artist", popularity=8)
    actors = (await client.get(ACTORS, q="love"))["actors"]
    assert ("slow.love.example.com" in [actor["handle"] for actor in actors]) is found


@pytest.mark.parametrize(
    ("method", "narrowed"),
    [
        (TRACKS, {"tag": "rare"}),
        (TRACKS, {"artist": "Ida"}),
        (TRACKS, {"artist": "ida.example.com"}),
        (ALL, {"excludeTags": ["loud"]}),
    ],
)
async def test_what_is_left_of_a_common_word_is_found_behind_what_is_more_popular(
    stage: Stage, client: Client, monkeypatch: pytest.MonkeyPatch, method: str, narrowed: dict[str, Any]
) -> None:
    monkeypatch.setattr(search_words, "ALONE", 1)
    monkeypatch.setattr(search_words, "COMMON", 1)
    ida, nils = await stage.person("ida.example.com"), await stage.person()
    await stage.track(ida, title="Slow Love", artist="Ida", tags=["rare"])
    await stage.track(nils, title="Other Love", artist="Nils", tags=["loud"])
    await crowd(stage, 3_001, popularity=9, tags=["loud"])
    found = await client.get(method, q="love", **narrowed)
    tracks = found["tracks"] if method == TRACKS else [hit["track"] for hit in found["tracks"]]
    assert [track["title"] for track in tracks] == ["Slow Love"]


async def test_a_track_of_many_words_is_found_by_its_tags(stage: Stage, client: Client) -> None:
    """Of the words beside a name only the first stand in a document, and tags come last. Here each letter is a word."""
    album = "".join(chr(0x4E00 + number) for number in range(60))
    await stage.track(await stage.person(), title="Night Drive", artist="Ida", album=album, tags=["ambient"])
    found = (await client.get(TRACKS, q="drive", tag="ambient"))["tracks"]
    assert [track["title"] for track in found] == ["Night Drive"]
    assert (await client.get(TRACKS, q="drive", tag="other"))["tracks"] == []


async def test_a_name_is_found_among_more_of_an_account_than_are_gone_through(stage: Stage, client: Client) -> None:
    nils = await named(stage, "Foo")
    await crowd(stage, 10_001, account_id=nils.id)
    for asked in ({"q": "foo", "artist": "nils.example.com"}, {"q": "@nils.example.com foo"}):
        found = (await client.get(TRACKS, **asked))["tracks"]
        assert [track["title"] for track in found] == ["Foo"]


async def test_an_artist_may_be_called_as_a_handle_is_written(stage: Stage, client: Client) -> None:
    await stage.track(await stage.person(), title="Scream", artist="will.i.am")
    own, _ = await stage.track(await stage.person("n.e.r.d"), tid(1), title="Scream", artist="somebody else")
    await stage.track(await stage.person(), tid(2), title="Scream", artist="N.E.R.D")
    found = (await client.get(TRACKS, q="scream", artist="will.i.am"))["tracks"]
    assert [track["artist"] for track in found] == ["will.i.am"]
    assert [each["uri"] for each in (await client.get(TRACKS, q="scream", artist="N.E.R.D"))["tracks"]] == [own]
    assert (await client.get(TRACKS, q="scream", artist="@will.i.am"))["tracks"] == []


async def test_two_accounts_have_nothing_together(stage: Stage, client: Client) -> None:
    for name in ("nils.example.com", "ida.example.com"):
        await stage.track(await stage.person(name), title="Strobe")
    found = await client.get(TRACKS, q="@nils.example.com", artist="ida.example.com")
    assert found["tracks"] == []


async def test_whose_handle_only_begins_so_is_not_who_is_named(stage: Stage, client: Client) -> None:
    liked, ida = await stage.person("nils.example.com"), await stage.person()
    track, _ = await stage.track(liked, title="Strobe")
    await stage.like(ida, track)
    await stage.person("nils.example.co")
    found = (await client.get(ALL, q="@nils.example.co"))["artists"]
    assert [hit["actor"]["handle"] for hit in found] == ["nils.example.co", "nils.example.com"]
    assert found[0]["relevance"] == "1.000" > found[1]["relevance"]


@pytest.mark.parametrize("q", ["@nobody.example.com", "@nobody.example.com rock", "at://nobody.example.com"])
async def test_an_account_that_is_not_known_has_nothing(stage: Stage, client: Client, q: str) -> None:
    await stage.track(await stage.person(), title="Strobe", tags=["rock"])
    assert set((await client.get(ALL, q=q))["counts"].values()) == {0}


@pytest.mark.parametrize("liked", ["first", "last"])
@pytest.mark.parametrize("q", ["love", "love s", "love other"])
async def test_the_most_liked_of_many_with_a_word_comes_first(
    stage: Stage, client: Client, monkeypatch: pytest.MonkeyPatch, q: str, liked: str
) -> None:
    """A letter may be the beginning of a word that is not typed yet; other tracks have it as well."""
    for name in ("AMONG", "BEHIND", "TOGETHER", "COMMON", "ALONE"):
        monkeypatch.setattr(search_words, name, 10)
    tracks: dict[str, str] = {}
    for name in ("first", "last"):
        tracks[name], _ = await stage.track(await stage.person(), title=f"Other {name} Love")
        if name == "first":
            await crowd(stage, 100, words="another:1A love:2A other:3A")
    for word in ("love", "other", "s"):
        await stage.pool.execute(
            "INSERT INTO search_word (word, marks, documents) VALUES ($1, '{}', $2)"
            " ON CONFLICT (word) DO UPDATE SET documents = excluded.documents",
            word,
            102 if word != "s" else 1,
        )
    for _ in range(3):
        await stage.like(await stage.person(), tracks[liked])
    found = (await client.get(TRACKS, q=q, limit=10))["tracks"]
    assert found[0]["uri"] == tracks[liked]


async def test_of_all_that_an_account_has_made_the_most_liked_comes_first(stage: Stage, client: Client) -> None:
    nils = await named(stage, *(f"Rain {number}" for number in range(70)))
    await stage.like(await stage.person(), nils.uri(tid(69)))
    found = await client.get(ALL, q="@nils.example.com", limit=1)
    assert [hit["track"]["title"] for hit in found["tracks"]] == ["Rain 69"]


async def test_a_tag_is_found_by_its_name(stage: Stage, client: Client) -> None:
    await stage.track(await stage.person(), title="Strobe", tags=["deep house"])
    found = await client.get(ALL, q="deep", types=["tags"])
    assert [hit["tag"]["name"] for hit in found["tags"]] == ["deep house"]


async def test_the_link_of_a_tag_of_several_words_finds_its_tracks(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    await stage.track(nils, tid(0), title="Strobe", tags=["drum and bass"])
    await stage.track(nils, tid(1), title="Drum and Bass", tags=["drum"])
    assert await titles(client, "https://plyr.fm/tag/drum%20and%20bass") == ["Strobe"]


async def test_an_album_is_found_by_its_address_whatever_its_name_is_written_in(stage: Stage, client: Client) -> None:
    nils = await named(stage, "Strobe")
    for number, name in enumerate(("\u591c\u884c\u5217\u8eca", "\u591c", "Night Drive", "Night")):
        await stage.track(nils, tid(10 + number), title="Strobe", album=name)
    for name in ("\u591c\u884c\u5217\u8eca", "Night"):
        link = f"https://plyr.fm/u/nils.example.com/album/{slug(name)}"
        found = await client.get(ALL, q=link, types=["albums"])
        assert (found["albums"][0]["album"]["title"], found["albums"][0]["relevance"]) == (name, "1.000")


async def test_albums_without_a_track_take_no_place_of_one_that_has_some(stage: Stage, client: Client) -> None:
    nils, ida = await named(stage, "Strobe", "Ghosts"), await stage.person()
    for number in range(12):
        await stage.track_list(ida, [nils.uri(f"lost{number}")], tid(number), name="Rain", listType="album")
    real = [
        (await stage.track_list(nils, [nils.uri(tid(number))], tid(number), name="Rains", listType="album"))[0]
        for number in range(2)
    ]

    async def albums(limit: int) -> list[str]:
        found = await client.get(ALL, q="rain", limit=limit)
        assert found["counts"]["albums"] == len(found["albums"])
        return [hit["album"]["uri"] for hit in found["albums"]]

    assert sorted(await albums(2)) == real
    assert await albums(1) == (await albums(2))[:1]
    await stage.track(nils, "lost7", title="Found again")
    assert await albums(1) == [ida.uri(tid(7), "fm.plyr.list")]


async def test_links_and_handles_find_what_they_point_to(stage: Stage, client: Client) -> None:
    nils = await named(stage, "Strobe", "Ghosts")
    for q in (nils.uri(tid(1)), f"https://plyr.fm/{nils.uri(tid(1))}"):
        found = await client.get(ALL, q=q)
        assert [hit["track"]["title"] for hit in found["tracks"]] == ["Ghosts"]
        assert found["tracks"][0]["relevance"] == "1.000"
    for q in ("@nils.example.com", "https://plyr.fm/u/nils.example.com", nils.did):
        found = await client.get(ALL, q=q, types=["artists"])
        assert [hit["actor"]["handle"] for hit in found["artists"]] == ["nils.example.com"]
    assert (await client.get(ALL, q=f"at://{nils.did}/fm.plyr.track/none"))["tracks"] == []


async def test_all_pages_of_a_search_hold_each_track_once(stage: Stage, client: Client) -> None:
    await named(stage, *(f"Rain {number}" for number in range(25)))
    pages = await client.pages(TRACKS, "tracks", q="rain", limit=10)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert len({track["uri"] for page in pages for track in page}) == 25


HOSTILE = [
    "%",
    "_",
    "%%%%",
    "__%",
    "'",
    "''; DROP TABLE record; --",
    '"',
    "\\",
    "\\'",
    "a' | 'b",
    "& | ! ( )",
    "!a",
    "a:*",
    "<->",
    "(a+)+$",
    ".*.*.*.*=",
    "[[:alpha:]]",
    "a" * 100,
    "aa " * 30,
    "ab" * 50,
    "٪" * 60,
    "مرحبا بالعالم",
    "\u202eevil\u202c",
    "שלום",
    "🎵",
    "👩\u200d👩\u200d👧\u200d👦" * 8,
    "e\u0301" * 40,
    "Z\u0300\u0301\u0302\u0303" * 20,
    "\u0000",
    "\ufffd\ud7ff",
    "x",
    "夜" * 60,
    "#",
    "@",
    "@@@@",
    "#" * 60,
    "at://at://at://",
    "https://plyr.fm/" + "%2F" * 25,
]


@pytest.mark.parametrize("q", HOSTILE)
async def test_a_hostile_text_is_answered_and_harms_nothing(stage: Stage, client: Client, q: str) -> None:
    await named(stage, "Aa", "100 % _ \\ '", "a" * 200, "夜に駆ける")
    for method, params in ((ALL, {}), (TRACKS, {}), (ACTORS, {}), ("fm.plyr.scrobble.search", {})):
        status, answer = await client.ask(method, q=q, **params)
        assert status in (200, 400), answer
    assert await stage.pool.fetchval("SELECT count(*) FROM record") == 4


async def test_many_hostile_searches_leave_the_server_answering(stage: Stage, client: Client) -> None:
    await named(stage, *("aaaa " * 40 + str(number) for number in range(60)))
    answers = await asyncio.gather(*(client.ask(ALL, q=q) for q in HOSTILE * 3))
    assert {status for status, _ in answers} <= {200, 400, 503}
    assert await titles(client, "aaaa 7") != []
