"""The words of names as search compares them: letter by letter, by what Unicode calls each. Slow and plain."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final
from zlib import crc32

NAME_LETTERS: Final = 200
WORD_LETTERS: Final = 64
LONG_WORD: Final = 6
ACCENTED: Final = ("LATIN ", "GREEK ", "CYRILLIC ", "HEBREW ", "ARABIC ")
UNSPACED: Final = (
    *("CJK UNIFIED ", "CJK COMPATIBILITY ", "IDEOGRAPHIC ITERATION ", "HIRAGANA ", "KATAKANA ", "KATAKANA-HIRAGANA "),
    *("HANGUL ", "THAI ", "LAO ", "KHMER ", "MYANMAR "),
)
SPELT: Final = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
APOSTROPHES: Final = "'`\u00b4\u02bc\u2018\u2019\uff07"
GUESTS: Final = ("feat", "ft", "featuring")


@lru_cache(maxsize=4_096)
def words(text: str) -> tuple[str, ...]:
    """Each once, in order."""
    found: list[str] = []
    for part in _parts(text):
        found += [part[at : at + 2] for at in range(len(part))] if _is_unspaced(part[0]) else [part[:WORD_LETTERS]]
    return tuple(dict.fromkeys(found))


def squeezed(text: str) -> str:
    """All words without anything between them."""
    return "".join(_parts(text))[:NAME_LETTERS]


@lru_cache(maxsize=4_096)
def marks(word: str) -> tuple[int, ...]:
    """The hashes of what is left when one letter goes, of three letters in a row, and of a long word's two ends."""
    parts = {f"-{word}"} | {f"-{word[:at]}{word[at + 1 :]}" for at in range(len(word))}
    parts |= {f"*{word[at : at + 3]}" for at in range(len(word) - 2)}
    if len(word) >= LONG_WORD:
        parts |= {f"^{word[:3]}", f"${word[-3:]}"}
    hashes = (crc32(part.encode()) for part in parts)
    return tuple(sorted({number - 2**32 if number >= 2**31 else number for number in hashes}))


def _parts(text: str) -> list[str]:
    """Runs of letters, marks and numbers, no mark first; where a script without spaces begins or ends, a run does.
    Guests are not announced, unless nobody else is there; what is no word at all is one as a whole."""
    plain = _plain(text)
    found: list[str] = []
    goes_on = False
    for letter in plain:
        is_mark = unicodedata.category(letter).startswith("M")
        belongs = is_mark or (goes_on and _is_unspaced(letter) == _is_unspaced(found[-1][0]))
        if not _is_of_word(letter) or (is_mark and not goes_on):
            goes_on = False
        elif goes_on and belongs:
            found[-1] += letter
        else:
            found.append(letter)
            goes_on = True
    symbols = "".join(plain.split())[:WORD_LETTERS]
    return [part for part in found if part not in GUESTS] or found or [symbols] * bool(symbols)


def _plain(text: str) -> str:
    """Without case, accents and apostrophes."""
    bare: list[str] = []
    below = ""
    for letter in unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold()):
        if unicodedata.category(letter) != "Mn":
            below = letter
        elif below and unicodedata.name(below, "").startswith(ACCENTED):
            continue
        bare.append(" and " if letter == "&" else SPELT.get(letter, letter))
    again = unicodedata.normalize("NFKC", "".join(bare)).casefold()
    return "".join(each for each in again if each not in APOSTROPHES and not _is_unseen(each))


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) == "Cf" or unicodedata.name(letter, "").startswith("VARIATION SELECTOR-")


def _is_of_word(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN"


def _is_unspaced(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(UNSPACED)
