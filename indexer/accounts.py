"""What becomes of an account: active, hidden, deleted, back again; and what its DID document says of it.

Every function works in the caller's transaction, which holds the lock of the repo's row (or takes it here), so that
nothing of the account is applied meanwhile. `active` decides, `status` explains. A report that is older than the last
one known is a replay and changes nothing; it may only have us ask the account's host. What a host answers is no report;
it may be a former host, of an account that has moved, and then all that it knows is that the account is not active
there. A deletion may be reported after that, and is the explanation. A relay may carry the
deletion of what an account that has moved has left behind at its former host: everything goes at once, then the DID
document is read and the host that it names is asked; one that has the account brings it back. sync.md section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg

from indexer import projections, states
from indexer.reports import FRAGMENTS
from indexer.states import Pace
from protocol.identity import DidDocument
from protocol.syntax import Handle
from protocol.text import pg_text
from runtime.db import Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__, FRAGMENTS)

DELETED = "deleted"
# What a host is not there to say: the account is hidden, and asked for again.
NOT_FOUND = "not_found"


async def set_status(  # noqa: PLR0913, PLR0917 - of a report
    connection: Connection, account_id: int, active: bool, status: str | None, at: datetime, pace: Pace
) -> None:
    """Follow a report about an account from a host that may speak for it, made at `at`."""
    await connection.execute(SQL["lock_repos"], [account_id])
    known = await connection.fetchrow(SQL["read_account"], account_id)
    assert known is not None
    at = min(at, datetime.now(UTC))
    if known["status_at"] is None or at >= known["status_at"]:
        await _set_status(connection, account_id, known, active, status, at, pace)
    elif active:
        await _ask_host(connection, account_id, known["deleted"], pace)
    elif status == DELETED and known["status"] == NOT_FOUND:
        await _set_status(connection, account_id, known, active, status, known["status_at"], pace)


async def heed_answer(  # noqa: PLR0913, PLR0917 - of an answer
    connection: Connection, account_id: int, active: bool, status: str | None, asked_at: datetime, pace: Pace
) -> None:
    """Follow what a host says that was asked then, unless a report is newer. That it has the account makes all that was
    reported before out of date; that it has not, nothing."""
    await connection.execute(SQL["lock_repos"], [account_id])
    known = await connection.fetchrow(SQL["read_account"], account_id)
    assert known is not None
    if known["status_at"] is None or asked_at >= known["status_at"]:
        at = asked_at if active else known["status_at"]
        await _set_status(connection, account_id, known, active, status, at, pace)


async def _set_status(  # noqa: PLR0913, PLR0917 - of a report
    connection: Connection,
    account_id: int,
    known: asyncpg.Record,
    active: bool,
    status: str | None,
    at: datetime | None,
    pace: Pace,
) -> None:
    deleted = not active and (status == DELETED or known["deleted"])
    status = DELETED if deleted else status and pg_text(status)
    await connection.execute(SQL["set_status"], account_id, active, status, deleted, at)
    if deleted and not known["deleted"]:
        await _purge(connection, account_id)
        await _ask_host(connection, account_id, True, pace)
    elif known["active"] and not active:
        await connection.execute(SQL["rest_repo"], account_id)
        await _hide(connection, account_id)
    elif active and not known["active"]:
        await states.desynchronize(connection, {account_id: "the account is active again"}, pace.resyncs_per_hour)
        await connection.execute(SQL["revive_repo"], account_id)
        # It may have come back elsewhere, or under another key.
        await states.mark_stale(connection, [account_id], pace.refresh_pause)
        await connection.execute(SQL["show_account"], account_id)
        hidden = await connection.fetchval(SQL["is_hidden"], account_id)
        await projections.change_visibility(connection, [account_id], hidden=hidden)


async def bury(connection: Connection, account_id: int) -> None:
    """The DID is tombstoned: whatever a host has reported, the account is gone for good, and nobody is asked."""
    await connection.execute(SQL["lock_repos"], [account_id])
    await connection.execute(SQL["set_status"], account_id, False, DELETED, True, datetime.now(UTC))
    await _purge(connection, account_id)


async def settle_deletion(connection: Connection, account_id: int) -> None:
    """A deleted account lives nowhere, by its document or by the word of the host that this names, which is forgotten.
    That nobody answers says nothing: it is asked on. Nothing happens to any other account."""
    await connection.execute(SQL["settle_deletion"], account_id)


async def _ask_host(connection: Connection, account_id: int, moved: bool, pace: Pace) -> None:
    """Have the host of an inactive account asked; one that has `moved` is looked up in its DID document first."""
    if moved:
        await states.mark_stale(connection, [account_id], pace.refresh_pause)
    await states.ask_hosts(connection, [account_id])


async def ask_again(connection: Connection, account_id: int, seconds: float) -> None:
    """Ask the host of an inactive account for its status after a while."""
    await connection.execute(SQL["ask_again"], account_id, seconds)


async def _hide(connection: Connection, account_id: int) -> None:
    await connection.execute(SQL["hide_account"], account_id)
    await projections.change_visibility(connection, [account_id], hidden=True)


async def _purge(connection: Connection, account_id: int) -> None:
    """Nothing of the account stays but its DID, marked."""
    await projections.purge(connection, [account_id])
    for query in ("purge_records", "purge_letters", "purge_identity", "purge_repo"):
        await connection.execute(SQL[query], account_id)
    await _hide(connection, account_id)


class Resolution(NamedTuple):
    """What a document says, resolved from `began` on under a claim of the row (its `check_at`).

    `retry`: a document without a PDS or a key is read again after so many seconds.
    """

    account_id: int
    document: DidDocument
    began: datetime
    claim: datetime
    retry: float

    @property
    def key(self) -> str | None:
        return self.document.signing_key.did_key() if self.document.signing_key else None


class Stored(NamedTuple):
    """What documents change, by account id. `awaited`: events wait for it. `moved`: another PDS or key."""

    awaited: list[int]
    moved: list[int]


async def store_identities(connection: Connection, resolutions: Sequence[Resolution]) -> Stored:
    """Keep what the documents of different accounts say.

    Whoever called a document stale since it was resolved has moved the claim: it stays stale, and is resolved again.
    The handle is to be checked; one that is unchanged and valid goes on to show meanwhile.
    """
    ids = [each.account_id for each in resolutions]
    handles = [each.document.handle for each in resolutions]
    places = [each.document.pds for each in resolutions], [each.key for each in resolutions]
    await connection.execute(SQL["lock_repos"], ids)
    awaited = [row["account_id"] for row in await connection.fetch(SQL["awaited"], ids)]
    moved = [row["account_id"] for row in await connection.fetch(SQL["moved"], ids, *places)]
    renamed = [row["account_id"] for row in await connection.fetch(SQL["renamed"], ids, handles)]
    await connection.execute(
        SQL["store_identities"],
        ids,
        handles,
        *places,
        [each.began for each in resolutions],
        [each.claim for each in resolutions],
    )
    if renamed:
        await projections.change_handles(connection, renamed)
    usable = {each.account_id for each in resolutions if each.document.pds is not None and each.key is not None}
    await connection.execute(SQL["release_repos"], sorted(usable))
    for each in resolutions:
        if each.account_id not in usable:
            await connection.execute(SQL["note_unusable"], each.account_id)
            await connection.execute(SQL["read_again"], each.account_id, each.retry)
            await settle_deletion(connection, each.account_id)
    return Stored(awaited, moved)


class Taking(NamedTuple):
    """A handle that leads to the account, as was found under a claim of the row."""

    account_id: int
    handle: Handle
    claim: datetime


async def give_handles(connection: Connection, takings: Sequence[Taking]) -> None:
    """Handles lead to accounts, which have them from now on; whoever had one before is to be asked for anew.

    Of two who take one handle here the second is left as it is, and checked again once its claim is over.
    """
    ids, handles, claims = zip(*takings, strict=True)
    holders = [row["account_id"] for row in await connection.fetch(SQL["holders"], handles)]
    concerned = sorted({*holders, *ids})
    await connection.execute(SQL["lock_repos"], concerned)
    given = await connection.fetch(SQL["may_have"], ids, handles, claims)
    if given:
        takers = [row["account_id"] for row in given]
        await connection.execute(SQL["displace"], takers, [row["handle"] for row in given])
        await connection.execute(SQL["give_handles"], takers)
        await projections.change_handles(connection, concerned)


async def refuse_handle(connection: Connection, account_id: int, claim: datetime, pause: float) -> None:
    """The handle does not lead to the account, which is without one from now on; it is looked at again in a while."""
    await connection.execute(SQL["lock_repos"], [account_id])
    await connection.execute(SQL["refuse_handle"], account_id, claim, pause)
    await projections.change_handles(connection, [account_id])
