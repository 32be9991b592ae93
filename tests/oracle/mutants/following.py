"""Mistakes in what follows from several collections: charts of played music, names, search documents."""

from __future__ import annotations

from typing import Final

from tests.oracle.mutants.workshop import Mutant

CALM: Final = ("tests/oracle/test_oracle.py::test_a_world_without_faults_is_indexed_exactly",)
WINDOWS: Final = ("tests/indexer/aggregates/test_played.py",)
NAMES: Final = ("tests/indexer/aggregates/test_played_names.py",)

FOLLOWING: Final = (
    Mutant(
        "what was played late was heard last",
        "indexer/aggregates/listening.py",
        "max(before.last_minute, share.added)",
        "share.added",
        CALM,
    ),
    Mutant(
        "an item is by those whom its first play credits",
        "indexer/aggregates/played_names.py",
        "if plays and plays == named[name]}",
        "if plays and plays < named[name]}",
        CALM,
    ),
    Mutant(
        "an item stays with artists whom no name credits any more",
        "indexer/aggregates/played_names.py",
        "for name, plays in {**counted, each.item.name: each.own}.items() if not plays}",
        "for name, plays in {**counted, each.item.name: each.own}.items() if plays < 0}",
        NAMES,
    ),
    Mutant(
        "of equal names the first by bytes",
        "indexer/aggregates/played_names.py",
        "-names[each], key_of(each)))",
        "-names[each], each))",
        NAMES,
    ),
    Mutant(
        "a name that loses plays stays before those of which nothing was heard",
        "indexer/aggregates/played_names.py",
        "if item.heard.names.get(item.name, 0) < 0])",
        "if item.heard.names.get(item.name, 0) > 0])",
        NAMES,
    ),
    Mutant(
        "accounts that come back are not counted as listeners",
        "indexer/aggregates/played.py",
        "await _move(connection, sorted(set(touched.accounts) - hidden), edges, words, 1)",
        "await _move(connection, sorted(hidden - set(touched.accounts)), edges, words, 1)",
        CALM,
    ),
    Mutant(
        "the words of a name that is no more stay known",
        "indexer/aggregates/search.py",
        "words.subtract(stored[key].words)",
        "words.subtract(stored[key].beside)",
        CALM,
    ),
    Mutant(
        "any list with a name is found as a playlist",
        "indexer/aggregates/search.sql",
        "WHERE l.list_type = 'playlist' AND l.name IS NOT NULL",
        "WHERE l.list_type <> '' AND l.name IS NOT NULL",
        CALM,
    ),
    Mutant(
        "a track that is liked later is no more popular",
        "indexer/aggregates/search.py",
        "    if touched.subjects:\n",
        "    if touched.subjects and words:\n",
        ("tests/indexer/aggregates/test_search.py",),
    ),
    Mutant(
        "what was played on a release stays there",
        "indexer/aggregates/heard.py",
        "self.on_releases[play.release, play.recording] += sign",
        "self.on_releases[play.release, play.recording] += abs(sign)",
        WINDOWS,
    ),
    Mutant(
        "plays leave a window and their listeners stay",
        "indexer/aggregates/played.py",
        'listeners = _alone(place, [-row["listeners"] for row in rows])',
        'listeners = _alone(place, [0 * row["listeners"] for row in rows])',
        WINDOWS,
    ),
    Mutant(
        "an edge moves past plays that nobody takes out",
        "indexer/aggregates/windows.py",
        "        await chart.leave(connection, days, since, until)",
        "        await chart.leave(connection, days, until, until)",
        WINDOWS,
    ),
)
