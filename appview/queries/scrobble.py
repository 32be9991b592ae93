"""fm.plyr.scrobble: what was played most, by everybody or by one account, and what is known of it.

Music is known by the plays that name it: an artist, a release or a recording is asked for by its MusicBrainz
identifier, by the `id` of a view, or by name, which finds the most played of that name. A chart of everybody is read
off its index, one of an account is made of the account's own plays. To find what is asked for takes a statement of its
own.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID

from appview.cursors import MOST, Listing
from appview.errors import ActorNotFound, ArtistNotFound, RecordingNotFound, ReleaseNotFound, XrpcError
from appview.queries.base import VIEWS, Call, Rows, both, every, only, page
from protocol.played import name_hash, named_track
from runtime.sql import Queries

SQL = Queries.beside(__file__, VIEWS)

Kind: TypeAlias = Literal["artist", "release", "recording"]

TOP_SHOWN = 10
LISTENERS_COUNTED = 3_000
PLAYS_READ = 300_000
"""Whose plays of an artist are counted for a window: of so many accounts, until so many plays have been read."""
LAST = UUID(int=(1 << 128) - 1)
NOT_FOUND: dict[Kind, type[XrpcError]] = {
    "artist": ArtistNotFound,
    "release": ReleaseNotFound,
    "recording": RecordingNotFound,
}
# The key of a chart's row is its rank, its count and what it is of.
CHARTS: dict[Kind, Listing] = {kind: Listing(f"fm.plyr.scrobble top {kind}", 0, MOST, 0) for kind in NOT_FOUND}
OWN_CHARTS: dict[Kind, Listing] = {
    kind: Listing(f"fm.plyr.scrobble actor's top {kind}", 0, MOST, LAST) for kind in NOT_FOUND
}
LISTENERS = Listing("fm.plyr.scrobble.getTopListeners", 0, MOST, 0)

_IDENTIFIER = re.compile(r"\s*(?:mbid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*", re.IGNORECASE)


class Found(NamedTuple):
    """What was asked for: its view with figures, its number, its identity, its name and that of its first artist."""

    view: Rows
    id: int
    key: UUID
    name: str | None
    artist: str | None


async def get_top(call: Call, *, kind: Kind) -> str:
    """What was played most: by everybody or one account, of everybody or one artist."""
    artist = await _artist(call)
    if "actor" in call.params:
        return await _own_top(call, kind, artist)
    period, limit, listing = call.params["period"], call.params["limit"], CHARTS[kind]
    rest = (period, *call.after(listing), limit + 1)
    if artist:
        rows = await call.reads.rows(SQL["top_of_artist"], kind, artist.id, *rest)
    else:
        rows = await call.reads.rows(SQL["top"], kind, *rest)
    return page(f"{kind}s", rows, limit, listing)


async def _own_top(call: Call, kind: Kind, artist: Found | None) -> str:
    actor, period, limit = call.params["actor"], call.params["period"], call.params["limit"]
    by = (artist.id,) if artist else ()
    if period == "all":
        listing, query = CHARTS[kind], SQL["top_own_of_artist" if artist else "top_own"]
        rows = await call.reads.rows(query, actor, kind, *by, *call.after(listing), limit + 1)
    else:
        listing = OWN_CHARTS[kind]
        given = (artist and artist.id, period, *call.after(listing))
        rows = await call.reads.rows(SQL["top_own_since"], actor, kind, *given, limit + 1)
    if not rows:
        raise ActorNotFound
    return page(f"{kind}s", rows, limit, listing)


async def get_top_listeners(call: Call) -> str:
    """Who has played most, of everything or of one artist."""
    artist = await _artist(call)
    period, limit = call.params["period"], call.params["limit"]
    after = (*call.after(LISTENERS), limit + 1)
    if artist is None:
        rows = await call.reads.rows(SQL["listeners"], period, *after)
    elif period == "all":
        rows = await call.reads.rows(SQL["listeners_of_artist"], artist.id, *after)
    else:
        given = (artist.id, artist.key, period, *after, LISTENERS_COUNTED, PLAYS_READ)
        rows = await call.reads.rows(SQL["listeners_of_artist_since"], *given)
    return page("listeners", rows, limit, LISTENERS)


async def get_trending(call: Call) -> str:
    """What is played far more than before."""
    kind = call.params["kind"]
    rows = await call.reads.rows(SQL["trending"], kind[:-1], call.params["period"], call.params["limit"])
    return every(kind, rows)


async def get_artist(call: Call) -> str:
    """One artist, and what of it was played most."""
    artist = await _find(call, "artist", call.params["artist"])
    after = CHARTS["recording"].after(None)
    rows = await call.reads.rows(SQL["top_of_artist"], "recording", artist.id, "all", *after, TOP_SHOWN)
    return both(only("artist", artist.view), every("recordings", rows))


async def get_release(call: Call) -> str:
    """One release, and what of it was played most."""
    release = await _find(call, "release", call.params["release"], await _artist(call))
    rows = await call.reads.rows(SQL["top_of_release"], release.id, TOP_SHOWN)
    return both(only("release", release.view), every("recordings", rows))


async def get_recording(call: Call) -> str:
    """One recording, and the tracks that are called as it is."""
    recording = await _find(call, "recording", call.params["recording"], await _artist(call))
    named = named_track(recording.name, recording.artist)
    rows = await call.reads.rows(SQL["tracks_named"], named, TOP_SHOWN, call.viewer_id) if named else ()
    return both(only("recording", recording.view), every("tracks", rows))


async def _artist(call: Call) -> Found | None:
    """The artist to which a request is limited. Raises ArtistNotFound."""
    asked = call.params.get("artist")
    return await _find(call, "artist", asked) if asked else None


async def _find(call: Call, kind: Kind, asked: str, artist: Found | None = None) -> Found:
    """What is known by that identifier or name. Raises ArtistNotFound and its like."""
    by = artist and artist.id
    if identifier := _IDENTIFIER.fullmatch(asked):
        rows = await call.reads.rows(SQL["known_by_key"], kind, UUID(identifier[1]), by)
    elif by is None:
        rows = await call.reads.rows(SQL["known_by_name"], kind, name_hash(asked))
    else:
        rows = await call.reads.rows(SQL["known_by_name_of_artist"], kind, name_hash(asked), by)
    if not rows:
        raise NOT_FOUND[kind]
    first = rows[0]
    return Found(rows, first["id"], first["key"], first["name"], first["artist"])
