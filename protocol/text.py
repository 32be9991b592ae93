"""What becomes of people's text: counting, comparing, folding into addresses, finding hashtags, fitting Postgres.

Pure functions, linear in the text. They know no language: case folding and normal forms are Unicode's.
Spec: https://atproto.com/specs/lexicon#string, Unicode UAX 15 and UAX 29.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

import regex

_GRAPHEME = regex.compile(r"\X")
_WORD = r"[\p{L}\p{M}\p{N}_]"
_HASHTAG = regex.compile(rf"(?<![\p{{L}}\p{{M}}\p{{N}}_&/#\uff03])[#\uff03]({_WORD}+(?:[-'\u2019]{_WORD}+)*)")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def graphemes(text: str) -> int:
    """How many user-perceived characters the text has (extended grapheme clusters)."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in _GRAPHEME.finditer(text))


def normalise(text: str) -> str:
    """The form in which two names are the same: compatibility characters and case folded, spaces collapsed."""
    if text.isascii():
        return " ".join(text.lower().split())
    # The first decomposition and the second folding make the result stable under a second pass.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold()).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def slug(text: str) -> str:
    """A part of an address: ASCII letters and digits with single hyphens; a short hash when none remain."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    folded = _NOT_SLUG.sub("-", ascii_text.lower()).strip("-")
    return folded or hashlib.sha256(normalise(text).encode(errors="replace")).hexdigest()[:8]


def tag(text: str) -> str:
    """A tag as it is compared and shown: lower-cased, trimmed, inner spaces collapsed. May be empty."""
    return " ".join(text.lower().split())


def hashtags(text: str) -> list[str]:
    """The hashtags of a text as tags, each once, in order. A number is none, nor is the fragment of an address."""
    found = (tag(match[1]) for match in _HASHTAG.finditer(text))
    return list(dict.fromkeys(name for name in found if not name.isdecimal()))


def pg_text(text: str) -> str:
    """The text with U+FFFD for what Postgres cannot hold: U+0000 and lone surrogates."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)
