"""From what was typed, by way of the known words that may be meant, to queries for documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from appview.queries.base import Call
from appview.queries.search_score import BEGUN_LEAST, Known, known
from protocol.words import Sought, distance, farther, near, parted, within

STEPS = 100_000
"""What a query may cost an index: as many entries, times the documents in which it looks for them. About 3 ms; half
of it for one word, which may mean many."""
ALONE = 20_000
"""The same from which on only the popular tracks are looked at: to go through all of a word's documents takes
milliseconds, and of so many enough are popular."""
NEARLY = 0.1
"""By how much a known word may fit worse than the best one to be looked for together with it."""
AMONG = 2_000
"""Documents that answer to a query, the popular ones of which are looked at."""
COMMON = AMONG
"""Documents of a word that is looked for alone from which on the popular ones are looked at first: any that are not
among the others would be missed."""
BEHIND, TOGETHER = 500, 5_000
"""As AMONG, behind the popular ones, and of those that have several words."""
PARTIAL, PARTIAL_AMONG = 3, 50
"""Queries of all words but one, at the most, and the same for them."""
NAMES, NAMES_BY_WORD = 24, 3
"""Whole names that may be meant by one with mistakes, and known words for each of its words."""
MISTAKES = 2
"""Edits of a word of these."""
FUZZY_MIN = 3
"""Characters of a word in which mistakes are looked for."""


class Level(NamedTuple):
    """Documents that a query finds and `but` does not. `among`: as AMONG; `most`: no more than these; `dear`: it costs
    more than what it finds is worth; `alone`: by one word that was typed."""

    query: str
    but: str | None
    among: int
    most: int
    dear: bool
    alone: bool

    @property
    def common(self) -> bool:
        """It finds so much of a single word that tracks are not looked for by it."""
        return self.alone and self.most > ALONE

    @property
    def popular_first(self) -> bool:
        """It finds more than can be looked at."""
        return self.dear or (self.among != PARTIAL_AMONG and self.most > (COMMON if self.alone else ALONE))


async def meanings(
    call: Call, statement: str, typed: Sequence[Sought], beside: Sequence[str] = ()
) -> tuple[list[list[Known]], list[Known]]:
    """Of each word that was typed, the known ones that may be meant, and the words beside as they are known.
    `statement`: `known_words` of a vocabulary."""
    if not typed:
        return [], []
    names = [each.word for each in typed]
    none = [None] * len(beside)
    sides, rests, marks = _parts(names)
    rows = await call.reads.rows(
        statement,
        [*names, *beside],
        [each.begins and (len(each.word) > 1 or not each.word.isascii()) for each in typed] + [False] * len(beside),
        [_array(near(name)) if len(name) >= FUZZY_MIN else None for name in names] + none,
        [_array(farther(name)) or None for name in names] + none,
        [_array(within(name)) or None for name in names] + none,
        sides + none,
        rests + none,
        marks + none,
    )
    found: list[list[tuple[int, str, int, str | None]]] = [[] for _ in [*names, *beside]]
    for row in rows:
        place: int = row["place"]
        found[place - 1].append((row["way"], row["word"], row["documents"], row["other"]))
    as_they_are = zip(beside, found[len(names) :], strict=True)
    return (
        [known(name, rows) for name, rows in zip(names, found[: len(names)], strict=True)],
        [Known(word, rows[0][2] if rows else 0, 1.0) for word, rows in as_they_are],
    )


def _parts(names: Sequence[str]) -> tuple[list[str | None], list[str | None], list[str | None]]:
    """For each word: what stands on one side of a space that was not typed, what on the other, and marks of that."""
    parts = [[pair for left, right in parted(name) for pair in ((left, right), (right, left))] for name in names]
    return (
        [_array([_text(side) for side, _ in each]) or None for each in parts],
        [_array([_text(rest) for _, rest in each]) or None for each in parts],
        [_array([_text(_array(near(rest))) for _, rest in each]) or None for each in parts],
    )


def levels(typed: Sequence[Sought], meanings: Sequence[Sequence[Known]], beside: Sequence[Known] = ()) -> list[Level]:
    """Queries for documents with all words as they are typed, with those that fit best, with all that may be meant, and
    then with all words but one; in all of them the words beside: of an artist's name or a tag. A single letter may be a
    word that is not yet typed; it need not be met, but first what has it as well is looked for."""
    pairs: list[tuple[Sought, Sequence[Known]]] = []
    letters: list[Sequence[Known]] = []
    for each, words in zip(typed, meanings, strict=True):
        if len(typed) == 1 or len(each.word) > 1 or not each.word.isascii():
            pairs.append((each, words))
        elif words:
            letters.append(words[:1])
    exact = [[one for one in words if one.quality >= (BEGUN_LEAST if each.begins else 1)] for each, words in pairs]
    meant = [words for _, words in pairs if words]
    best = [[one for one in words if one.quality >= words[0].quality - NEARLY] for words in meant]
    found: list[Level] = []
    for groups in ([*best, *letters] if letters else [], exact, best, meant):
        if groups and all(groups):
            level = _level(groups, beside, found[-1].query if found else None)
            found += [level] if level.query != level.but else []
    if len(pairs) > 1 and len(meant) > 1:
        unlikely_first = sorted(range(len(meant)), key=lambda place: meant[place][0].quality)
        rest = [
            _level([*meant[:place], *meant[place + 1 :]], beside, found[-1].query, PARTIAL_AMONG)
            for place in unlikely_first
        ]
        known = {level.query for level in found}
        others = {each.query: each for each in rest if not each.dear and each.query not in known}
        found += list(others.values())[:PARTIAL]
    return found


def columns(
    found: Sequence[Level], *, narrowed: bool = False
) -> tuple[str | None, list[str], list[str | None], list[int], list[bool]]:
    """As the statements `documents` take them; first the query to which so many documents answer that the popular ones
    are looked at before all others, if there is one. `narrowed`: many of them may not be what is asked for."""
    many = next((level for level in found if level.popular_first), None)
    return (
        many.query if many else None,
        [level.query for level in found],
        [level.but for level in found],
        [BEHIND if level is many and level.alone else level.among for level in found],
        [level.dear or (level is many and level.common and not narrowed) for level in found],
    )


def corrected(typed: Sequence[Sought], meanings: Sequence[Sequence[Known]]) -> list[str]:
    """Whole names, as they are compared, that may be meant by what was typed with mistakes in it: so a name is found
    though each of its words is too common to be looked for. None where every word is a known one."""
    names, is_mistaken = [""], False
    for each, words in zip(typed, meanings, strict=True):
        edits, likely = _likely(each.word, words)
        is_mistaken |= edits > 0
        names = [name + word for name in names for word in likely][:NAMES]
    return names if is_mistaken else []


def _likely(word: str, known: Sequence[Known]) -> tuple[int, list[str]]:
    """The fewest edits of a word, and the known words at few, nearest and commonest first; else 0 and the word."""
    near = sorted(
        (distance(word, text), -each.documents, text.replace(" ", ""))
        for each in known
        for text in ([each.word] if each.other is None else [f"{each.word} {each.other}", f"{each.other} {each.word}"])
    )
    if not near or not 0 < near[0][0] <= MISTAKES:
        return 0, [word]
    return near[0][0], [text for edits, _, text in near if edits <= MISTAKES][:NAMES_BY_WORD]


def _level(
    groups: Sequence[Sequence[Known]], beside: Sequence[Known], but: str | None, among: int | None = None
) -> Level:
    """For one of each group and all words beside. Of the groups the worst are left out as long as it is dear."""
    chosen = [*map(list, groups), *([one] for one in beside)]
    bound = STEPS if len(chosen) > 1 else STEPS // 2
    while (steps := _steps(chosen)) > bound and len(longest := max(chosen, key=len)) > 1:
        del longest[len(longest) // 2 :]
    parts = {"|".join(map(_sought, group)): group for group in chosen}
    query = "&".join(f"({part})" for part in parts)
    most = min(sum(each.documents for each in group) for group in parts.values())
    alone = len(parts) == 1
    return Level(query, but, among or (AMONG if alone else TOGETHER), most, dear=steps > bound, alone=alone)


def _steps(groups: Sequence[Sequence[Known]]) -> int:
    """An index goes through the documents of the rarest entries, until these leave one group without any, and looks at
    each of them for all entries."""
    enough = min(max(each.documents for each in group) for group in groups)
    documents = sum(each.documents for group in groups for each in group if each.documents <= enough)
    return sum(map(len, groups)) * documents


def _sought(one: Known) -> str:
    return f"({_quoted(one.word)}&{_quoted(one.other)})" if one.other else _quoted(one.word)


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _array(values: Sequence[int] | Sequence[str]) -> str:
    return f"{{{','.join(map(str, values))}}}" if values else ""


def _text(value: str) -> str:
    """One of an array of texts. No word has a quotation mark or a backslash in it, but one of symbols alone."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
