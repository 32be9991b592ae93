"""What becomes of people's text when it is searched: the words of a name, and of what somebody types to find it.

Both sides go through `words` and `squeeze`, so that case, accents, quotes, punctuation and the many forms of one
character make no difference. Scripts that are written without spaces, and Hangul, whose endings run together, are cut
into pairs of characters: whoever types a part of a name types some of its pairs. Pure, linear in the text, bounded.
"""

from __future__ import annotations

import unicodedata
from zlib import crc32

import regex

WORD_MAX = 64
"""Characters of a word; longer ones are cut."""
NAME_MAX = 200
"""Characters of a squeezed name; longer ones are cut."""
_TEXT_MAX = 4_000

_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
        "ŧ": "t",
        "&": " and ",
    }
)
_ACCENTS = regex.compile(r"(?<=[\p{Latin}\p{Greek}\p{Cyrillic}\p{Hebrew}\p{Arabic}])\p{Mn}+")
_WITHIN_WORDS = regex.compile(r"['`\u00b4\u02bc\u2018\u2019\uff07]|\p{Cf}")
_PAIRED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}々ー"
_RUN = regex.compile(rf"[{_PAIRED}][{_PAIRED}\p{{M}}]*|(?:(?![{_PAIRED}])[\p{{L}}\p{{M}}\p{{N}}])+")
_IS_PAIRED = regex.compile(rf"[{_PAIRED}]")
_NO_NAMES = frozenset({"feat", "ft", "featuring"})


def words(text: str) -> list[str]:
    """The words of a text, each once, in order. A text of symbols alone is one word."""
    found: list[str] = []
    for run in _runs(text):
        found += _pairs(run) if _IS_PAIRED.match(run) else [run[:WORD_MAX]]
    return list(dict.fromkeys(found))


def squeeze(text: str) -> str:
    """The form in which two names are the same: their words without anything between them."""
    return "".join(_runs(text))[:NAME_MAX]


def beyond(prefix: str) -> str:
    """What sorts, by code point, right behind all that begins with the prefix."""
    return prefix + "\U0010ffff"


def marks(word: str) -> list[int]:
    """Hashes by which a stored word is found from what was typed: `near` and `within` of that share some with it."""
    return sorted({*near(word), *_trigrams(word)})


def near(word: str) -> list[int]:
    """Marks of which a word at one edit shares at least one; one at two edits often does."""
    found = {_hash("-", word[:place] + word[place + 1 :]) for place in range(len(word))} | {_hash("-", word)}
    if len(word) >= 6:
        found |= {_hash("^", word[:3]), _hash("$", word[-3:])}
    return sorted(found)


def within(word: str) -> list[int]:
    """Marks that every longer word that holds this one has; none for a word that is too short to be looked for so."""
    return sorted(_trigrams(word))


def distance(one: str, other: str) -> int:
    """Edits between two words: a character too much, too few, another one, or two that changed places."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, character in enumerate(one, 1):
        current = [row]
        for column, against in enumerate(other, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (character != against))
            if row > 1 and column > 1 and character == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]


def _runs(text: str) -> list[str]:
    folded = _fold(text[:_TEXT_MAX])
    found: list[str] = _RUN.findall(folded)
    named = [run for run in found if run not in _NO_NAMES] or found
    symbols = "".join(folded.split())[:WORD_MAX]
    return named or ([symbols] if symbols else [])


def _fold(text: str) -> str:
    if text.isascii():
        return _WITHIN_WORDS.sub("", text.lower()).replace("&", " and ")
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    bare = _ACCENTS.sub("", plain).translate(_LETTERS)
    return _WITHIN_WORDS.sub("", unicodedata.normalize("NFKC", bare).casefold())


def _pairs(run: str) -> list[str]:
    """Each character with the next one; the last one alone, so that every character begins a word."""
    return [run[place : place + 2] for place in range(len(run))]


def _trigrams(word: str) -> set[int]:
    return {_hash("*", word[place : place + 3]) for place in range(len(word) - 2)}


def _hash(kind: str, part: str) -> int:
    """A signed 32-bit number."""
    found = crc32((kind + part).encode(errors="replace"))
    return found - (1 << 32) if found >= 1 << 31 else found
