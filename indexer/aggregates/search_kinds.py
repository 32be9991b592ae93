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


KINDS: tuple[Kind, ...] = (Kind("track", True, _tracks, _track), Kind("artist", False, _artists, _artist))
