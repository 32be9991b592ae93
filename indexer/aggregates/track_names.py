"""By what a play says which track it is of: an at-uri in its origin; else, of some, its title and artist, which
`protocol.played.named_track` compares. Pure.

records.md, "fm.teal.feed.play and fm.teal.alpha.feed.play".
"""

from __future__ import annotations

import re
from urllib.parse import unquote

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
