"""Tracks, with their tags. One that has neither a blob nor a URL cannot be played and makes no row.

The blob's address is made when it is read, since the account's PDS may change. records.md, "fm.plyr.track".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, cast

import regex

from indexer.aggregates import Contribution, utc_day
from indexer.projections import fields
from indexer.projections.base import Projection, by_rkey
from indexer.projections.tolerances import odd_tags
from indexer.stages import RecordRow
from protocol.cbor import to_json
from protocol.text import hashtags, pg_text, tag
from runtime.sql import Queries

SQL = Queries.beside(__file__)
TAGS_MAX = 10
# A record may hold half a million, in which ten that differ need not be.
TAGS_READ = 1_000
TAG_BYTES = 500
_TAG = regex.compile(r"\X{1,50}")


class Track(NamedTuple):
    """A row. `duration` in seconds; `audio_*`: the blob, and beside or instead of it a URL; `record` is JSON."""

    account_id: int
    sort_at: datetime
    created_at: datetime
    indexed_at: datetime
    duration: int | None
    audio_size: int | None
    rkey: str
    uri: str
    cid: str
    title: str
    artist: str
    file_type: str
    audio_cid: str | None
    audio_mime: str | None
    audio_url: str | None
    album: str | None
    image: str | None
    description: str | None
    support_gate: str | None
    tags: list[str]
    features: list[str]
    self_labels: list[str]
    record: str


def parse(row: RecordRow) -> Track | None:
    value = row.value
    audio = fields.blob(value.get("audioBlob"))
    audio_url = fields.text(value.get("audioUrl"))
    if audio is None and audio_url is None:
        return None
    created, sort = fields.times(row)
    gate: Any = value.get("supportGate")
    return Track(
        account_id=row.key.account_id,
        sort_at=sort,
        created_at=created,
        indexed_at=row.indexed_at,
        duration=fields.integer(value.get("duration")),
        audio_size=audio and audio.size,
        rkey=row.key.rkey,
        uri=fields.uri(row),
        cid=str(row.cid),
        title=fields.text(value.get("title")) or "",
        artist=fields.text(value.get("artist")) or "",
        file_type=fields.text(value.get("fileType")) or "",
        audio_cid=audio and audio.cid,
        audio_mime=audio and audio.mime,
        audio_url=audio_url,
        album=fields.text(value.get("album")),
        image=fields.text(value.get("imageUrl")),
        description=fields.text(value.get("description")),
        support_gate=fields.text(cast("dict[str, Any]", gate).get("type")) if isinstance(gate, dict) else None,
        tags=tags(value),
        features=fields.texts([each.get("did") for each in fields.objects(value.get("features"))]),
        self_labels=_self_labels(value.get("labels")),
        record=to_json(value).decode(),
    )


def tags(value: dict[str, Any]) -> list[str]:
    """The record's tags and the hashtags of its description, as they are compared: the first ten, each once."""
    found: dict[str, None] = {}
    for given in islice(_given_tags(value), TAGS_READ):
        if name := _short_tag(given):
            found[name] = None
            if len(found) == TAGS_MAX:
                break
    return list(found)


def _given_tags(value: dict[str, Any]) -> Iterator[str]:
    listed: Any = value.get("tags")
    if isinstance(listed, list):
        yield from (each for each in cast("list[Any]", listed) if isinstance(each, str))
    yield from hashtags(fields.text(value.get("description")) or "")


def _short_tag(name: str) -> str:
    if len(name) > TAG_BYTES:
        name = name.strip()[:TAG_BYTES]
    cut = tag(pg_text(name)).encode()[:TAG_BYTES].decode(errors="ignore")
    found = _TAG.match(cut)
    return found[0].rstrip() if found else ""


def _self_labels(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    return fields.texts([each.get("val") for each in fields.objects(cast("dict[str, Any]", value).get("values"))])


def contribution(track: Track) -> Contribution:
    return Contribution(
        track.account_id,
        track.uri,
        tracks=1,
        duration=track.duration or 0,
        tags=track.tags,
        day=utc_day(track.sort_at),
    )


PROJECTION = Projection(
    collections=("fm.plyr.track",),
    table="plyr_track",
    columns=Track._fields,
    key=by_rkey,
    parse=parse,
    tolerates=odd_tags,
    sql=SQL,
    contribution=contribution,
)
