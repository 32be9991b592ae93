"""What an account's own host says of its status, when it does not give out the repo.

A host is never there to say that an account is deleted: what it does not know is hidden and asked for again. Whatever
is no clear answer is none. Spec: com.atproto.sync.getRepoStatus; sync.md section 4.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

from indexer.accounts import DELETED, NOT_FOUND
from indexer.hosts import Hosts
from protocol.fetch import Fetcher, FetchFailed, Unreachable, XrpcError
from protocol.syntax import Did


class HostSilent(Exception):
    """The host gives no answer from which anything follows."""


class Status(NamedTuple):
    """As in `#account`. `asked_at`: when the host was asked; what it reports of its own accord since then is newer."""

    active: bool
    status: str | None
    asked_at: datetime


# Errors by which a host says that it has the account, or the repo, no more. Their names count: some hosts say 404.
STATUS_OF_ERROR: Final = {
    "RepoNotFound": NOT_FOUND,
    "RepoTakendown": "takendown",
    "RepoSuspended": "suspended",
    "RepoDeactivated": "deactivated",
}


async def ask_status(fetcher: Fetcher, hosts: Hosts, origin: str, did: Did) -> Status:
    """Ask a host for the status of one of its accounts, and tell `hosts` how it fares. Raises HostSilent."""
    asked_at = datetime.now(UTC)
    try:
        async with fetcher.open(f"{origin}/xrpc/com.atproto.sync.getRepoStatus", {"did": did}) as found:
            answer = await found.json()
        hosts.answered(origin, found.quota)
    except XrpcError as fault:
        hosts.refused(origin, fault)
        if fault.name in STATUS_OF_ERROR:
            return Status(False, STATUS_OF_ERROR[fault.name], asked_at)
        raise HostSilent(f"getRepoStatus: {fault}") from fault
    except FetchFailed as fault:
        if isinstance(fault, Unreachable):
            hosts.failed(origin)
        raise HostSilent(f"getRepoStatus: {fault}") from fault
    if not isinstance(answer, dict):
        raise HostSilent("getRepoStatus: no object")
    fields = cast("dict[str, Any]", answer)
    active, status = fields.get("active"), fields.get("status")
    if fields.get("did") != did or not isinstance(active, bool):
        raise HostSilent("getRepoStatus: not about this account")
    if active or not isinstance(status, str):
        return Status(active, None, asked_at)
    return Status(False, NOT_FOUND if status == DELETED else status[:100], asked_at)
