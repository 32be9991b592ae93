"""What a handler is given and what it gives back.

A handler takes a `Call` and returns the answer as JSON text, its views just as the database made them. It costs at
most three statements, of which those by key may serve other requests too. It refuses by raising one of
`appview.errors`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import asyncpg

from appview.cursors import Key, Listing
from protocol.syntax import AtUri, Did, Handle
from runtime.sql import Fragments

VIEWS = Fragments(sorted((Path(__file__).parents[1] / "views").glob("*.sql")))

Rows: TypeAlias = Sequence[asyncpg.Record]


class Reads(Protocol):
    """The door to the database."""

    async def rows(self, sql: str, *arguments: object) -> Rows:
        """All rows of one statement. Raises ServiceUnavailable."""
        ...

    async def rows_of(self, sql: str, key: tuple[object, ...], *rest: Hashable) -> Rows:
        """The rows of one key, of a statement that may ask for the keys of other requests too.

        Its first parameters are arrays, one for each part of a key; the others are `rest`. Each row says in its column
        `place` to which key it belongs, from 1. Raises ServiceUnavailable.
        """
        ...

    async def views_of(self, sql: str, keys: Sequence[tuple[object, ...]], *rest: Hashable) -> Sequence[str | None]:
        """The view (`item`) that each of these keys has, if it has any, by such a statement.

        Views may be held, as whole answers are. Raises ServiceUnavailable.
        """
        ...


class Handles(Protocol):
    """Who looks up the handles that are not indexed."""

    async def resolve(self, handle: Handle) -> Did | None:
        """The DID to which it leads, if anybody says so. Raises ServiceUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: an account that has proved to be itself.

    `account_id` is None while nothing of it is indexed; `rev` says how far its repo was, before the answer was made.
    """

    did: Did
    account_id: int | None
    rev: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its parameters as the lexicon types them, the way to the database, and who asks if that is known.

    Without `handles` only those that are indexed are known.
    """

    params: Mapping[str, Any]
    reads: Reads
    viewer: Viewer | None = None
    handles: Handles | None = None

    @property
    def viewer_id(self) -> int | None:
        """The `viewer` of the views: the account for which they are made; 0: one that is not indexed, None: nobody."""
        return self.viewer and (self.viewer.account_id or 0)

    def after(self, listing: Listing) -> Key:
        """Behind which key the page begins. Raises InvalidRequest for a cursor that is none of this listing's."""
        return listing.after(self.params.get("cursor"))


Handler: TypeAlias = Callable[[Call], Awaitable[str]]


def one(name: str, view: str) -> str:
    """`{name: view}` of a view as JSON text."""
    return f'{{"{name}":{view}}}'


def several(name: str, views: Iterable[str]) -> str:
    """`{name: [view, ...]}` of views."""
    return f'{{"{name}":[{",".join(views)}]}}'


def only(name: str, rows: Rows) -> str:
    """`{name: view}` of the one row's column `item`, a view as JSON text."""
    return one(name, rows[0]["item"])


def every(name: str, rows: Rows) -> str:
    """`{name: [view, ...]}` of all rows."""
    return several(name, [row["item"] for row in rows])


def page(name: str, rows: Rows, limit: int, listing: Listing) -> str:
    """`{name: [view, ...], cursor}` of the first `limit` rows; the cursor only if there are more.

    A row is its `item`, a view as JSON text, and then the parts of its key. A single row without an item says that
    what was asked about exists and has nothing to list.
    """
    items = ",".join([row["item"] for row in rows[:limit] if row["item"] is not None])
    if len(rows) <= limit:
        return f'{{"{name}":[{items}]}}'
    key = tuple(rows[limit - 1].values())[1:]
    return f'{{"{name}":[{items}],"cursor":"{listing.encode(key)}"}}'


def both(first: str, second: str) -> str:
    """One object with the fields of two."""
    return f"{first[:-1]},{second[1:]}"


def uri_parts(uri: AtUri) -> tuple[str, str, str]:
    """Authority, collection and key; empty, as none is, where the at-uri has none."""
    return uri.authority, uri.collection or "", uri.rkey or ""
