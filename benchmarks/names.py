"""Invented names of music and of people.

Words are made of syllables and chosen as people choose them, few of them often and most of them hardly ever; a third of
those in titles are common English ones. How many different ones there are grows with the titles, though slower.
"""

from __future__ import annotations

from random import Random
from typing import Final

COMMON: Final = [
    "the",
    "of",
    "love",
    "night",
    "you",
    "my",
    "in",
    "a",
    "to",
    "and",
    "me",
    "heart",
    "blue",
    "light",
    "on",
    "dream",
    "dance",
    "summer",
    "time",
    "fire",
    "rain",
    "girl",
    "moon",
    "song",
    "ocean",
    "street",
    "gold",
    "black",
    "home",
    "sky",
    "wild",
    "dark",
    "young",
    "electric",
    "river",
    "after",
    "sun",
    "lost",
    "new",
    "city",
    "winter",
    "slow",
    "last",
    "no",
    "all",
]
_SYLLABLES: Final = [
    "ba",
    "be",
    "bo",
    "bra",
    "ca",
    "ce",
    "cho",
    "da",
    "de",
    "dor",
    "el",
    "en",
    "fa",
    "fen",
    "fi",
    "ga",
    "gre",
    "ha",
    "hi",
    "in",
    "ja",
    "ka",
    "ke",
    "kri",
    "la",
    "le",
    "lin",
    "lo",
    "lu",
    "ma",
    "mar",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "nor",
    "o",
    "pa",
    "pe",
    "pra",
    "qui",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "shi",
    "sol",
    "ta",
    "te",
    "ti",
    "tra",
    "u",
    "va",
    "ve",
    "vi",
    "wa",
    "we",
    "yo",
    "za",
    "ze",
]


class Names:
    """Names as `rng` draws them, of words that would do for so many titles."""

    def __init__(self, rng: Random, titles: int) -> None:
        self._random = rng
        number = max(100, int(20 * titles**0.6))
        self._words = ["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) for _ in range(number)]

    def title(self) -> str:
        """Of a track or a playlist."""
        return " ".join(self._word() for _ in range(self._random.choice((1, 2, 2, 3, 3, 4)))).title()

    def name(self, most: int) -> str:
        """Of somebody, or of an album: rare words, so many at the most."""
        return " ".join(self._rare() for _ in range(self._random.randint(1, most))).title()

    def _word(self) -> str:
        if self._random.random() < 1 / 3:
            return COMMON[int(len(COMMON) ** self._random.random()) - 1]
        return self._rare()

    def _rare(self) -> str:
        return self._words[int(len(self._words) ** self._random.random()) - 1]
