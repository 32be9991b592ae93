"""How what is played is found: by the words of its name, and beside it of its artists' names.

Part of the follower `played`. The words stand with the item and are made when it is added or gets another name, so that
another play of it costs nothing here; which of them came and went is noted, and counted once at the end of a batch.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

import orjson

from indexer.aggregates import vocabulary
from indexer.aggregates.counts import Connection
from indexer.aggregates.heard import Name
from indexer.aggregates.search_text import Document, document
from runtime.sql import Queries

SQL: Final = Queries.beside(__file__)


async def documents(names: Sequence[Name]) -> list[Document]:
    """Those of some names, in order."""
    found: list[Document] = []
    for number, (name, credit) in enumerate(names):
        found.append(document(name, beside=[artist for artist, _ in orjson.loads(credit)] if credit else ()))
        if number % vocabulary.SLICE == 0:
            await asyncio.sleep(0)
    return found


async def count(connection: Connection, words: Counter[str]) -> None:
    """Add to the items that have these words."""
    await vocabulary.count(connection, SQL, words)
