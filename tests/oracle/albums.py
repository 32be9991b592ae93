"""The model's albums: every account's, from all its tracks and lists. Slow and plain. records.md, "fm.plyr.list"."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias

from tests.oracle.naive import folded
from tests.oracle.plyr import Row

Rows: TypeAlias = Mapping[tuple[Any, ...], Row]


def items(lists: Rows) -> dict[tuple[Any, ...], Row]:
    """The table `plyr_list_item`, made of the lists' `subjects`, which are taken out of them."""
    found: dict[tuple[Any, ...], Row] = {}
    for (did, rkey), row in lists.items():
        subjects = row.pop("subjects")
        for place, subject in enumerate(subjects):
            repeated, own = subject in subjects[:place], subject.split("/")[2] == did
            kept = {"subject": subject, "sort_at": row["sort_at"], "repeated": repeated, "own": own}
            found[did, rkey, place] = kept
    return found


def albums(tracks: Rows, lists: Rows, standing: Rows) -> dict[str, dict[tuple[Any, ...], Row]]:
    """The tables `album` and `album_track`."""
    by_uri = {row["uri"]: (key, row) for key, row in tracks.items()}
    members: defaultdict[tuple[str, bool, str], list[tuple[str, Row]]] = defaultdict(list)
    found: dict[tuple[Any, ...], Row] = {}
    placed: set[tuple[Any, ...]] = set()
    for (did, rkey), row in lists.items():
        if row["list_type"] != "album":
            continue
        named = {"since": row["sort_at"], "title": row["name"] or "Untitled", "uri": row["uri"]}
        found[did, True, rkey] = named | {"guest_count": row["guest_count"]}
        for _, item in sorted((key[2], item) for key, item in standing.items() if key[:2] == (did, rkey)):
            (owner, track), there = by_uri.get(item["subject"], ((None, ""), {}))
            if owner == did and not item["repeated"]:
                members[did, True, rkey].append((track, there))
                placed.add((did, track))
    for (did, rkey), row in sorted(tracks.items(), key=lambda entry: (entry[1]["sort_at"], entry[0])):
        if (did, rkey) not in placed and row["album"] and folded(row["album"]):
            key = did, False, folded(row["album"])
            found.setdefault(key, {"since": row["sort_at"], "title": row["album"], "uri": None, "guest_count": 0})
            members[key].append((rkey, row))
    for key, row in found.items():
        row.update(_sums([track for _, track in members[key]]))
    _call(found)
    places = {
        (did, rkey, by_list, album): {"sort_at": track["sort_at"]}
        for (did, by_list, album), tracks in members.items()
        for rkey, track in tracks
    }
    return {"album": found, "album_track": places}


def _sums(tracks: list[Row]) -> Row:
    images = [track["image"] for track in tracks if track["image"]]
    return {
        "image": images[0] if images else None,
        "track_count": len(tracks),
        "total_duration": sum(track["duration"] or 0 for track in tracks),
    }


def _call(found: dict[tuple[Any, ...], Row]) -> None:
    """Each its own slug within its account, the earlier first."""
    taken: set[tuple[str, str]] = set()
    for key in sorted(found, key=lambda key: (found[key]["since"], not key[1], key[2])):
        row = found[key]
        wanted = chosen = address(row["title"])
        number = 1
        while (key[0], chosen) in taken:
            number += 1
            chosen = f"{wanted}-{number}"
        taken.add((key[0], chosen))
        row["slug"] = chosen
        row["by_title"] = f"{folded(row['title'])}\x1f{chosen}"
        row["stem"] = _without_numbers(wanted)
        said = {name: row[name] for name in ("title", "slug", "uri", "image")}
        row["said"] = {name: value for name, value in said.items() if value is not None}


def address(title: str) -> str:
    """ASCII letters and digits with hyphens between; of what has none, the beginning of a hash."""
    letters = ""
    for letter in unicodedata.normalize("NFKD", title):
        if letter.isascii():
            letters += letter.lower() if letter.isalnum() else " "
    return "-".join(letters.split()) or hashlib.sha256(folded(title).encode()).hexdigest()[:8]


def _without_numbers(slug: str) -> str:
    words = slug.split("-")
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    return "-".join(words)
