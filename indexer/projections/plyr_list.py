"""Lists: albums, playlists and others, with their items in the author's order.

An item may be anything, known or not, and may stand in a list several times. records.md, "fm.plyr.list".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from indexer.aggregates import Contribution
from indexer.projections import fields
from indexer.projections.base import Projection, Side, by_rkey
from indexer.projections.tolerances import odd_rkey
from indexer.stages import RecordRow
from protocol.syntax import SyntaxInvalid, Tid
from runtime.sql import Queries

SQL = Queries.beside(__file__)
PLAYLIST = "playlist"
# Bytes of a type, which its lexicon does not bound and an index has to hold. One can be asked for by no more.
TYPE_MAX = 640


class TrackList(NamedTuple):
    """A row, and `subjects`: the uris of the items, None for one that no index can hold."""

    account_id: int
    sort_at: datetime
    created_at: datetime
    updated_at: datetime | None
    indexed_at: datetime
    item_count: int
    guest_count: int
    rkey: str
    uri: str
    cid: str
    list_type: str
    name: str | None
    subjects: tuple[str | None, ...]


def parse(row: RecordRow) -> TrackList:
    found = [fields.subject(item.get("subject")) for item in fields.objects(row.value.get("items"))]
    subjects = tuple(subject and subject[0] for subject in found)
    guests = {subject for subject in subjects if subject and not _is_of(row.did, subject)}
    created, sort = fields.times(row)
    return TrackList(
        account_id=row.key.account_id,
        sort_at=min(_written_at(row.key.rkey) or sort, row.indexed_at),
        created_at=created,
        updated_at=fields.moment(row.value.get("updatedAt")),
        indexed_at=row.indexed_at,
        item_count=len(subjects),
        guest_count=len(guests),
        rkey=row.key.rkey,
        uri=fields.uri(row),
        cid=str(row.cid),
        list_type=_type(row.value.get("listType")),
        name=fields.name(row.value.get("name")),
        subjects=subjects,
    )


def item_rows(found: TrackList) -> Iterator[tuple[int, datetime, int, bool, bool, str, str]]:
    did = found.uri.split("/")[2]
    seen: set[str] = set()
    for place, subject in enumerate(found.subjects):
        if subject is not None:
            own = _is_of(did, subject)
            yield found.account_id, found.sort_at, place, subject in seen, own, found.rkey, subject
            seen.add(subject)


def _type(value: Any) -> str:
    return (fields.name(value) or PLAYLIST).encode()[:TYPE_MAX].decode(errors="ignore")


def _is_of(did: str, subject: str) -> bool:
    return subject.startswith(f"at://{did}/")


def _written_at(rkey: str) -> datetime | None:
    """When the list was made: clients set `createdAt` anew whenever they change one."""
    try:
        return Tid.parse(rkey).time
    except SyntaxInvalid:
        return None


def contribution(found: TrackList) -> Contribution:
    return Contribution(found.account_id, lists=1, playlists=int(found.list_type == PLAYLIST))


PROJECTION = Projection(
    collections=("fm.plyr.list",),
    table="plyr_list",
    columns=TrackList._fields[:-1],
    key=by_rkey,
    parse=parse,
    tolerates=odd_rkey,
    sql=SQL,
    contribution=contribution,
    side=Side(
        table="plyr_list_item",
        columns=("account_id", "sort_at", "place", "repeated", "own", "rkey", "subject"),
        rows=item_rows,
    ),
)
