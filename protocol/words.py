"""What becomes of people's text when it is searched: the words of a name, and of what somebody types to find it.

Both sides go through `words` and `squeeze`, so that case, accents, quotes, punctuation and the many forms of one
character make no difference. Scripts that are written without spaces, and Hangul, whose endings run together, are cut
into pairs of characters: whoever types a part of a name types some of its pairs. Pure, linear in the text, bounded.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple
from zlib import crc32

import regex
from rapidfuzz.distance import OSA

WORD_MAX = 64
"""Characters of a word; longer ones are cut."""
NAME_MAX = 200
"""Characters of a squeezed name; longer ones are cut."""
FARTHER_MIN = 6
"""Characters of a word in which two edits are looked for."""
PARTED_MAX = 32
"""Characters of a word in which a space is looked for that was not typed."""
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
_WITHIN_WORDS = regex.compile(r"['`\u00b4\u02bc\u2018\u2019\uff07\ufe00-\ufe0f\U000e0100-\U000e01ef]|\p{Cf}")
"""Nothing is lost with them: apostrophes, and what only says how the character before it is drawn."""
_PAIRED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}々ー"
_RUN = regex.compile(rf"(?!\p{{M}})[{_PAIRED}][{_PAIRED}\p{{M}}]*|(?:(?![{_PAIRED}])[\p{{L}}\p{{N}}]\p{{M}}*)+")
_IS_PAIRED = regex.compile(rf"[{_PAIRED}]")
_NO_NAMES = frozenset({"feat", "ft", "featuring"})


class Sought(NamedTuple):
    """A word that is looked for. `begins`: it may be the beginning of a longer one."""

    word: str
    begins: bool


def words(text: str) -> list[str]:
    """The words of a text, each once, in order. A text of symbols alone is one word."""
    found: list[str] = []
    for run in _runs(text):
        found += _pairs(run) if _IS_PAIRED.match(run) else [run[:WORD_MAX]]
    return list(dict.fromkeys(found))


def sought(text: str) -> list[Sought]:
    """The words of what somebody types, each once, in order. The last character of a run of pairs stands in the last
    pair already; alone it begins whatever pair it begins."""
    found: dict[str, bool] = {}
    runs = _runs(text)
    for number, run in enumerate(runs, 1):
        if _IS_PAIRED.match(run):
            found |= dict.fromkeys(_pairs(run)[:-1], False) or {run: True}
        else:
            word = run[:WORD_MAX]
            found[word] = found.get(word, False) or number == len(runs)
    return [Sought(word, begins) for word, begins in found.items()]


def squeeze(text: str) -> str:
    """The form in which two names are the same: their words without anything between them."""
    return "".join(_runs(text))[:NAME_MAX]


def beyond(prefix: str) -> str:
    """What sorts, by code point, right behind all that begins with the prefix."""
    return prefix + "\U0010ffff"


def marks(word: str) -> list[int]:
    """Hashes by which a stored word is found from what was typed, whose `near`, `farther` and `within` share some."""
    return sorted({*near(word), *(_ends(word) if len(word) >= FARTHER_MIN else ()), *_trigrams(word)})


def near(word: str) -> list[int]:
    """Marks of which a word at one edit shares at least one."""
    return sorted({_hash("-", word[:place] + word[place + 1 :]) for place in range(len(word))} | {_hash("-", word)})


def farther(word: str) -> list[int]:
    """Marks of which a word at two edits nearly always shares one: it begins or ends alike, or has three letters in a
    row in common. None for a short word."""
    return sorted(_ends(word) | _trigrams(word)) if len(word) >= FARTHER_MIN else []


def parted(word: str) -> list[tuple[str, str]]:
    """What stands on both sides of each letter that may have been typed for a space, two characters at the least; with
    that letter on one side, where the space was left out. None for a short word."""
    if not FARTHER_MIN <= len(word) <= PARTED_MAX:
        return []
    return [(word[:place], word[place + 1 :]) for place in range(2, len(word) - 2)]


def within(word: str) -> list[int]:
    """Marks that every longer word that holds this one has; none for a word that is too short to be looked for so."""
    return sorted(_trigrams(word))


def distance(one: str, other: str) -> int:
    """Edits between two words: a character too much, too few, another one, or two that changed places."""
    return OSA.distance(one, other)


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


def _ends(word: str) -> set[int]:
    return {_hash("^", word[:3]), _hash("$", word[-3:])}


def _trigrams(word: str) -> set[int]:
    return {_hash("*", word[place : place + 3]) for place in range(len(word) - 2)}


def _hash(kind: str, part: str) -> int:
    """A signed 32-bit number."""
    found = crc32((kind + part).encode(errors="replace"))
    return found - (1 << 32) if found >= 1 << 31 else found
