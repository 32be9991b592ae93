"""What is known of a repo while its events are judged: the account, its identity, its head, what waits for it.

`lock` takes the repo rows, in the order of their ids, before anything of these accounts is read or written: several
processes may do so at once. All functions work in the caller's transaction. sync.md section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias

import asyncpg

from indexer.verify import Head
from protocol.cbor import Cid
from protocol.syntax import Did, Tid
from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)

# Of resyncs in an hour, where an operator asks for them.
ANY_NUMBER: Final = 2_147_483_647


class Pace(NamedTuple):
    """How often what strangers say may have one repo fetched in an hour; seconds between two readings of a document."""

    resyncs_per_hour: int
    refresh_pause: float


State: TypeAlias = Literal["pending", "syncing", "synced", "desynchronized", "error", "inactive"]


@dataclass(slots=True)
class RepoState:
    """One repo as its row has it, moved on in memory while a batch is judged. `pds` is an origin, `key` a did:key.

    `unsigned_rev`: how far an unsigned source was followed beyond the head; None when all is verified.
    """

    account_id: int
    did: Did
    active: bool
    pds: str | None
    key: str | None
    stale: bool
    resolved_at: datetime | None
    state: State
    head: Head | None
    unsigned_rev: Tid | None
    buffered: int
    buffered_bytes: int

    @property
    def settled(self) -> bool:
        """Whether an event can be judged now: nothing is being fetched, and the identity is the current one."""
        return self.state == "synced" and not self.stale


async def lock(connection: Connection, dids: Sequence[str]) -> dict[str, RepoState]:
    """The states, by DID, of those that are tracked, locked until the transaction ends."""
    locked = [row["account_id"] for row in await connection.fetch(SQL["lock_repos"], dids)]
    return {row["did"]: _state(row) for row in await connection.fetch(SQL["load_states"], locked)}


async def track(connection: Connection, dids: Sequence[str]) -> None:
    """Accounts that were seen for the first time, live: to the front of the queue."""
    for query in ("insert_accounts", "insert_identities", "insert_repos"):
        await connection.execute(SQL[query], sorted(dids))


async def desynchronize(connection: Connection, reasons: Mapping[int, str], resyncs_per_hour: int) -> None:
    """Fetch these repos again, by account id; one that asks for it too often waits for the end of its hour."""
    if reasons:
        await connection.execute(SQL["desynchronize"], list(reasons), list(reasons.values()), resyncs_per_hour)


async def hasten(connection: Connection, account_ids: Sequence[int], resyncs_per_hour: int) -> None:
    """Something new is known of these repos: those that could not be fetched are tried now, though not too often."""
    if account_ids:
        await connection.execute(SQL["hasten"], account_ids, resyncs_per_hour)


async def ask_hosts(connection: Connection, account_ids: Sequence[int]) -> None:
    """These accounts may be active again: their hosts, once they are known, will tell."""
    if account_ids:
        await connection.execute(SQL["ask_hosts"], account_ids)


async def wonder(connection: Connection, account_ids: Sequence[int], pause: float) -> None:
    """These accounts write, though they are not active as far as is known: that they are again was perhaps not told.
    Their hosts are asked, though not within `pause` seconds of the last time."""
    if account_ids:
        await connection.execute(SQL["wonder"], sorted(set(account_ids)), pause)


async def note_errors(connection: Connection, errors: Mapping[int, str]) -> None:
    """Why an event of these repos, by account id, was refused last."""
    if errors:
        await connection.execute(SQL["note_errors"], list(errors), list(errors.values()))


async def note_unsigned(connection: Connection, revs: Mapping[int, Tid]) -> None:
    """How far an unsigned source was followed in these repos, by account id; they wait to be confirmed from now on."""
    if revs:
        await connection.execute(SQL["note_unsigned"], list(revs), list(revs.values()))


async def mark_stale(connection: Connection, account_ids: Sequence[int], pause: float) -> None:
    """`#identity`, or `#account`: resolve these accounts anew, though not within `pause` seconds of the last time."""
    if account_ids:
        await connection.execute(SQL["mark_stale"], account_ids, pause)


async def doubt_keys(connection: Connection, account_ids: Sequence[int], pause: float) -> None:
    """A signature did not verify: resolve anew, though not within `pause` seconds of the last time."""
    if account_ids:
        await connection.execute(SQL["doubt_keys"], account_ids, pause)


def _state(row: asyncpg.Record) -> RepoState:
    fields = dict(row.items())
    did, rev, data, unsigned_rev = (fields.pop(name) for name in ("did", "rev", "data", "unsigned_rev"))
    return RepoState(
        **fields,
        did=Did(did),
        head=None if rev is None else Head(Tid(rev), Cid(data)),
        unsigned_rev=None if unsigned_rev is None else Tid(unsigned_rev),
    )
