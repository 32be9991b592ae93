"""What can be found: for each kind of document, which of them a batch may have changed, and what they are made of.

A kind brings the query `<name>_sources`: of some keys, those that are there and show, with what their documents are
made of; and, when an account can have several, `<name>_keys`: all that it has or had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import asyncpg

from indexer.aggregates.following import Touched
from indexer.aggregates.names import renamed
from indexer.aggregates.search_text import Document, Key, document


@dataclass(frozen=True, slots=True)
class Kind:
    """`many`: whether an account can have several, all to be looked at when it shows or ceases to; `keys`: of the
    documents that other touched rows ask for; `make`: a document of a row of the sources."""

    name: str
    many: bool
    keys: Callable[[Touched], Iterable[Key]]
    make: Callable[[asyncpg.Record], Document]


def _tracks(touched: Touched) -> Iterable[Key]:
    return touched.keys.get("plyr_track", ())


def _track(row: asyncpg.Record) -> Document:
    return document(row["title"], artist=row["artist"], tags=row["tags"], beside=[row["album"]])


def _artists(touched: Touched) -> Iterable[Key]:
    return [(account_id, "") for account_id in sorted(renamed(touched).union(touched.handles))]


def _artist(row: asyncpg.Record) -> Document:
    return document(row["display_name"] or row["handle"], alias=row["handle"])


def _albums(touched: Touched) -> Iterable[Key]:
    return touched.albums


def _album(row: asyncpg.Record) -> Document:
    return document(row["title"], beside=row["artists"])


def _playlists(touched: Touched) -> Iterable[Key]:
    return [(account_id, f"list/{rkey}") for account_id, rkey in touched.keys.get("plyr_list", ())]


def _playlist(row: asyncpg.Record) -> Document:
    return document(row["name"])


def _tag(row: asyncpg.Record) -> Document:
    return document(row["key"], tags=[row["key"]])


KINDS: tuple[Kind, ...] = (
    Kind("track", True, _tracks, _track),
    Kind("artist", False, _artists, _artist),
    Kind("album", True, _albums, _album),
    Kind("playlist", True, _playlists, _playlist),
)
TAG = Kind("tag", False, lambda _: (), _tag)
"""Nobody's, under the account 0: those that tracks have got or lost are looked at once these are settled."""
