"""What the tables of albums must hold, made of all tracks and lists by the plainest means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import count
from typing import Any

from protocol.text import normalise, slug
from runtime.db import Pool


def albums(tracks: list[Any], lists: Iterable[Any]) -> dict[str, Any]:
    """Every album by (account, by_list, album), and every track's places."""
    found: dict[tuple[int, bool, str], dict[str, Any]] = {}
    places: set[tuple[int, str, bool, str]] = set()
    by_uri = {(track.account_id, track.uri): track for track in tracks}
    for each in lists:
        if each.list_type == "album":
            subjects = list(dict.fromkeys(each.subjects))
            own = [by_uri[each.account_id, uri] for uri in subjects if (each.account_id, uri) in by_uri]
            album = _album(own, since=each.sort_at, title=each.name or "Untitled", uri=each.uri)
            found[each.account_id, True, each.rkey] = album | {"guest_count": each.guest_count}
            places |= {(each.account_id, track.rkey, True, each.rkey) for track in own}
    placed = {place[:2] for place in places}
    groups: defaultdict[tuple[int, str], list[Any]] = defaultdict(list)
    for track in sorted(tracks, key=lambda track: (track.sort_at, track.rkey)):
        if track.album and (track.account_id, track.rkey) not in placed and (name := normalise(track.album)):
            groups[track.account_id, name].append(track)
            places.add((track.account_id, track.rkey, False, name))
    for (account_id, name), own in groups.items():
        found[account_id, False, name] = _album(own, since=own[0].sort_at, title=own[0].album, uri=None)
    _give_slugs(found)
    return {"albums": found, "places": places}


def _album(tracks: list[Any], **fields: Any) -> dict[str, Any]:
    images = [track.image for track in tracks if track.image]
    return fields | {
        "image": images[0] if images else None,
        "track_count": len(tracks),
        "total_duration": sum(track.duration or 0 for track in tracks),
        "guest_count": 0,
    }


def _give_slugs(found: dict[tuple[int, bool, str], dict[str, Any]]) -> None:
    """Of one account the earlier takes its own; the later, the first number that is free of any that came before."""
    taken: set[tuple[int, str]] = set()
    for key in sorted(found, key=lambda key: (found[key]["since"], not key[1], key[2])):
        wanted = slug(found[key]["title"])
        numbered = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
        chosen = next(each for each in numbered if (key[0], each) not in taken)
        taken.add((key[0], chosen))
        found[key] |= {"slug": chosen, "by_title": f"{normalise(found[key]['title'])}\x1f{chosen}"}


async def stored_albums(pool: Pool) -> dict[str, Any]:
    """The same from the tables."""
    columns = "account_id, by_list, album, since, title, uri, image, track_count, guest_count, total_duration, slug"
    rows = [dict(row) for row in await pool.fetch(f"SELECT {columns}, by_title FROM album")]
    places = await pool.fetch("SELECT account_id, rkey, by_list, album FROM album_track")
    return {
        "albums": {(row.pop("account_id"), row.pop("by_list"), row.pop("album")): row for row in rows},
        "places": {tuple(place) for place in places},
    }
