"""Queries for documents, made of the known words that may be meant."""

from __future__ import annotations

import pytest

from appview.queries.search_score import Known
from appview.queries.search_words import ALONE, COMMON, columns, levels
from protocol.words import Sought


def late(documents: int, quality: float = 1.0) -> Known:
    return Known("late", documents, quality)


def test_words_that_mean_the_same_are_looked_for_once() -> None:
    """With each of them apart an index would look for documents that have the word and have it not."""
    found = levels([Sought("late", begins=False), Sought("la", begins=True)], [[late(50)], [late(50, 0.91)]])
    assert [level.query for level in found] == ["('late')"]


def test_words_that_mean_others_are_also_looked_for_one_by_one() -> None:
    found = levels(
        [Sought("late", begins=False), Sought("train", begins=True)], [[late(50)], [Known("train", 40, 1.0)]]
    )
    assert [level.query for level in found] == ["('late')&('train')", "('train')", "('late')"]


@pytest.mark.parametrize(
    ("documents", "popular_first", "only_popular"),
    [(COMMON, False, False), (COMMON + 1, True, False), (ALONE, True, False), (ALONE + 1, True, True)],
)
def test_the_commoner_a_lone_word_the_more_only_what_is_popular_is_looked_at(
    documents: int, popular_first: bool, only_popular: bool
) -> None:
    often, wanted, _, _, dear = columns(levels([Sought("late", begins=False)], [[late(documents)]]))
    assert (often == "('late')", wanted, dear) == (popular_first, ["('late')"], [only_popular])


def test_a_common_word_of_two_is_still_looked_for_alone() -> None:
    """Popular tracks that have it are not looked at apart from those that have both."""
    typed = [Sought("late", begins=False), Sought("train", begins=False)]
    found = levels(typed, [[late(ALONE + 1)], [Known("train", ALONE + 1, 1.0)]])
    assert [level.query for level in found][1:] == ["('train')", "('late')"]
    assert columns(found)[4][1:] == [False, False]
