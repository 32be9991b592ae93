"""A small network on loopback for the sync tests: a PLC directory and PDS hosts, told what to answer, and our parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from indexer import outbound
from indexer.identities import IdentityWorker
from indexer.namespaces import wire_names
from indexer.resync import SyncWorkers
from indexer.service import make_rules, verify_limits
from protocol.fetch import Fetcher
from protocol.handles import HandleResolver
from protocol.identity import Directory
from protocol.names import Names
from runtime.db import Pool
from runtime.settings import Settings
from tests.indexer.repos import Repo
from tests.protocol.webhost import FixedNames, Host, host

GET_REPO = "/xrpc/com.atproto.sync.getRepo"
# On a busy machine, everything takes its time [s].
PATIENCE = 60.0
GET_STATUS = "/xrpc/com.atproto.sync.getRepoStatus"


def did_of(number: int) -> str:
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    return "did:plc:" + "".join(digits[number >> 5 * place & 31] for place in reversed(range(24)))


@dataclass
class Pds:
    """Serves repos; `errors` by DID come first: (status, name)."""

    host: Host
    repos: dict[str, Repo] = field(default_factory=dict)
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    before: Callable[[str], Awaitable[None]] | None = None
    before_status: Callable[[str], Awaitable[None]] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.host.on(GET_REPO, self.get_repo)
        self.host.on(GET_STATUS, self.get_status)

    def fetched(self, did: str) -> int:
        return sum(path.startswith(f"{GET_REPO}?") and did in path for path in self.host.asked)

    def asked_status(self, did: str) -> int:
        return sum(path.startswith(GET_STATUS) and did in path for path in self.host.asked)

    async def get_repo(self, request: web.Request) -> web.StreamResponse:
        did = request.query["did"]
        if did in self.errors:
            status, name = self.errors[did]
            return web.json_response({"error": name}, status=status, headers=self.headers)
        if did not in self.repos:
            return web.json_response({"error": "RepoNotFound"}, status=400)
        body = self.repos[did].export()
        if self.before is not None:
            await self.before(did)
        return web.Response(body=body, headers=self.headers)

    async def get_status(self, request: web.Request) -> web.StreamResponse:
        did = request.query["did"]
        if self.before_status is not None:
            await self.before_status(did)
        if did in self.statuses:
            return web.json_response({"did": did} | self.statuses[did])
        if did in self.repos:
            return web.json_response({"did": did, "active": True})
        return web.json_response({"error": "RepoNotFound"}, status=400)


@dataclass
class Network:
    """`repo` makes an account with a repo, known to the PLC directory, on a PDS."""

    plc: Host
    pds: Pds
    names: FixedNames
    handles: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def repo(self, *ops: tuple[str, Any], pds: Pds | None = None) -> Repo:
        self.count += 1
        repo = Repo(did=did_of(self.count))
        if ops:
            repo.write(*ops)
        (pds or self.pds).repos[repo.did] = repo
        self.register(repo, pds)
        return repo

    def register(self, repo: Repo, pds: Pds | None = None, handle: str | None = None, **fields: Any) -> None:
        """What the PLC directory says of the account."""
        document = {
            "id": repo.did,
            "alsoKnownAs": [f"at://{handle}"] if handle else [],
            "verificationMethod": [
                {
                    "id": "#atproto",
                    "type": "Multikey",
                    "controller": repo.did,
                    "publicKeyMultibase": repo.key.public.multikey(),
                }
            ],
            "service": [
                {
                    "id": "#atproto_pds",
                    "type": "AtprotoPersonalDataServer",
                    "serviceEndpoint": (pds or self.pds).host.origin,
                }
            ],
        }
        self.plc.says(f"/{repo.did}", document | fields)

    def resolves(self, handle: str, did: str | None) -> None:
        """Where a handle leads."""
        self.names.records[f"_atproto.{handle}"] = [f"did={did}"] if did else []


@asynccontextmanager
async def network() -> AsyncGenerator[Network]:
    async with host() as plc, host() as pds:
        yield Network(plc, Pds(pds), FixedNames())


@asynccontextmanager
async def second_pds() -> AsyncGenerator[Pds]:
    async with host() as server:
        yield Pds(server)


class Parts:
    """The parts under test, running."""

    def __init__(self, settings: Settings, pool: Pool, fetcher: Fetcher, directory: Directory, names: Names) -> None:
        limits = verify_limits(settings, wire_names(settings.collections, settings.namespace))
        self.pool = pool
        self.settings = settings
        self.fetcher = fetcher
        self.directory = directory
        self.rules = make_rules(settings, limits)
        self.workers = SyncWorkers(settings, pool, fetcher, self.rules, limits, lambda: self.identities.wake())  # noqa: PLW0108 - it is made below
        resolver = HandleResolver(fetcher, names)
        self.identities = IdentityWorker(settings, pool, directory, resolver, self.rules, self.workers.wake)

    async def track(self, *dids: str, priority: int = 10) -> None:
        """What the pipeline does at the first sight of an account."""
        for did in dids:
            async with self.pool.acquire() as connection, connection.transaction():
                account_id = await connection.fetchval("INSERT INTO account (did) VALUES ($1) RETURNING id", did)
                await connection.execute("INSERT INTO identity (account_id) VALUES ($1)", account_id)
                await connection.execute(
                    "INSERT INTO repo (account_id, priority) VALUES ($1, $2)", account_id, priority
                )
        self.identities.wake()

    async def repo(self, did: str) -> dict[str, Any]:
        row = await self.pool.fetchrow("SELECT r.* FROM repo r JOIN account a ON a.id = account_id WHERE did = $1", did)
        assert row is not None
        return dict(row)

    async def identity(self, did: str) -> dict[str, Any]:
        row = await self.pool.fetchrow(
            "SELECT i.* FROM identity i JOIN account a ON a.id = account_id WHERE did = $1", did
        )
        assert row is not None
        return dict(row)

    async def account(self, did: str) -> dict[str, Any]:
        row = await self.pool.fetchrow("SELECT * FROM account WHERE did = $1", did)
        assert row is not None
        return dict(row)

    async def records(self, did: str) -> dict[str, bytes]:
        rows = await self.pool.fetch(
            "SELECT collection || '/' || rkey AS path, value FROM record r JOIN account a ON a.id = account_id"
            " WHERE did = $1 ORDER BY 1",
            did,
        )
        return {row["path"]: row["value"] for row in rows}

    async def reaches(self, did: str, state: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The repo's row, as soon as it is in a state."""

        async def there() -> bool:
            return (await self.repo(did))["state"] == state

        await eventually(there, f"{did} is {state}", seconds)
        return await self.repo(did)

    async def desynchronize(self, did: str) -> None:
        """Have a repo fetched again, now."""
        await self.pool.execute(
            "UPDATE repo SET state = 'desynchronized', next_attempt_at = now()"
            " WHERE account_id = (SELECT id FROM account WHERE did = $1)",
            did,
        )
        self.workers.wake()

    async def due(self, did: str) -> None:
        """Let the next attempt of a repo be now."""
        await self.pool.execute(
            "UPDATE repo SET next_attempt_at = now() WHERE account_id = (SELECT id FROM account WHERE did = $1)", did
        )
        self.workers.wake()


