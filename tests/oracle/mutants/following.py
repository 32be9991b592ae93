"""Mistakes in what follows from several collections: charts of played music, names, search documents."""

from __future__ import annotations

from typing import Final

from tests.oracle.mutants.workshop import Mutant

CALM: Final = ("tests/oracle/test_oracle.py::test_a_world_without_faults_is_indexed_exactly",)

FOLLOWING: Final = (
    Mutant(
        "what was played late was heard last",
        "indexer/aggregates/listening.sql",
        "last_minute = greatest(l.last_minute, EXCLUDED.last_minute)",
        "last_minute = EXCLUDED.last_minute",
        CALM,
    ),
    Mutant(
        "an item is by those whom its first play credits",
        "indexer/aggregates/played_names.py",
        "if changed := sorted(fresh | credited):",
        "if changed := sorted(fresh | credited & fresh):",
        CALM,
    ),
)
