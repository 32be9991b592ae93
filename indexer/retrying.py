"""Tries again what was set aside: a record that can be read, stored or projected now takes its place.

What is stored raw is read and projected again where it stands. What was never stored may have changed at its host
meanwhile, so its repo is fetched, and brings it or sets it aside anew. A letter whose record was replaced or deleted
since is settled. A few letters in each transaction, their repos locked; whoever is interrupted begins again and finds
less to do. May run beside the indexer, in another process. sync.md section 6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import asyncpg

from indexer import states
from indexer.apply import mark_invalid
from indexer.deadletters import Which
from indexer.projecting import project
from indexer.reading import RecordReader
from indexer.stages import RecordKeyRow, RecordRow
from indexer.states import RepoState
from protocol.cbor import Cid
from protocol.syntax import Did, Tid, is_record_key
from runtime.db import Connection, Pool
from runtime.sql import Queries

SQL = Queries.beside(__file__)

# Letters of one transaction: for each a record of a megabyte may be read.
PAGE: Final = 20

Outcome: TypeAlias = Literal["applied", "fetched", "settled", "kept"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("applied", "fetched", "settled", "kept")


class Retrier:
    """Tries letters again. `record_max_bytes`: of the largest record that is kept."""

    def __init__(self, pool: Pool, reader: RecordReader, record_max_bytes: int) -> None:
        self._pool = pool
        self._reader = reader
        self._indexed = frozenset(reader.collections)
        self._record_max_bytes = record_max_bytes

    async def run(self, which: Which) -> Counter[Outcome]:
        """What became of the letters: applied, to be fetched with their repos, settled before, or kept as they are."""
        outcomes: Counter[Outcome] = Counter()
        after = 0
        while rows := await self._pool.fetch(SQL["page"], after, *which, PAGE):
            async with self._pool.acquire() as connection, connection.transaction():
                outcomes += await self._try(connection, [row["id"] for row in rows], [row["did"] for row in rows])
            after = rows[-1]["id"]
        return outcomes

    async def _try(self, connection: Connection, ids: Sequence[int], dids: Sequence[str]) -> Counter[Outcome]:
        repos = await states.lock(connection, dids)
        letters = await connection.fetch(SQL["letters"], ids)
        judged: dict[int, RecordRow | Outcome] = {}
        for letter in letters:
            judged[letter["id"]] = self._judge(letter, repos.get(letter["did"]))
        rows = [(each["id"], row) for each in letters if isinstance(row := judged[each["id"]], RecordRow)]
        refused = {refusal.row.key for refusal in await project(connection, [row for _, row in rows], ())}
        for letter_id, row in rows:
            if row.key in refused:
                judged[letter_id] = "kept"
            else:
                await mark_invalid(connection, row.key, row.invalid)
        await self._fetch(connection, [repos[each["did"]] for each in letters if judged[each["id"]] == "fetched"])
        await connection.execute(SQL["delete"], [each for each, outcome in judged.items() if outcome != "kept"])
        outcomes: Counter[Outcome] = Counter()
        for each in judged.values():
            outcomes["applied" if isinstance(each, RecordRow) else each] += 1
        return outcomes

    def _judge(self, letter: asyncpg.Record, repo: RepoState | None) -> RecordRow | Outcome:
        """What is to be done with a letter; a row is to be projected."""
        collection, _, rkey = letter["path"].partition("/")
        if repo is None:
            return "settled"
        if collection not in self._indexed:
            return "kept"
        if letter["value"] is None:
            return self._judge_unstored(letter, rkey, repo)
        if not letter["stands"]:
            return "settled"
        reading = self._reader.read(collection, rkey, letter["value"])
        if reading.fault is not None:
            return "kept"
        return RecordRow(
            key=RecordKeyRow(repo.account_id, collection, rkey),
            did=Did(letter["did"]),
            cid=Cid(letter["cid"]),
            rev=Tid(letter["rev"]),
            indexed_at=letter["indexed_at"],
            unsigned=letter["unsigned"],
            raw=letter["value"],
            value=reading.value,
            invalid=reading.invalid,
        )

    def _judge_unstored(self, letter: asyncpg.Record, rkey: str, repo: RepoState) -> Outcome:
        match letter["reason"]:
            case "record_key_invalid":
                impossible = not is_record_key(rkey)
            case "record_too_large":
                impossible = letter["bytes"] > self._record_max_bytes
            case _:
                return "settled"
        return "kept" if impossible or repo.state in ("syncing", "inactive") else "fetched"

    @staticmethod
    async def _fetch(connection: Connection, repos: Sequence[RepoState]) -> None:
        """Those that are synced; the others are in the queue."""
        synced = {
            repo.account_id: "a record that was set aside is tried again" for repo in repos if repo.state == "synced"
        }
        await states.desynchronize(connection, synced, states.ANY_NUMBER)
