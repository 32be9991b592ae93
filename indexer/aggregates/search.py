"""Search documents, and the vocabulary by which they are found: exact at every commit.

Of each kind (`search_kinds.py`) the documents that a batch may have changed are made anew; what differs from what
stands there is written, and the words that came and went are counted (`vocabulary.py`).
Concurrency: the caller's transaction holds the `repo` rows of the accounts, and the counts of the tags that came and
went, so that nobody else writes the documents of these; and the counts of accounts that may have got a new name, so
that whoever likes something of theirs meanwhile weighs the new document, or is seen by it. Documents are locked in the
order of their keys, words last, in theirs. records.md, "What follows from records".
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TypeAlias

import asyncpg

from indexer.aggregates import vocabulary
from indexer.aggregates.counts import Connection
from indexer.aggregates.following import Follower, Touched
from indexer.aggregates.search_kinds import KINDS, TAG, Kind
from indexer.aggregates.search_text import Document, Key
from runtime.sql import Queries

SQL = Queries.beside(__file__)
# Documents looked at in one go.
PAGE = 1_000

Documents: TypeAlias = Mapping[Key, Document]


async def follow(connection: Connection, touched: Touched) -> None:
    """Make documents and words what the touched rows want."""
    words: Counter[str] = Counter()
    artists, tags = set(touched.counted), set[str]()
    for kind in KINDS:
        async for keys in _concerned(connection, kind, touched):
            come, moved = await _settle(connection, kind, keys, words)
            if kind.name == "artist":
                artists.update(account_id for account_id, _ in come)
            if kind.name == "track":
                tags |= moved
    if tags:
        async for keys in _pages([(0, tag) for tag in tags]):
            await _settle(connection, TAG, keys, words)
        await connection.execute(SQL["weigh_tags"], sorted(tags))
    if touched.subjects:
        await connection.execute(SQL["weigh_tracks"], touched.subjects)
    if artists:
        await connection.execute(SQL["weigh_artists"], sorted(artists))
    await vocabulary.count(connection, SQL, words)


async def restart(connection: Connection) -> None:
    """Nothing is to be found but those who have a handle."""
    await connection.execute(SQL["clear_documents"])
    await connection.execute(SQL["clear_words"])
    after = 0
    while named := [row["account_id"] for row in await connection.fetch(SQL["named_after"], after, PAGE)]:
        await follow(connection, Touched(handles=named))
        after = named[-1]


async def _concerned(connection: Connection, kind: Kind, touched: Touched) -> AsyncIterator[Sequence[Key]]:
    """The keys to look at, page by page, each page in order."""
    async for page in _pages(kind.keys(touched)):
        yield page
    for account_id in sorted(touched.accounts) if kind.many else ():
        after = ""
        while found := await connection.fetch(SQL[f"{kind.name}_keys"], account_id, after, PAGE):
            yield [(account_id, row["key"]) for row in found]
            after = found[-1]["key"]


async def _pages(keys: Iterable[Key]) -> AsyncIterator[Sequence[Key]]:
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), PAGE):
        yield ordered[start : start + PAGE]


async def _settle(
    connection: Connection, kind: Kind, keys: Sequence[Key], words: Counter[str]
) -> tuple[Documents, set[str]]:
    """Replace what differs under these keys, and note the words that come and go; gives what was written, and the tags
    that a document has got or lost."""
    columns = [key[0] for key in keys], [key[1] for key in keys]
    wanted: dict[Key, Document] = {}
    for number, row in enumerate(await connection.fetch(SQL[f"{kind.name}_sources"], *columns)):
        wanted[row["account_id"], row["key"]] = kind.make(row)
        if number % vocabulary.SLICE == 0:
            await asyncio.sleep(0)
    stored = {
        (row["account_id"], row["key"]): _stored(row)
        for row in await connection.fetch(SQL["documents"], kind.name, *columns)
    }
    changed = {key for key in stored.keys() | wanted.keys() if stored.get(key) != wanted.get(key)}
    if gone := sorted(changed - wanted.keys()):
        await connection.execute(SQL["drop_documents"], kind.name, [key[0] for key in gone], [key[1] for key in gone])
    come = {key: wanted[key] for key in sorted(changed & wanted.keys())}
    if come:
        await _write(connection, kind.name, come)
    for key in changed & stored.keys():
        words.subtract(stored[key].words)
    for each in come.values():
        words.update(each.words)
    return come, {tag for key in changed for tag in _tags(stored.get(key)) ^ _tags(wanted.get(key))}


def _tags(document: Document | None) -> set[str]:
    return set(document.tags) if document else set()


def _stored(row: asyncpg.Record) -> Document:
    named, beside = tuple(sorted(row["named"])), tuple(sorted(row["beside"]))
    return Document(row["name"], row["alias"], row["artist"], tuple(row["tags"]), named, beside)


async def _write(connection: Connection, kind: str, come: Documents) -> None:
    documents = list(come.values())
    await connection.execute(
        SQL["write_documents"],
        kind,
        [account_id for account_id, _ in come],
        [key for _, key in come],
        [each.name for each in documents],
        [each.alias for each in documents],
        [each.artist for each in documents],
        ["\n".join(each.tags) for each in documents],
        [each.tsvector for each in documents],
    )


FOLLOWER = Follower(tables=("search_document", "search_word"), follow=follow, restart=restart)