def held(repo: Repo) -> dict[str, bytes]:
    """What of the repo is to be stored, the test's collections being all indexed."""
    return {path: repo.values[cid] for path, cid in sorted(repo.records.items())}


async def eventually(check: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE) -> None:
    """Wait until it is so."""
    end = asyncio.get_running_loop().time() + seconds
    while not await check():
        assert asyncio.get_running_loop().time() < end, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.01)


def settings_for(folder: Path, net: Network, **changes: Any) -> Settings:
    defaults = {
        "database_url": "postgres:///unused",
        "data_dir": folder,
        "plc_url": net.plc.origin,
        "trust_loopback": True,
        "host_rate": 1_000.0,
        "plc_rate": 10_000.0,
        "sync_poll": 0.2,
        "identity_refresh_min": 10.0,
        "request_timeout": 5.0,
    }
    return Settings.load({}, **(defaults | changes))


@asynccontextmanager
async def made(folder: Path, net: Network, pool: Pool, **changes: Any) -> AsyncGenerator[Parts]:
    """Parts that do not run yet."""
    settings = settings_for(folder, net, **changes)
    async with Fetcher(outbound.fetch_limits(settings), net.names, trust_loopback=True) as fetcher:
        yield Parts(settings, pool, fetcher, outbound.directory(settings, fetcher), net.names)


@asynccontextmanager
async def running(folder: Path, net: Network, pool: Pool, **changes: Any) -> AsyncGenerator[Parts]:
    """Parts at work."""
    async with made(folder, net, pool, **changes) as parts, at_work(parts.workers, parts.identities):
        yield parts


@asynccontextmanager
async def at_work(*parts: Any) -> AsyncGenerator[None]:
    """Run until the block ends; a part that fails fails the test."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for part in parts:
            group.create_task(part.run(stop))
        yield
        stop.set()
