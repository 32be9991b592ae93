"""Known words: in how many documents each is, and the marks by which it is found. A word whose last document goes,
goes too.

Concurrency: words are locked in their order, once in a transaction, behind all else that a follower locks.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from indexer.aggregates.counts import Connection
from protocol.words import marks

SLICE: Final = 50
"""Words or documents that are made before other tasks get their turn."""


async def count(connection: Connection, statements: Mapping[str, str], words: Counter[str]) -> None:
    """Add to the documents of these words. `statements`: `recount_words`, `add_words` and `drop_words` of a table."""
    changed = {word: change for word, change in sorted(words.items()) if change}
    if not changed:
        return
    rows = await connection.fetch(statements["recount_words"], list(changed), list(changed.values()))
    known = {row["word"] for row in rows}
    if new := [word for word in changed if word not in known]:
        await connection.execute(statements["add_words"], new, [changed[word] for word in new], await _marks(new))
    if idle := [row["word"] for row in rows if row["documents"] == 0]:
        await connection.execute(statements["drop_words"], idle)


async def _marks(words: Sequence[str]) -> list[str]:
    """Of each word, as the text of an array."""
    found: list[str] = []
    for number, word in enumerate(words):
        found.append(f"{{{','.join(map(str, marks(word)))}}}")
        if number % SLICE == 0:
            await asyncio.sleep(0)
    return found
