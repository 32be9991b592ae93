"""What the records of fm.plyr and the profiles mean: one function per collection, from a record to its row.

Each gives None for a record that shows nowhere. `Found` is what the indexer was given and when; see naive.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from simulator.codec import to_json
from tests.oracle.naive import is_ref, is_text, mbid, moment, shown, tags, tid_moment

Row: TypeAlias = dict[str, Any]


class Found(NamedTuple):
    """A record at its place. `indexed_at`: when its uri was first indexed; `rev`: of the commit that wrote it."""

    did: str
    collection: str
    rkey: str
    cid: str
    value: Any
    indexed_at: datetime
    rev: str

    @property
    def uri(self) -> str:
        return f"at://{self.did}/{self.collection}/{self.rkey}"


def track(found: Found) -> Row | None:
    value = found.value
    created = moment(value.get("createdAt"))
    named = is_text(value.get("title"), 1, 256) and is_text(value.get("artist"), 1, 256)
    if not named or not is_text(value.get("fileType"), 1, 16) or created is None:
        return None
    if not is_text(value.get("description", ""), 0, 5000) or not is_text(value.get("album", ""), 0, 256):
        return None
    blob = value.get("audioBlob")
    if blob is None and value.get("audioUrl") is None:
        return None
    labels = value.get("labels", {}).get("values", [])
    row: Row = {
        "created_at": created,
        "sort_at": min(created, found.indexed_at),
        "indexed_at": found.indexed_at,
        "duration": value.get("duration"),
        "audio_size": blob and blob["size"],
        "uri": found.uri,
        "cid": found.cid,
        "title": shown(value["title"]),
        "artist": shown(value["artist"]),
        "file_type": value["fileType"],
        "audio_cid": blob and str(blob["ref"]),
        "audio_mime": blob and blob["mimeType"],
        "audio_url": value.get("audioUrl"),
        "album": shown(value.get("album")),
        "image": value.get("imageUrl"),
        "description": shown(value.get("description")),
        "support_gate": value.get("supportGate", {}).get("type"),
        "tags": tags(value.get("tags", []), value.get("description", "")),
        "features": [guest["did"] for guest in value.get("features", [])],
        "self_labels": [label["val"] for label in labels],
        "record": to_json(value),
    }
    return row | {"said": _said(row, found.did)}


def _said(row: Row, did: str) -> Row:
    """What the track's view shows of its record alone."""
    made = _time(row["created_at"])
    of_track = {"uri": row["uri"], "cid": row["cid"]}
    said = {
        "title": row["title"],
        "artist": row["artist"],
        "fileType": row["file_type"],
        "duration": row["duration"],
        "image": row["image"],
        "description": row["description"],
        "tags": row["tags"] or None,
        "supportGate": row["support_gate"] and {"type": row["support_gate"]},
        "labels": [{"src": did, **of_track, "val": val, "cts": made} for val in row["self_labels"]] or None,
        "createdAt": made,
        "indexedAt": _time(row["indexed_at"]),
    }
    return {name: value for name, value in said.items() if value is not None}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def like(found: Found) -> Row | None:
    """`canonical` is settled among all likes of an account, by `model`."""
    value = found.value
    created = moment(value.get("createdAt"))
    if not is_ref(value.get("subject")) or created is None:
        return None
    return {
        "created_at": created,
        "sort_at": min(created, found.indexed_at),
        "indexed_at": found.indexed_at,
        "uri": found.uri,
        "subject": value["subject"]["uri"],
    }


def comment(found: Found) -> Row | None:
    value = found.value
    created = moment(value.get("createdAt"))
    at = value.get("timestampMs")
    if not is_ref(value.get("subject")) or created is None or not is_text(value.get("text"), 1, 1000):
        return None
    if not isinstance(at, int) or at < 0:
        return None
    return {
        "created_at": created,
        "updated_at": moment(value.get("updatedAt")),
        "sort_at": min(created, found.indexed_at),
        "indexed_at": found.indexed_at,
        "timestamp_ms": min(at, 2**62),
        "uri": found.uri,
        "cid": found.cid,
        "subject": value["subject"]["uri"],
        "subject_cid": value["subject"]["cid"],
        "text": shown(value["text"]),
    }


def track_list(found: Found) -> Row | None:
    """`subjects` becomes rows of their own."""
    value = found.value
    created = moment(value.get("createdAt"))
    items = value.get("items")
    if created is None or not isinstance(items, list) or len(items) > 500:
        return None
    if not all(isinstance(item, dict) and is_ref(item.get("subject")) for item in items):
        return None
    if not is_text(value.get("name", ""), 0, 256):
        return None
    subjects = [item["subject"]["uri"] for item in items]
    kind = shown((value.get("listType") or "").strip()) or "playlist"
    return {
        "created_at": created,
        "updated_at": moment(value.get("updatedAt")),
        "sort_at": min(tid_moment(found.rkey) or created, found.indexed_at),
        "indexed_at": found.indexed_at,
        "item_count": len(subjects),
        "guest_count": len({subject for subject in subjects if subject.split("/")[2] != found.did}),
        "uri": found.uri,
        "cid": found.cid,
        "list_type": kind.encode()[:640].decode(errors="ignore"),
        "name": shown((value.get("name") or "").strip()),
        "subjects": subjects,
    }


def plyr_profile(found: Found) -> Row | None:
    value = found.value
    created = moment(value.get("createdAt"))
    if created is None or found.rkey != "self" or not is_text(value.get("bio", ""), 0, 2560):
        return None
    return {
        "created_at": created,
        "indexed_at": found.indexed_at,
        "avatar": value.get("avatar"),
        "bio": shown(value.get("bio")),
    }


def bsky_profile(found: Found) -> Row | None:
    return _profile(found) if _names_fit(found) else None


def teal_profile(found: Found) -> Row | None:
    if not _names_fit(found):
        return None
    featured = found.value.get("featuredItem", {})
    return {
        **_profile(found),
        "facets": None,
        "featured_mbid": (item := mbid(featured.get("mbid"))),
        "featured_type": featured.get("type") if item else None,
    }


def _names_fit(found: Found) -> bool:
    value = found.value
    fits = is_text(value.get("displayName", ""), 0, 640) and is_text(value.get("description", ""), 0, 2560)
    return fits and found.rkey == "self" and ("createdAt" not in value or moment(value["createdAt"]) is not None)


def _profile(found: Found) -> Row:
    value = found.value
    avatar, banner = value.get("avatar"), value.get("banner")
    return {
        "created_at": moment(value.get("createdAt")),
        "indexed_at": found.indexed_at,
        "display_name": shown(value.get("displayName")),
        "description": shown(value.get("description")),
        "avatar_cid": avatar and str(avatar["ref"]),
        "banner_cid": banner and str(banner["ref"]),
    }
