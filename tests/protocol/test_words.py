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
        ("Love \u2764\ufe0f", "love"),
        ("\u2764\ufe0f", "\u2764"),
        ("Strobe \u2665\u0301", "strobe"),
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
    assert words.words("\u2764\ufe0f") == ["\u2764"]
    assert words.squeeze("\u2764\ufe0f") != words.squeeze("\u2600\ufe0f")


def test_marks_are_of_the_word_before_them_and_none_alone() -> None:
    assert words.words("I \u2764\ufe0f U \u25cc\u0301") == ["i", "u"]
    assert words.words("\u25cc\u0e47\u0e01") == ["\u0e01"]
    assert words.words("\u0939\u093f\u0928\u094d\u0926\u0940") == ["\u0939\u093f\u0928\u094d\u0926\u0940"]


@given(st.text(max_size=300))
def test_words_are_bounded_and_each_word_is_its_own_form(text: str) -> None:
    found = words.words(text)
    assert all(0 < len(word) <= words.WORD_MAX and not word.isspace() for word in found)
    assert len(words.squeeze(text)) <= words.NAME_MAX


@given(letters, letters)
def test_words_at_one_edit_share_a_mark(one: str, other: str) -> None:
    if words.distance(one, other) <= 1:
        assert set(words.near(one)) & set(words.marks(other))


def counted(one: str, other: str) -> int:
    """The distance from the whole table of distances."""
    table = {(-1, -1): len(one) + len(other)}
    for row in range(len(one) + 1):
        for column in range(len(other) + 1):
            ways = [] if row or column else [0]
            if row:
                ways.append(table[row - 1, column] + 1)
            if column:
                ways.append(table[row, column - 1] + 1)
            if row and column:
                ways.append(table[row - 1, column - 1] + (one[row - 1] != other[column - 1]))
            if row > 1 and column > 1 and one[row - 2 : row] == other[column - 2 : column][::-1]:
                ways.append(table[row - 2, column - 2] + 1)
            table[row, column] = min(ways)
    return table[len(one), len(other)]


@given(letters, letters)
def test_the_distance_is_that_of_the_shortest_way(one: str, other: str) -> None:
    assert words.distance(one, other) == counted(one, other)


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("night dr", [("night", False), ("dr", True)]),
        ("dr dr", [("dr", True)]),
        ("夜の海", [("夜の", False), ("の海", False)]),
        ("夜 live", [("夜", True), ("live", True)]),
        ("Tåke feat. Nils", [("take", False), ("nils", True)]),
        ("  ", []),
    ],
)
def test_the_last_word_that_is_typed_may_go_on(typed: str, sought: list[tuple[str, bool]]) -> None:
    assert words.sought(typed) == sought


@given(letters, letters, letters)
def test_a_word_within_another_leads_to_it(before: str, word: str, after: str) -> None:
    assert set(words.within(word)) <= set(words.marks(before + word + after))


@given(letters, st.text("abcde", max_size=1), letters)
def test_a_space_that_was_not_typed_or_is_a_letter_is_looked_for(one: str, between: str, other: str) -> None:
    parts = words.parted(one + between + other)
    if min(len(one), len(other)) < 2 or len(one + between + other) < words.FARTHER_MIN:
        assert all(len(left) >= 2 and len(right) >= 2 for left, right in parts)
    elif between:
        assert (one, other) in parts
    else:
        assert len(other) < 3 or (one, other[1:]) in parts


@pytest.mark.parametrize(
    ("one", "other", "edits"), [("daft", "dfat", 1), ("nirvna", "nirvana", 1), ("", "abc", 3), ("abc", "abc", 0)]
)
def test_two_letters_that_changed_places_are_one_edit(one: str, other: str, edits: int) -> None:
    assert words.distance(one, other) == edits
