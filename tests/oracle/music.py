"""What the records of fm.teal mean: plays and statuses of both generations, from a record to its row.

Which of several plays counts is settled among all of an account's, by `model`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import Any, Final, NamedTuple
from urllib.parse import unquote
from uuid import UUID

from tests.oracle.naive import Alias, folded, is_text, lenient_moment, mbid, shown, tid_moment
from tests.oracle.plyr import Found, Row

STATUS_HOLDS: Final = timedelta(minutes=10)
STATUS_HOLDS_AT_MOST: Final = timedelta(days=1)
# Names of one service; the indexer chooses which of a line it shows.
SERVICES: Final = (
    ("spotify", "open.spotify.com", "https://open.spotify.com"),
    ("lastfm", "last.fm", "www.last.fm", "https://www.last.fm"),
    ("music.apple.com", "https://music.apple.com"),
    ("bandcamp.com", "https://bandcamp.com"),
    ("plyr.fm", "https://plyr.fm"),
)


class Artists(NamedTuple):
    """Names, each once; MBIDs along them and then those that belong to no name of their own."""

    names: list[str]
    mbids: list[UUID | None]

    @property
    def identities(self) -> list[UUID | Alias]:
        along = zip_longest(self.names, self.mbids)
        return list(dict.fromkeys(known or Alias("artist", folded(name)) for name, known in along if known or name))


def play(found: Found) -> Row | None:
    value = found.value
    if not is_text(value.get("trackName"), 1, 256):
        return None
    artists = _artists(value)
    begun = lenient_moment(value.get("playedTime"))
    if begun is None or begun > found.indexed_at:
        begun = tid_moment(found.rkey) or found.indexed_at
    return {
        **_item(value, artists),
        "played_at": min(begun, found.indexed_at),
        "indexed_at": found.indexed_at,
        "cid": found.cid,
        "track_name": shown(value["trackName"]),
        "recording": _recording(value, artists),
        "release": _release(value, artists),
        "artists": artists.identities,
    }


def status(found: Found) -> Row | None:
    value = found.value
    said, item = lenient_moment(value.get("time")), value.get("item")
    if said is None or not isinstance(item, dict) or not is_text(item.get("trackName"), 0, 256):
        return None
    committed = tid_moment(found.rev)
    assert committed is not None
    begun = min(said, committed)
    ends = lenient_moment(value["expiry"]) if "expiry" in value else begun + STATUS_HOLDS
    if ends is None:
        return None
    name = item["trackName"] or None
    return {
        **_item(item, _artists(item)),
        "started_at": begun,
        "expires_at": min(ends, begun + STATUS_HOLDS_AT_MOST) if name else begun,
        "indexed_at": found.indexed_at,
        "track_name": shown(name),
    }


def _item(value: Any, artists: Artists) -> Row:
    service = value.get("musicServiceUri") or value.get("musicServiceBaseDomain")
    return {
        "duration": value.get("duration"),
        "recording_mbid": mbid(value.get("recordingMbId")),
        "release_mbid": mbid(value.get("releaseMbId")),
        "track_mbid": mbid(value.get("trackMbId")),
        "artist_names": artists.names,
        "artist_mbids": artists.mbids if any(artists.mbids) else None,
        "release_name": shown(value.get("releaseName")),
        "isrc": value.get("isrc"),
        "origin": value.get("originUri") or value.get("originUrl"),
        "service": _service(service),
        "agent": value.get("submissionClientAgent"),
        "track_uri": _track_uri(value.get("originUri") or value.get("originUrl") or ""),
        "track_named": track_name(value["trackName"], artists.names[0]) if _on_plyr(service, artists) else None,
    }


def track_name(title: str, artist: str) -> Alias | None:
    """What a track and the plays of it have in common; nothing where a name is blank."""
    names = folded(title), folded(artist)
    return Alias("track name", names) if all(names) else None


def _on_plyr(service: str | None, artists: Artists) -> bool:
    return service in ("plyr.fm", "https://plyr.fm") and bool(artists.names)


def _track_uri(origin: str) -> str | None:
    address = origin if "at://" in origin else unquote(origin)
    begin = address.find("at://did:")
    parts = re.split(r"[^A-Za-z0-9._:%~/-]", address[begin:])[0].split("/")[:5] if begin >= 0 else []
    return "/".join(parts) if len(parts) == 5 and parts[3].endswith(".track") else None


def _service(name: str | None) -> Alias | None:
    if not name:
        return None
    return Alias("service", next((line for line in SERVICES if name in line), name))


def _artists(value: Any) -> Artists:
    if value.get("artists"):
        pairs = [(artist["artistName"], mbid(artist.get("artistMbId"))) for artist in value["artists"]]
    elif value.get("artistNames"):
        pairs = list(zip_longest(value["artistNames"], map(mbid, value.get("artistMbIds", []))))
    else:
        pairs = [(value["artistName"], None)] if value.get("artistName") else []
    return _once_each(pairs)


def _once_each(pairs: Sequence[tuple[str | None, UUID | None]]) -> Artists:
    """A name that comes again gives its MBID to the first, if that has none."""
    names: list[str] = []
    along: list[UUID | None] = []
    beyond: list[UUID | None] = []
    for given, known in pairs:
        name = shown(given) if given and folded(given) else None
        place = next((at for at, other in enumerate(names) if name and folded(other) == folded(name)), None)
        if name and place is None:
            names.append(name)
            along.append(known)
        elif place is not None and along[place] is None:
            along[place] = known
        elif known:
            beyond.append(known)
    return Artists(names, along + [known for known in beyond if known not in along])


def _recording(value: Any, artists: Artists) -> UUID | Alias:
    title = folded(value["trackName"])
    if known := mbid(value.get("recordingMbId")):
        return known
    if value.get("isrc"):
        return Alias("recording", (value["isrc"], title))
    return Alias("recording", (title, *sorted(map(folded, artists.names))))


def _release(value: Any, artists: Artists) -> UUID | Alias | None:
    if known := mbid(value.get("releaseMbId")):
        return known
    if not value.get("releaseName"):
        return None
    return Alias("release", (folded(value["releaseName"]), folded(artists.names[0]) if artists.names else None))
