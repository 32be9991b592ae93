"""Counting, comparing and folding of people's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.text import graphemes, hashtags, normalise, pg_text, slug, tag


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("a\r\nb", 3),
        ("👨‍👩‍👧‍👧", 1),
        ("a~öñ©⽘☎𓋓😀👨‍👩‍👧‍👧", 10),
        ("e\u0301", 1),
        ("🇩🇪🇫🇷", 2),
        ("नि", 1),
    ],
)
def test_graphemes_are_what_people_see(text: str, count: int) -> None:
    assert graphemes(text) == count


@given(st.text(st.characters(max_codepoint=127)))
def test_the_cheap_count_of_ascii_equals_the_full_one(text: str) -> None:
    assert graphemes(text) == graphemes(text + "\nö") - 2 + text.endswith("\r")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Sigur  Rós", "sigur ro\u0301s"),
        ("STRASSE", "straße"),
        ("ｆｕｌｌ width", "full\u3000WIDTH"),
        (" a\tb\n", "A B"),
        ("ΑΣ", "ας"),
    ],
)
def test_two_ways_of_writing_one_name_are_the_same_name(left: str, right: str) -> None:
    assert normalise(left) == normalise(right)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("tūnņg", "tunng"), ("Kid A", "kid-a"), ("  --What's Going On?! ", "what-s-going-on"), ("ＯＫ №5", "ok-no5")],
)
def test_a_slug_is_ascii_words_with_hyphens(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_a_name_without_ascii_gets_a_hash_that_ignores_case_and_spacing() -> None:
    assert slug("Ночь") == slug(" НОЧЬ ")
    assert slug("Ночь") != slug("День")
    assert len(slug("Ночь")) == 8


@given(st.text())
def test_a_slug_can_stand_in_an_address(text: str) -> None:
    assert slug(text).isascii()
    assert slug(text).replace("-", "").isalnum()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("new one #Ambient #drone, (#lo-fi)", ["ambient", "drone", "lo-fi"]),
        ("#a #A #b", ["a", "b"]),
        ("＃音楽 #ночь #हिन्दी", ["音楽", "ночь", "हिन्दी"]),
        ("https://a.example/#frag page.html#top &#39; # alone ##", []),
        ("#1 #2024 #90s", ["90s"]),
        ("#one#two", ["one"]),
    ],
)
def test_hashtags_are_found_where_people_mean_them(text: str, expected: list[str]) -> None:
    assert hashtags(text) == expected


@given(st.text())
def test_a_hashtag_is_already_a_tag(text: str) -> None:
    assert all(name == tag(name) for name in hashtags(text))


def test_a_tag_is_trimmed_and_lower_case_with_single_spaces() -> None:
    assert tag("  Deep \t House ") == "deep house"


@given(st.text(st.characters()))
def test_text_for_postgres_has_no_nul_and_encodes(text: str) -> None:
    stored = pg_text(text)
    assert "\x00" not in stored
    stored.encode()
    assert len(stored) == len(text)


def test_text_for_postgres_changes_only_what_cannot_be_held() -> None:
    assert pg_text("a\x00b\ud800é") == "a\ufffdb\ufffdé"
    assert pg_text("plain é") == "plain é"
