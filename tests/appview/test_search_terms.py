"""What a typed text asks for: words, tags, handles, links, at-uris."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appview.queries.search_terms import WORDS_MAX, Asked, parse

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
TRACK = f"at://{DID}/fm.plyr.track/3k2a"
PLAYLIST = {"account": DID, "keys": [("playlist", "list/3k2b"), ("album", "list/3k2b")]}
SOMEBODY = {"account": "ida.example.com", "keys": [("artist", "")]}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (TRACK, {"account": DID, "keys": [("track", "3k2a")]}),
        (f"  {TRACK}\n", {"account": DID, "keys": [("track", "3k2a")]}),
        (f"at://{DID}/fm.plyr.list/3k2b", PLAYLIST),
        (f"at://{DID}/fm.plyr.dev.list/3k2b", PLAYLIST),
        (f"at://{DID}/fm.plyr.actor.profile/self", {"account": DID, "keys": [("artist", "")]}),
        ("at://ida.example.com", SOMEBODY),
        (DID, {"account": DID, "keys": [("artist", "")]}),
        ("https://plyr.fm/u/ida.example.com", SOMEBODY),
        ("plyr.fm/u/ida.example.com/", SOMEBODY),
        ("https://stg.plyr.fm/u/ida.example.com?tab=likes#top", SOMEBODY),
        ("https://bsky.app/profile/ida.example.com", SOMEBODY),
        ("https://plyr.fm/@ida.example.com", SOMEBODY),
        (f"https://plyr.fm/{TRACK}", {"account": DID, "keys": [("track", "3k2a")]}),
        (f"https://plyr.fm/embed/{TRACK}", {"account": DID, "keys": [("track", "3k2a")]}),
        (f"https://plyr.fm/at%3A%2F%2F{DID}%2Ffm.plyr.list%2F3k2b", PLAYLIST),
        ("@ida.example.com", {"account": "ida.example.com", "handle": "idaexamplecom", "all_of_it": True}),
        ("@ida", {"handle": "ida"}),
    ],
)
def test_a_link_an_at_uri_and_a_handle_point_to_one_thing(text: str, asked: dict[str, Any]) -> None:
    found = parse(text)
    assert replace(found, words=tuple(found.words)) == Asked(**asked)


@pytest.mark.parametrize(
    "text",
    [
        "https://plyr.fm/track/12",
        "https://plyr.fm/",
        "https://plyr.fm/u/no_handle",
        "https://plyr.fm/tag/",
        "https://bsky.app/profile/",
        "at://",
        f"at://{DID}/app.bsky.feed.post/3k2a",
        "did:plc:",
        "",
        "   ",
    ],
)
def test_what_points_to_nothing_that_is_here_finds_nothing(text: str) -> None:
    assert parse(text).empty


def test_an_album_s_address_is_looked_for_by_its_words_among_those_of_its_artist() -> None:
    asked = parse("https://plyr.fm/u/ida.example.com/album/night-drive")
    assert (asked.account, [each.word for each in asked.words]) == ("ida.example.com", ["night", "drive"])
    assert asked.keys == [("slug", "night-drive")]


def test_hashtags_narrow_and_are_words_as_well() -> None:
    asked = parse("rain #Ambient \uff03dub")
    assert asked.tags == ["ambient", "dub"]
    assert [each.word for each in asked.words] == ["rain", "ambient", "dub"]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("c#", []),
        ("Symphony #5", []),
        ("#1 Crush", []),
        ("Nos. #4-6, #7.", []),
        ("## #", []),
        ("#ambient, (#dub)", ["ambient", "dub"]),
        ("\u201c#lo-fi\u201d!", ["lo-fi"]),
        ("#80s #r&b", ["80s", "r&b"]),
    ],
)
def test_a_hashtag_is_the_tag_and_nothing_around_it_and_a_number_is_none(text: str, tags: list[str]) -> None:
    assert parse(text).tags == tags


@pytest.mark.parametrize(
    ("link", "tags"),
    [
        ("https://plyr.fm/tag/ambient", ["ambient"]),
        ("https://plyr.fm/tag/Drum%20and%20Bass", ["drum and bass"]),
        ("plyr.fm/tag/hip%2Fhop/?sort=new", ["hip/hop"]),
        ("plyr.fm/tag/c%23#top", ["c#"]),
        ("plyr.fm/tag/808", ["808"]),
    ],
)
def test_the_link_of_a_tag_asks_for_the_whole_of_it(link: str, tags: list[str]) -> None:
    assert parse(link).tags == tags


def test_a_handle_may_be_followed_by_words() -> None:
    asked = parse("@ida.example.com night dr")
    assert (asked.account, [(each.word, each.begins) for each in asked.words], asked.all_of_it) == (
        "ida.example.com",
        [("night", False), ("dr", True)],
        False,
    )


def test_words_beyond_a_number_do_not_count() -> None:
    assert len(parse(" ".join(f"word{number}" for number in range(100))).words) == WORDS_MAX


@given(st.text(max_size=300) | st.from_regex(r"(at://|https://plyr\.fm/|@|#|did:)\S{0,80}", fullmatch=True))
def test_any_text_can_be_read(text: str) -> None:
    asked = parse(text)
    assert len(asked.words) <= WORDS_MAX
    assert all(each.word for each in asked.words)
