"""Queries for documents, made of the known words that may be meant."""

from __future__ import annotations

import pytest

from appview.queries.search_score import Known
from appview.queries.search_words import ALONE, COMMON, NAMES, STEPS, columns, corrected, levels
from protocol.words import Sought
from tests.appview.stage import Client, Stage, tid


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


@pytest.mark.parametrize(("tagged", "dear"), [(30, False), (STEPS, True)])
def test_a_common_word_is_looked_for_where_a_tag_or_a_name_leaves_few(tagged: int, dear: bool) -> None:
    found = levels([Sought("late", begins=False)], [[late(STEPS)]], [Known("rare", tagged, 1.0)])
    often, wanted, _, _, passed_over = columns(found)
    assert (often is not None, wanted, passed_over) == (dear, ["('late')&('rare')"], [dear])


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


def test_a_lone_word_that_is_mistyped_is_not_common_for_what_else_it_may_mean() -> None:
    meant = [Known("brazabonor", 2_944, 0.7), *(Known(f"braz{letter}", 1_000, 0.6, "bonor") for letter in "abcdefgh")]
    assert columns(levels([Sought("braazbonor", begins=True)], [meant]))[4] == [False]


def test_whole_names_are_corrected_by_the_commonest_words_at_the_fewest_edits() -> None:
    typed = [Sought("teh", begins=False), Sought("lov", begins=False), Sought("night", begins=True)]
    meanings = [
        [Known("the", 900, 0.5), Known("ten", 20, 0.5), Known("lehar", 3, 0.4)],
        [Known("love", 800, 0.6), Known("lovely", 30, 0.9)],
        [Known("night", 700, 1.0), Known("nights", 9, 0.95)],
    ]
    assert corrected(typed, meanings) == ["thelovenight", "tenlovenight"]


@pytest.mark.parametrize("known", [[], [Known("lovely", 5, 0.9)], [late(50)]])
def test_nothing_is_corrected_where_no_word_is_known_to_be_mistyped(known: list[Known]) -> None:
    assert corrected([Sought("late" if known == [late(50)] else "l", begins=True)], [known]) == []


def test_of_a_space_that_was_not_typed_both_orders_are_corrected() -> None:
    assert corrected([Sought("lostriver", begins=True)], [[Known("river", 5, 0.7, "lost")]])[0] == "lostriver"


def test_only_so_many_names_are_corrected() -> None:
    meant = [Known(f"nigh{letter}", 5, 0.6) for letter in "abcdefgh"]
    typed = [Sought("night", begins=False)] * 12
    assert len(corrected(typed, [meant] * 12)) == NAMES


@pytest.mark.parametrize("typed", ["ma", "mar"])
async def test_a_common_word_is_found_by_its_beginning_whatever_stands_before_it(
    stage: Stage, client: Client, typed: str
) -> None:
    nils = await stage.person()
    for number in range(2):
        uri, _ = await stage.track(nils, tid(number), title=f"Life is Marvellous {number}")
        await stage.play(nils, tid(number), trackName=f"Life is Marvellous {number}", originUri=uri)
    for table in ("search_word", "played_word"):
        await stage.pool.execute(
            f"INSERT INTO {table} (word, marks, documents)"
            " SELECT 'mara' || i, '{}', 1 FROM generate_series(1, 1000) i"
        )
    assert len((await client.get("fm.plyr.search.searchTracks", q=typed))["tracks"]) == 2
    assert len((await client.get("fm.plyr.scrobble.search", q=typed))["recordings"]) == 2
