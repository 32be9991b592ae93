"""By what a play says which track it is of: an at-uri in its origin, or a title and an artist. Pure.

records.md, "fm.teal.feed.play and fm.teal.alpha.feed.play".
"""

from __future__ import annotations

import re
from hashlib import sha256
from urllib.parse import unquote

from protocol.text import normalise

# The service whose plays are found by their names.
SERVICE = "plyr.fm"
# Longer ones would not fit into an index.
URI_MAX = 2_500

_TRACK = re.compile(r"at://did:[a-z]+:[a-zA-Z0-9._:%-]+/[a-zA-Z0-9.-]+\.track/[a-zA-Z0-9._:~-]+")


def track_in(origin: str | None) -> str | None:
    """The first at-uri of a track in an address, whether it is written there as it is or percent-encoded."""
    if origin is None:
        return None
    if "at://" not in origin:
        if "at%3" not in origin:
            return None
        origin = unquote(origin)
    found = _TRACK.search(origin)
    return found[0] if found and len(found[0]) <= URI_MAX else None


def named(title: str | None, artist: str | None) -> str | None:
    """32 hex digits that stand for a title and an artist as they are compared; None where one of them says nothing."""
    parts = [normalise(title or ""), normalise(artist or "")]
    if not all(parts):
        return None
    return sha256("\n".join(("track", *parts)).encode(errors="replace")).hexdigest()[:32]
