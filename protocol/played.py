"""Identities of music of which only names are known: UUIDs of version 8 (RFC 9562), made of the SHA-256 of these names.

So a name never becomes one with an MBID, of which none has that version. Names are compared normalised, nothing is
guessed. As 32 hex digits. Pure. records.md, "fm.teal.feed.play and fm.teal.alpha.feed.play".
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from protocol.text import normalise


def named_recording(title: str, artists: Iterable[str]) -> str:
    """By its artists in any order."""
    return _identity("recording", (normalise(title), *sorted(map(normalise, artists))))


def coded_recording(isrc: str, title: str) -> str:
    """`isrc`: letters and digits alone."""
    return _identity("isrc", (isrc, normalise(title)))


def named_release(title: str, artist: str) -> str:
    """`artist`: its first; '' when there is none."""
    return _identity("release", (normalise(title), normalise(artist)))


@lru_cache(maxsize=16_384)
def named_artist(name: str) -> str:
    return _identity("artist", (normalise(name),))


def named_track(title: str | None, artist: str | None) -> str | None:
    """What the plays and the tracks have in common that are found by their names; None where one of them says nothing.

    No identity of what was played: it stands for the two as they are compared, and has no version.
    """
    parts = [normalise(title or ""), normalise(artist or "")]
    if not all(parts):
        return None
    return sha256("\n".join(("track", *parts)).encode(errors="replace")).hexdigest()[:32]


def name_hash(name: str) -> int | None:
    """64 bits with a sign that stand for a name as it is compared; None for what is none."""
    same = normalise(name)
    return int.from_bytes(sha256(same.encode(errors="replace")).digest()[:8], signed=True) if same else None


def _identity(kind: str, parts: Iterable[str]) -> str:
    """Parts are normalised, and so hold no line break."""
    digest = sha256("\n".join((kind, *parts)).encode()).hexdigest()
    return f"{digest[:12]}8{digest[13:16]}8{digest[17:32]}"
