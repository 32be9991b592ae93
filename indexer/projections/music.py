"""What was played: one reading of the field names of every generation, and the identity of what they name.

A generation has `artists`, or `artistNames` and `artistMbIds`, or one `artistName`; `originUri` or `originUrl`;
`musicServiceUri` or `musicServiceBaseDomain`. MBIDs come with and without their scheme, empty, or as garbage.
Identities are UUIDs: the MBID itself, else one made of names (protocol/played.py). Nothing is guessed and nothing
merged beyond that. Pure.
records.md, "fm.teal.feed.play and fm.teal.alpha.feed.play".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from indexer.aggregates.track_names import SERVICE, track_in
from indexer.projections.fields import integer, text
from protocol.played import coded_recording, named_artist, named_recording, named_release, named_track
from protocol.syntax import is_uri
from protocol.text import normalise, pg_text

# Artists of one play that are read; real ones have a handful.
ARTISTS_MAX = 64
SERVICE_MAX = 253

_MBID = re.compile(
    r"\s*(?:[Mm][Bb][Ii][Dd]:)?([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-([0-9a-fA-F])[0-9a-fA-F]{3}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\s*"
).fullmatch
_NIL = "00000000-0000-0000-0000-000000000000"
_NOT_ISRC = re.compile(r"[^0-9A-Z]")
_HOST_AND_PATH = re.compile(r"[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+(?:/\S*)?").fullmatch

_SERVICES = {
    "applemusic": "music.apple.com",
    "apple music": "music.apple.com",
    "itunes.apple.com": "music.apple.com",
    "bandcamp": "bandcamp.com",
    "deezer": "deezer.com",
    "lastfm": "last.fm",
    "listenbrainz": "listenbrainz.org",
    "music.amazon.com": "amazon.com",
    "amazonmusic": "amazon.com",
    "open.spotify.com": "spotify.com",
    "play.spotify.com": "spotify.com",
    "spotify": "spotify.com",
    "plyr": "plyr.fm",
    "plyrfm": "plyr.fm",
    "qobuz": "qobuz.com",
    "open.qobuz.com": "qobuz.com",
    "play.qobuz.com": "qobuz.com",
    "rocksky": "rocksky.app",
    "soundcloud": "soundcloud.com",
    "m.soundcloud.com": "soundcloud.com",
    "listen.tidal.com": "tidal.com",
    "tidal": "tidal.com",
    "youtu.be": "youtube.com",
    "m.youtube.com": "youtube.com",
    "youtube": "youtube.com",
    "youtubemusic": "music.youtube.com",
    "youtube music": "music.youtube.com",
}


class Item(NamedTuple):
    """What is playing or was played. `artist_mbids` runs along `artist_names` and may go on beyond; None when empty.

    `track_uri`, `track_named`: which track of plyr it may be.
    """

    duration: int | None
    recording_mbid: str | None
    release_mbid: str | None
    track_mbid: str | None
    track_name: str | None
    artist_names: list[str]
    artist_mbids: list[str | None] | None
    release_name: str | None
    isrc: str | None
    origin: str | None
    service: str | None
    agent: str | None
    track_uri: str | None
    track_named: str | None


def read_item(value: Mapping[str, Any]) -> Item:
    names, mbids = _artists(value)
    title = text(value.get("trackName"))
    origin = _origin(value.get("originUri") or value.get("originUrl"))
    service = _service(value.get("musicServiceUri") or value.get("musicServiceBaseDomain"))
    return Item(
        duration=integer(value.get("duration")),
        recording_mbid=mbid(value.get("recordingMbId")),
        release_mbid=mbid(value.get("releaseMbId")),
        track_mbid=mbid(value.get("trackMbId")),
        track_name=title,
        artist_names=names,
        artist_mbids=mbids if any(mbids) else None,
        release_name=text(value.get("releaseName")),
        isrc=text(value.get("isrc")),
        origin=origin,
        service=service,
        agent=text(value.get("submissionClientAgent")),
        track_uri=track_in(origin),
        track_named=named_track(title, names[0]) if service == SERVICE and names else None,
    )


def mbid(value: Any) -> str | None:
    """The UUID of an MBID, with or without its scheme; MusicBrainz gives out no nil UUID and none of version 8."""
    if not value or not isinstance(value, str):
        return None
    found = _MBID(value)
    if found is None or found[2] == "8" or found[1] == _NIL:
        return None
    return found[1].lower()


def recording_id(item: Item) -> str:
    """The recording's MBID, else ISRC and title, else title and artists in any order."""
    if item.recording_mbid:
        return item.recording_mbid
    title = item.track_name or ""
    isrc = _NOT_ISRC.sub("", item.isrc.upper()) if item.isrc else ""
    return coded_recording(isrc, title) if isrc else named_recording(title, item.artist_names)


