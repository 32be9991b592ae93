"""From names to search documents. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from protocol.words import squeeze, words

NAME_WORDS = 32
OTHER_WORDS = 32
"""Words of a document at the most: of its name, and beside it."""

Key: TypeAlias = tuple[int, str]
"""(account_id, key) of a document, within its kind."""


class Document(NamedTuple):
    """A row but for its kind, key and popularity. `named` and `beside`: its words, in order, none in both."""

    name: str
    alias: str | None
    artist: str | None
    tags: tuple[str, ...]
    named: tuple[str, ...]
    beside: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        return (*self.named, *self.beside)

    @property
    def tsvector(self) -> str:
        """Its words as Postgres reads them: those of the name with weight A."""
        return " ".join(
            [*(f"{_quoted(word)}:1A" for word in self.named), *(f"{_quoted(word)}:1B" for word in self.beside)]
        )


def document(
    name: str,
    *,
    alias: str | None = None,
    artist: str | None = None,
    tags: Sequence[str] = (),
    beside: Sequence[str | None] = (),
) -> Document:
    """The document of a name. `alias`: another name in full; `beside`: other texts whose words lead to it."""
    named = words(name)[:NAME_WORDS]
    texts = (alias, artist, *beside, *tags)
    others = dict.fromkeys(word for text in texts if text for word in words(text) if word not in named)
    return Document(
        name=squeeze(name),
        alias=squeeze(alias) if alias else None,
        artist=squeeze(artist) if artist else None,
        tags=tuple(tags),
        named=tuple(sorted(named)),
        beside=tuple(sorted(list(others)[:OTHER_WORDS])),
    )


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
