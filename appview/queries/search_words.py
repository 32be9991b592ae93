"""From what was typed, by way of the known words that may be meant, to queries for documents."""

from __future__ import annotations

from collections.abc import Sequence

from appview.queries.base import Call
from appview.queries.search_score import BEGUN_LEAST, Known, known
from protocol.words import Sought, farther, near, within

COMMON = 500
"""Documents of the rarest word from which on the popular ones are looked at first."""
ENOUGH = 20_000
"""Documents of the words that may be meant by one, together; but for the first one."""
FUZZY_MIN = 3
"""Characters of a word in which mistakes are looked for."""


async def meanings(call: Call, statement: str, typed: Sequence[Sought]) -> list[list[Known]]:
    """Of each word that was typed, the known ones that may be meant. `statement`: `known_words` of a vocabulary."""
    if not typed:
        return []
    names = [each.word for each in typed]
    rows = await call.reads.rows(
        statement,
        names,
        [each.begins and (len(each.word) > 1 or not each.word.isascii()) for each in typed],
        [_array(near(name)) if len(name) >= FUZZY_MIN else None for name in names],
        [_array(farther(name)) or None for name in names],
        [_array(within(name)) or None for name in names],
    )
    found: list[list[tuple[int, str, int]]] = [[] for _ in names]
    for row in rows:
        place: int = row["place"]
        found[place - 1].append((row["way"], row["word"], row["documents"]))
    return [known(name, rows) for name, rows in zip(names, found, strict=True)]


def queries(
    typed: Sequence[Sought], meanings: Sequence[Sequence[Known]], artist: Sequence[str] = ()
) -> tuple[str | None, str | None, str | None]:
    """Queries for documents with all words as they are typed, with all or near ones, and with one of the two rarest;
    all of them by the artist, if one is given. A single letter is a word that is not yet typed; it need not be met."""
    pairs = [
        (each, words)
        for each, words in zip(typed, meanings, strict=True)
        if len(typed) == 1 or len(each.word) > 1 or not each.word.isascii()
    ]
    exact = [
        _any_of([one for one in words if one.quality >= (BEGUN_LEAST if each.begins else 1)]) for each, words in pairs
    ]
    meant = [_any_of(words) for _, words in pairs if words]
    rarest = sorted((sum(one.documents for one in words), place) for place, (_, words) in enumerate(pairs) if words)
    some = [_any_of(pairs[place][1]) for _, place in rarest[:2]] if len(pairs) > 1 else []
    by = [_quoted(word) for word in artist]
    strict = _all_of([*exact, *by]) if exact else None
    wide = _all_of([*meant, *by]) if meant else None
    return strict, wide if wide != strict else None, _all_of(["|".join(filter(None, some)), *by]) if some else None


def _all_of(parts: Sequence[str | None]) -> str | None:
    return "&".join(f"({part})" for part in parts) if parts and all(parts) else None


def _any_of(meanings: Sequence[Known]) -> str | None:
    """Any of some known words, the best ones, bounded by how many documents have them."""
    chosen: list[str] = []
    documents = 0
    for each in meanings:
        documents += each.documents
        if chosen and documents > ENOUGH:
            break
        chosen.append(_quoted(each.word))
    return "|".join(chosen) or None


def common(meanings: Sequence[Sequence[Known]]) -> bool:
    """Whether so many documents have the words that it matters which of them are looked at."""
    return bool(meanings) and min(sum(each.documents for each in words) for words in meanings) > COMMON


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _array(marks: Sequence[int]) -> str:
    return f"{{{','.join(map(str, marks))}}}" if marks else ""