def release_id(item: Item) -> str | None:
    """The release's MBID, else its name and the first artist; None for a play of no release."""
    if item.release_mbid:
        return item.release_mbid
    if not normalise(item.release_name or ""):
        return None
    return named_release(item.release_name or "", item.artist_names[0] if item.artist_names else "")


def artist_ids(item: Item) -> list[str]:
    """Of each artist the MBID, else the name; an MBID beyond the names too. Each once."""
    if item.artist_mbids is None:
        return list(dict.fromkeys(map(named_artist, item.artist_names)))
    along = zip_longest(item.artist_names, item.artist_mbids)
    return list(dict.fromkeys(known or named_artist(name) for name, known in along if known or name))


def _artists(value: Mapping[str, Any]) -> tuple[list[str], list[str | None]]:
    """Names, each once, and MBIDs along them; further MBIDs of a name that is repeated come behind."""
    pairs = _artist_pairs(value)
    if len(pairs) == 1:  # as most plays have it: no name to compare with
        (name, given), known = pairs[0], mbid(pairs[0][1])
        return ([pg_text(name)], [known]) if isinstance(name, str) and name.strip() else ([], [known] if known else [])
    places: dict[str, int] = {}
    names: list[str] = []
    mbids: list[str | None] = []
    more: dict[str, None] = {}
    for name, given in pairs:
        known = mbid(given)
        key = normalise(name) if isinstance(name, str) else ""
        place = places.get(key) if key else None
        if key and place is None:
            places[key] = len(names)
            names.append(pg_text(name))
            mbids.append(known)
        elif known and place is not None and mbids[place] is None:
            mbids[place] = known
        elif known:
            more[known] = None
    return names, mbids + [known for known in more if known not in mbids]


def _artist_pairs(value: Mapping[str, Any]) -> Sequence[tuple[Any, Any]]:
    artists = value.get("artists")
    if isinstance(artists, list) and artists:
        found = (cast("Mapping[str, Any]", each) for each in cast("Sequence[Any]", artists) if isinstance(each, dict))
        return [(each.get("artistName"), each.get("artistMbId")) for each in islice(found, ARTISTS_MAX)]
    names = _array(value.get("artistNames")) or [value.get("artistName")]
    return list(islice(zip_longest(names, _array(value.get("artistMbIds"))), ARTISTS_MAX))


def _array(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _origin(value: Any) -> str | None:
    """A URI; an address without its scheme gets one."""
    if not isinstance(value, str):
        return None
    address = value.strip()
    if is_uri(address):
        return pg_text(address)
    return f"https://{address}" if _HOST_AND_PATH(address) and is_uri(f"https://{address}") else None


def _service(value: Any) -> str | None:
    return canonical_service(value) if isinstance(value, str) and len(value) <= 2_048 else None


@lru_cache(maxsize=2_048)
def canonical_service(value: str) -> str | None:
    """One host for each service, whether it is given by name, by host or by address; other words as they are."""
    word = pg_text(" ".join(value.lower().split()))
    try:
        host = urlsplit(word if "://" in word else f"//{word}").hostname or ""
    except ValueError:
        return None
    name = (host if "." in host else word).removeprefix("www.")
    return _SERVICES.get(name, name)[:SERVICE_MAX] or None
