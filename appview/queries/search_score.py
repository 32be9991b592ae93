"""How well a document is what was asked for: one measure for all kinds, so that they can be compared. Pure.

A whole name that is the text is worth 1; else every word that was typed counts alike, by the best word of the document
that it may mean: itself, one that it begins, one that holds it, one at an edit or two; beside the name (the artist, the
album, the tags) a little less. How long a name is and how popular its bearer only parts those that are nearly alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import asyncpg

from appview.queries.search_terms import Asked
from protocol.words import distance

ONE = 1_000_000
"""A relevance of 1.0; scores above it order what is as relevant as can be."""
LEAST = 300_000
"""What is less relevant is not shown."""

ITSELF, BEGUN, NEAR, FARTHER, WITHIN, PARTED = range(6)
"""How a known word was found for one that was typed, as the statement `words` numbers it."""
BEGUN_LEAST = 0.86  # of a long word of which little is typed
REST_MAX = 6
"""Words of a name among which one is looked for that is only somewhat like a typed one."""
ALL_WORDS = 0.95  # the text's words, but not the whole name
BESIDE = 0.93  # of a word beside the name, against one of it
NAME_BEGUN = 0.93
POPULAR = 0.0012  # for each doubling of likes
COVERED = 0.01  # for a name that has no other words
NAME_NEAR = 0.02  # for a whole name that is the text but for a mistake or two
NAME_NEAR_MIN = 6
"""Characters of a text that a whole name may be near."""


class Known(NamedTuple):
    """A known word for one that was typed: in how many documents it is, and how well it fits (at most 1). `other`: one
    that must be there as well, since a space was not typed."""

    word: str
    documents: int
    quality: float
    other: str | None = None


class Scored(NamedTuple):
    """A document and its score."""

    score: int
    kind: str
    account_id: int
    key: str


class Meant(NamedTuple):
    """What may be meant by the typed words: for a known word the places of those and how well it fits; where a space
    was not typed, place, both words and how well they fit."""

    number: int
    alone: Mapping[str, list[tuple[int, float]]]
    parted: Sequence[tuple[int, str, str, float]]


def known(word: str, rows: Iterable[tuple[int, str, int, str | None]]) -> list[Known]:
    """What a typed word may mean, of rows of the way in which each was found, the word, its documents, and the other
    word of two that were typed as one."""
    found: dict[tuple[str, str | None], Known] = {}
    for way, one, documents, other in rows:
        quality = _quality(way, word, one, other)
        if quality and ((one, other) not in found or found[one, other].quality < quality):
            found[one, other] = Known(one, documents, quality, other)
    return sorted(found.values(), key=lambda each: (-each.quality, -each.documents, each.word, each.other or ""))


def _quality(way: int, word: str, one: str, other: str | None) -> float:
    """How well a known word fits a typed one: itself over its beginning over a part over a mistake."""
    if way == ITSELF:
        return 1.0
    if way == BEGUN:
        return BEGUN_LEAST + 0.1 * len(word) / len(one)
    if way == WITHIN:
        return 0.7 + 0.1 * len(word) / len(one)
    if way == PARTED:
        edits = min(distance(word, f"{one} {other}"), distance(word, f"{other} {one}"))
    else:
        edits = distance(word, one)
    if edits > (1 if way == NEAR else 2):
        return 0.0
    # A mistake in the first letter is rare, and of a short word little is left.
    return 0.78 - 0.8 * edits / max(len(word), len(one)) - (0.04 if word[0] not in (one[0], (other or one)[0]) else 0.0)


def scored(asked: Asked, meanings: Sequence[Sequence[Known]], rows: Iterable[asyncpg.Record]) -> list[Scored]:
    """The documents of some rows, the best first, each once."""
    found = {
        (row["kind"], row["account_id"], row["key"]): Scored(score, row["kind"], row["account_id"], row["key"])
        for score, row in relevant(asked, meanings, rows)
    }
    return sorted(found.values(), reverse=True)


def relevant(
    asked: Asked, meanings: Sequence[Sequence[Known]], rows: Iterable[asyncpg.Record]
) -> list[tuple[int, asyncpg.Record]]:
    """Those of some rows of documents that are to be shown, each with its score."""
    alone: dict[str, list[tuple[int, float]]] = {}
    parted: list[tuple[int, str, str, float]] = []
    for number, words in enumerate(meanings):
        for word, _, quality, other in words:
            if other:
                parted.append((number, word, other, quality))
            else:
                alone.setdefault(word, []).append((number, quality))
    meant = Meant(len(meanings), alone, parted)
    found = [(_score(asked, meant, row), row) for row in rows]
    return [(score, row) for score, row in found if score >= LEAST]


def relevance(score: int) -> str:
    """As a view gives it."""
    return f"{min(score, ONE) / ONE:.3f}"


def _score(asked: Asked, meant: Meant, row: asyncpg.Record) -> int:
    popular = POPULAR * min(row["popularity"], 20)
    name, alias = row["name"], row["alias"]
    handle = asked.handle or asked.whole
    if (
        row["pointed"]
        or (asked.all_of_it and not alias)
        or (asked.whole and name == asked.whole)
        or (alias and alias == handle)
    ):
        return int(ONE * (1 + popular))
    best = _by_words(asked, meant, row)
    if best and _near(asked.whole, name):
        best += NAME_NEAR
    if asked.whole and name.startswith(asked.whole):
        best = max(best, NAME_BEGUN + 0.02 * len(asked.whole) / len(name))
    if alias and handle and alias.startswith(handle):
        best = max(best, NAME_BEGUN - 0.02 + 0.02 * len(handle) / len(alias))
    return int(ONE * min(best + popular, 0.999)) if best else 0


def _near(text: str, name: str) -> bool:
    """Whether a whole name is the text but for two mistakes at the most."""
    return len(text) >= NAME_NEAR_MIN and abs(len(text) - len(name)) <= 2 and distance(text, name) <= 2


def _by_words(asked: Asked, meant: Meant, row: asyncpg.Record) -> float:
    number, qualities, parted = meant
    if not number:
        return 0.0
    best = [0.0] * number
    met = 0
    for word in row["named"]:
        if word in qualities:
            met += 1
            for place, quality in qualities[word]:
                best[place] = max(best[place], quality)
    for word in row["beside"]:
        for place, quality in qualities.get(word, ()):
            best[place] = max(best[place], quality * BESIDE)
    for place, one, other, quality in parted:
        if one in row["named"] and other in row["named"]:
            met += 2
            best[place] = max(best[place], quality)
    if 0.0 in best and any(best):
        rest = [word for word in row["named"] if word not in qualities][:REST_MAX]
        best = [found or _at_all_like(asked.words[place].word, rest) for place, found in enumerate(best)]
    covered = COVERED * min(met / len(row["named"]), 1) if row["named"] else 0.0
    return ALL_WORDS * sum(best) / number + covered if any(best) else 0.0


def _at_all_like(word: str, names: Iterable[str]) -> float:
    """A little, for a name's word that has half of the letters where they are: where others fit as well, it decides."""
    likeness = max((1 - distance(word, name) / max(len(word), len(name)) for name in names), default=0.0)
    return 0.5 * likeness if likeness >= 0.5 else 0.0
