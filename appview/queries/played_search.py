"""fm.plyr.scrobble.search: what of all that was played is meant by a text, the best first.

As in `search.py` three statements: known words, what has them, the views of the best; by the words of what is played,
which are others than those of what is published here. How it is weighed says `search_score.py`; of what is as relevant
the most played comes first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from appview.queries import search_terms, search_words
from appview.queries.base import VIEWS, Call
from appview.queries.search_score import relevance, relevant
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

KINDS = {"artists": "artist", "releases": "release", "recordings": "recording"}
CHOICE = 60
"""Items of each kind that are weighed at the least, and how many for each that is shown."""
CHOICE_FOR_EACH = 4


class Hit(NamedTuple):
    """An item that may be meant."""

    score: int
    plays: int
    id: int


async def search(call: Call) -> str:
    """What is called so, by type."""
    limit: int = call.params["limit"]
    types = [name for name in KINDS if name in call.params.get("types", KINDS)]
    found = await _found(call, [KINDS[name] for name in types], max(CHOICE, limit * CHOICE_FOR_EACH))
    best = {name: sorted(found[KINDS[name]], key=_place)[:limit] for name in types}
    views = await _shown(call, [hit for hits in best.values() for hit in hits])
    lists = (f'"{name}":[{",".join(views[hit.id] for hit in hits if hit.id in views)}]' for name, hits in best.items())
    return f"{{{','.join(lists)}}}"


async def _found(call: Call, kinds: list[str], most: int) -> defaultdict[str, set[Hit]]:
    """By kind, what may be meant."""
    hits: defaultdict[str, set[Hit]] = defaultdict(set)
    asked = search_terms.named(call.params["q"])
    if asked.empty:
        return hits
    meanings, _ = await search_words.meanings(call, SQL["words"], asked.words)
    looked_for = search_words.columns(search_words.levels(asked.words, meanings))
    corrected = search_words.corrected(asked.words, meanings)
    rows = await call.reads.rows(SQL["documents"], kinds, asked.whole, *looked_for, corrected, most)
    for score, row in relevant(asked, meanings, rows):
        hits[row["kind"]].add(Hit(score, row["plays"], row["id"]))
    return hits


def _place(hit: Hit) -> tuple[int, int, int]:
    return -hit.score, -hit.plays, hit.id


async def _shown(call: Call, hits: list[Hit]) -> dict[int, str]:
    """The views, by the number of the item; none of what has gone meanwhile."""
    if not hits:
        return {}
    rows = await call.reads.rows(SQL["shown"], [hit.id for hit in hits], [relevance(hit.score) for hit in hits])
    return {row["id"]: row["item"] for row in rows}
