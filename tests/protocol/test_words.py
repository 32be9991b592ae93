"""Words: what makes no difference to whoever searches, and what leads from one word to another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import words

letters = st.text(st.sampled_from("abcdeя夜"), min_size=1, max_size=10)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don\u2019t Stop", "dont stop"),
        ("AC/DC", "acdc"),
        ("Tūnņg Meadow", "tunng meadow"),
        ("Strobe (feat. Kaskade)", "Strobe ft Kaskade"),
        ("Mira & the Delays", "mira and the delays"),
        ("Straße", "STRASSE"),
        ("Søren Łęcki", "soren lecki"),
        ("Всё ещё", "все еще"),
        ("\uff21\uff22\uff23 １２", "abc 12"),
        ("#lofi_beats", "lofi beats"),
    ],
)
def test_case_accents_quotes_and_punctuation_make_no_difference(one: str, other: str) -> None:
    assert words.squeeze(one) == words.squeeze(other)


def test_scripts_without_spaces_are_cut_into_pairs_of_which_every_part_has_some() -> None:
    assert words.words("夜の海") == ["夜の", "の海", "海"]
    assert set(words.words("달빛공장")) > set(words.words("공장"))


def test_the_sound_marks_of_kana_are_no_accents() -> None:
    assert words.squeeze("か") != words.squeeze("が")


def test_symbols_alone_are_a_word() -> None:
    assert words.words("!!!") == ["!!!"]
    assert words.words(" \t") == []


@given(st.text(max_size=300))
def test_words_are_bounded_and_each_word_is_its_own_form(text: str) -> None:
    found = words.words(text)
    assert all(0 < len(word) <= words.WORD_MAX and not word.isspace() for word in found)
    assert len(words.squeeze(text)) <= words.NAME_MAX


@given(letters, letters)
def test_words_at_one_edit_share_a_mark(one: str, other: str) -> None:
    if words.distance(one, other) <= 1:
        assert set(words.near(one)) & set(words.marks(other))


@given(letters, letters, letters)
def test_a_word_within_another_leads_to_it(before: str, word: str, after: str) -> None:
    assert set(words.within(word)) <= set(words.marks(before + word + after))


@pytest.mark.parametrize(
    ("one", "other", "edits"), [("daft", "dfat", 1), ("nirvna", "nirvana", 1), ("", "abc", 3), ("abc", "abc", 0)]
)
def test_two_letters_that_changed_places_are_one_edit(one: str, other: str, edits: int) -> None:
    assert words.distance(one, other) == edits
