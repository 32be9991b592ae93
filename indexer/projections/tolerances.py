"""Which violations of a lexicon do not hide a record. Pure.

Each function takes a violation's path and rule, and the record, and says whether it is forgiven.
records.md, "What every collection has in common".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from indexer.projections.fields import is_unix_seconds

_MBIDS = frozenset({"trackMbId", "recordingMbId", "releaseMbId", "artists[].artistMbId"})
_AUTHORED = frozenset({"uri", "cid", "author"})


def nothing(path: str, rule: str, record: Mapping[str, Any]) -> bool:
    """For records of which there is one in a repo, under a fixed key."""
    del path, rule, record
    return False


def odd_rkey(path: str, rule: str, record: Mapping[str, Any]) -> bool:
    """A record key that is no TID."""
    del record
    return rule == "rkey" and not path


def odd_tags(path: str, rule: str, record: Mapping[str, Any]) -> bool:
    """Besides, whatever stands in `tags`: the field is ours, and no client need know it."""
    return path in ("tags", "tags[]") or odd_rkey(path, rule, record)


def odd_play(path: str, rule: str, record: Mapping[str, Any]) -> bool:
    """Besides, MBIDs that are none, and a time in Unix seconds."""
    return odd_rkey(path, rule, record) or _odd_item(path, rule, record)


def odd_status(path: str, rule: str, record: Mapping[str, Any]) -> bool:
    """The same of what is playing, times in Unix seconds, and no name, which means silence."""
    if path in ("time", "expiry"):
        return rule == "format:datetime" and is_unix_seconds(record.get(path))
    name = path.removeprefix("item.")
    item = record.get("item")
    if name == path or not isinstance(item, dict):
        return False
    if name == "trackName":
        return rule == "minLength"
    # These stand in the view of a play, not in what an author writes.
    if name.partition(".")[0] in _AUTHORED:
        return True
    return _odd_item(name, rule, cast("Mapping[str, Any]", item))


def odd_mbid(path: str, rule: str, record: Mapping[str, Any]) -> bool:
    """A profile's featured item without a proper MBID."""
    del record
    return path == "featuredItem.mbid" and rule == "format:uri"


def _odd_item(path: str, rule: str, item: Mapping[str, Any]) -> bool:
    if path == "playedTime":
        return rule == "format:datetime" and is_unix_seconds(item.get(path))
    return path in _MBIDS and rule == "format:uri"
