"""What the hosts and the PLC directory of the network keep, and what happens to it: accounts, keys, repos, blobs.

Pure but for the clock: no sockets, no tasks. Every act takes effect at once, and announces what a real PDS announces,
in its order. Acts of one `Hosting` are not concurrent. Spec: https://atproto.com/specs/account, sync, did-plc.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from protocol.crypto import Curve, PrivateKey
from protocol.syntax import Did, Handle, Tid
from simulator.codec import Cid, Value
from simulator.events import AccountEvent, CommitEvent, Event, IdentityEvent, Status, SyncEvent
from simulator.log import Log, Retention
from simulator.media import Media
from simulator.repo import Commit, Repo, Write

Clock: TypeAlias = Callable[[], int]
"""Microseconds since 1970."""


class AccountUnknown(LookupError):
    """There is no account of this DID."""


class AccountUnavailable(RuntimeError):
    """The account is not active: nothing is written for it, and nobody moves it."""


class HandleTaken(ValueError):
    """Another account was created with this handle."""


@dataclass(slots=True)
class Account:
    """One account. `host`: the number of its PDS; `former_hosts`: those that it left. `repo` is none once deleted.
    `keys_made`: how many signing keys it has had. `last_micros`: the time of its last rev."""

    did: Did
    handle: Handle
    host: int
    key: PrivateKey
    repo: Repo | None
    status: Status | None = None
    tombstoned: bool = False
    former_hosts: set[int] = field(default_factory=set[int])
    blobs: dict[Cid, Media] = field(default_factory=dict[Cid, Media])
    keys_made: int = 1
    last_micros: int = 0

    @property
    def active_repo(self) -> Repo:
        """Raises `AccountUnavailable`."""
        if self.repo is None or self.status is not None:
            raise AccountUnavailable(f"{self.did} is {self.status}")
        return self.repo


def wall_clock() -> int:
    return time.time_ns() // 1000


class Hosting:
    """`hosts`: how many PDSes there are. One `seed` and one `clock` give one history for the same acts."""

    def __init__(self, seed: int, *, hosts: int, clock: Clock, retention: Retention) -> None:
        self.seed = seed
        self.hosts = hosts
        self.retention = retention
        self.accounts: dict[Did, Account] = {}
        self.handles: dict[Handle, Did] = {}
        self.events = Log(retention)
        self._clock = clock
        self._last_micros = 0
        self._watchers: list[Callable[[Event], None]] = []
        self._generators: dict[str, Random] = {}

    def random(self, concern: str) -> Random:
        """The one generator of a concern: what one concern draws changes nothing for the others."""
        if concern not in self._generators:
            self._generators[concern] = Random(f"{self.seed}/{concern}")
        return self._generators[concern]

    def now(self) -> int:
        """Microseconds since 1970; rises at every call."""
        self._last_micros = max(self._clock(), self._last_micros + 1)
        return self._last_micros

    def watch(self, watcher: Callable[[Event], None]) -> None:
        """Have every event handed over as it happens."""
        self._watchers.append(watcher)

    def account(self, did: Did) -> Account:
        """Raises `AccountUnknown`."""
        if did not in self.accounts:
            raise AccountUnknown(did)
        return self.accounts[did]

    def create_account(
        self, handle: str, *, did: str | None = None, curve: Curve = "k256", host: int = 0, at: int | None = None
    ) -> Account:
        """A new account with an empty repo. `did`: for those that are not the PLC directory's. Raises `HandleTaken`."""
        name = Handle.parse(handle)
        if name in self.handles:
            raise HandleTaken(name)
        known = Did.parse(did) if did is not None else self._new_plc_did()
        key = PrivateKey.generate(curve, f"{self.seed}/{known}/0".encode())
        account = self.accounts[known] = Account(known, name, host, key, Repo(known))
        self.handles[name] = known
        micros = self._micros(at)
        self._announce(IdentityEvent(host, known, micros, name))
        self._announce(AccountEvent(host, known, micros, None))
        self._found(account, micros)
        return account

    def write(self, did: Did, writes: Sequence[Write], *, at: int | None = None) -> CommitEvent:
        """Commit the writes, in their order, as one. Raises `WriteRefused`, `AccountUnavailable`, `AccountUnknown`."""
        account = self.account(did)
        repo = account.active_repo
        micros = self._micros(at)
        return self._announce_commit(account, repo.commit(account.key, _next_rev(account, micros), writes), micros)

    def add_blob(self, did: Did, media: Media) -> Value:
        """Store a blob at the account's host; gives the reference to put into a record."""
        data = media.data()
        cid = Cid.of_blob(data)
        self.account(did).blobs[cid] = media
        return {"$type": "blob", "ref": cid, "mimeType": media.mime_type, "size": len(data)}

    def deactivate(self, did: Did) -> None:
        self._set_status(did, "deactivated")

    def suspend(self, did: Did) -> None:
        self._set_status(did, "suspended")

    def take_down(self, did: Did) -> None:
        self._set_status(did, "takendown")

    def delete(self, did: Did) -> None:
        """The repo and the blobs go; the DID document stays, as the directory is not told."""
        account = self.account(did)
        account.repo = None
        account.blobs.clear()
        self._release_handle(account)
        self._set_status(did, "deleted")

    def reactivate(self, did: Did) -> None:
        """Whatever the account's status was. One that was deleted begins anew with an empty repo."""
        account = self.account(did)
        account.status = None
        micros = self.now()
        self._announce(AccountEvent(account.host, did, micros, None))
        self._announce(IdentityEvent(account.host, did, micros, account.handle))
        if account.repo is None:
            account.repo = Repo(did)
            self.handles.setdefault(account.handle, did)
            self._found(account, micros)
        else:
            self._announce_sync(account, account.repo, micros)

    def change_handle(self, did: Did, handle: str) -> None:
        """The handle leads here from now on; another account that had it goes on claiming it in its document."""
        account = self.account(did)
        self._release_handle(account)
        account.handle = Handle.parse(handle)
        self.handles[account.handle] = did
        self._announce(IdentityEvent(account.host, did, self.now(), account.handle))

    def rotate_key(self, did: Did, curve: Curve = "k256") -> None:
        """A new signing key; commits from now on are signed by it."""
        account = self.account(did)
        self._renew_key(account, curve)
        self._announce(IdentityEvent(account.host, did, self.now(), account.handle))

    def migrate(self, did: Did, host: int) -> None:
        """Move to another PDS under a new key. Raises `AccountUnavailable` when it is not active.

        The new host signs the repo anew, without a change of its tree.
        """
        account = self.account(did)
        repo = account.active_repo
        micros = self.now()
        self._announce(AccountEvent(account.host, did, micros, "deactivated"))
        account.former_hosts = (account.former_hosts | {account.host}) - {host}
        account.host = host
        self._renew_key(account, account.key.curve)
        repo.commit(account.key, _next_rev(account, micros), ())
        self._announce(IdentityEvent(host, did, micros, account.handle))
        self._announce(AccountEvent(host, did, micros, None))
        self._announce(IdentityEvent(host, did, micros, account.handle))
        self._announce_sync(account, repo, micros)

    def tombstone(self, did: Did) -> None:
        """The directory forgets the DID for good."""
        account = self.account(did)
        account.tombstoned = True
        self._announce(IdentityEvent(account.host, did, self.now(), account.handle))

    def announce_again(self, did: Did) -> None:
        """Say once more who the account is, its status, and where its repo stands."""
        account = self.account(did)
        micros = self.now()
        self._announce(IdentityEvent(account.host, did, micros, account.handle))
        self._announce(AccountEvent(account.host, did, micros, account.status))
        if account.repo is not None and account.status is None:
            self._announce_sync(account, account.repo, micros)

    def _micros(self, at: int | None) -> int:
        if at is None:
            return self.now()
        self._last_micros = max(self._last_micros, at)
        return at

    def _new_plc_did(self) -> Did:
        digest = hashlib.sha256(f"{self.seed}/did/{len(self.accounts)}".encode()).digest()
        return Did("did:plc:" + base64.b32encode(digest).decode("ascii").lower()[:24])

    def _found(self, account: Account, micros: int) -> None:
        repo = account.active_repo
        self._announce_commit(account, repo.commit(account.key, _next_rev(account, micros), ()), micros)
        self._announce_sync(account, repo, micros)

    def _set_status(self, did: Did, status: Status) -> None:
        account = self.account(did)
        account.status = status
        self._announce(AccountEvent(account.host, did, self.now(), status))

    def _release_handle(self, account: Account) -> None:
        if self.handles.get(account.handle) == account.did:
            del self.handles[account.handle]

    def _renew_key(self, account: Account, curve: Curve) -> None:
        account.key = PrivateKey.generate(curve, f"{self.seed}/{account.did}/{account.keys_made}".encode())
        account.keys_made += 1

    def _announce_commit(self, account: Account, commit: Commit, micros: int) -> CommitEvent:
        event = CommitEvent(
            host=account.host,
            did=account.did,
            micros=micros,
            rev=commit.head.rev,
            since=commit.since,
            commit=commit.head.cid,
            prev_data=commit.prev_data,
            ops=commit.ops,
            blocks=commit.car,
        )
        self._announce(event)
        return event

    def _announce_sync(self, account: Account, repo: Repo, micros: int) -> None:
        self._announce(SyncEvent(account.host, account.did, micros, repo.head.rev, repo.head_car()))

    def _announce(self, event: Event) -> None:
        self.events.append(event)
        for watcher in self._watchers:
            watcher(event)


def _next_rev(account: Account, micros: int) -> Tid:
    account.last_micros = max(micros, account.last_micros + 1)
    return Tid.from_micros(account.last_micros, account.host)
