"""The relay: one stream of all hosts, and the collection directory that usually stands beside one.

It verifies nothing and keeps no repos; `getRepo` sends the caller to the account's PDS. Its numbers begin somewhere of
its own. Spec: com.atproto.sync.{subscribeRepos,listRepos,listReposByCollection,listHosts,getRepo}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aiohttp import web

from protocol.syntax import Did
from simulator.events import Event
from simulator.hosting import Account, Hosting
from simulator.pds import Pds, repo_failure, repo_row
from simulator.repo import Repo
from simulator.stream import Send, Stream
from simulator.xrpc import application, page, required, required_did


class Relay:
    """`pds_urls`: each host's address, by number. `send`, `skips`: see `Stream`. While `is_blind` it misses all."""

    def __init__(
        self,
        hosting: Hosting,
        hosts: Sequence[Pds],
        pds_urls: Sequence[str],
        send: Send | None = None,
        skips: Callable[[], bool] | None = None,
    ) -> None:
        self.is_blind = False
        self._hosting = hosting
        self._hosts = hosts
        self._pds_urls = pds_urls
        base = hosting.random("relay").randrange(1_000_000, 1_000_000_000)
        self.stream = Stream(hosting.retention, base, hosting.events.first, send, skips)

    def carry(self, event: Event) -> None:
        """Announce what any host announces."""
        if not self.is_blind:
            self.stream.append(event)

    def application(self) -> web.Application:
        methods: dict[str, Callable[[web.Request], Any]] = {
            "com.atproto.sync.subscribeRepos": self.stream.subscribe,
            "com.atproto.sync.listRepos": self._list_repos,
            "com.atproto.sync.listReposByCollection": self._list_repos_by_collection,
            "com.atproto.sync.listHosts": self._list_hosts,
            "com.atproto.sync.getRepo": self._get_repo,
            "com.atproto.sync.getRepoStatus": self._get_repo_status,
            "com.atproto.sync.getLatestCommit": self._get_latest_commit,
            "_health": self._health,
        }
        return application(web.get(f"/xrpc/{name}", handler) for name, handler in methods.items())

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _list_repos(self, request: web.Request) -> web.Response:
        rows = (repo_row(account.did, repo, account.status) for account, repo in self._repos())
        found, more = page(request, rows, lambda row: row["did"], default=500, most=1000)
        return web.json_response({"repos": found} | more)

    async def _list_repos_by_collection(self, request: web.Request) -> web.Response:
        collection = required(request, "collection")
        dids = (
            account.did
            for account, repo in self._repos()
            if account.status is None and repo.collections[collection] > 0
        )
        found, more = page(request, dids, str, default=500, most=2000)
        return web.json_response({"repos": [{"did": did} for did in found]} | more)

    async def _list_hosts(self, request: web.Request) -> web.Response:
        rows = sorted((self._host_row(number) for number in range(len(self._hosts))), key=lambda row: row["hostname"])
        found, more = page(request, rows, lambda row: row["hostname"], default=200, most=1000)
        return web.json_response({"hosts": found} | more)

    async def _get_repo(self, request: web.Request) -> web.Response:
        account, _ = self._active(required_did(request))
        raise web.HTTPFound(f"{self._pds_urls[account.host]}/xrpc/com.atproto.sync.getRepo?did={account.did}")

    async def _get_repo_status(self, request: web.Request) -> web.Response:
        did = required_did(request)
        account = self._hosting.accounts.get(did)
        if account is None:
            raise repo_failure(did, "deleted")
        if account.status is not None:
            return web.json_response({"did": did, "active": False, "status": account.status})
        return web.json_response({"did": did, "active": True, "rev": account.active_repo.head.rev})

    async def _get_latest_commit(self, request: web.Request) -> web.Response:
        _, repo = self._active(required_did(request))
        return web.json_response({"cid": str(repo.head.cid), "rev": repo.head.rev})

    def _repos(self) -> Iterator[tuple[Account, Repo]]:
        for did in sorted(self._hosting.accounts):
            account = self._hosting.accounts[did]
            if account.repo is not None:
                yield account, account.repo

    def _active(self, did: Did) -> tuple[Account, Repo]:
        account = self._hosting.accounts.get(did)
        if account is None or account.status is not None:
            raise repo_failure(did, account.status if account and account.status else "deleted")
        return account, account.active_repo

    def _host_row(self, number: int) -> dict[str, Any]:
        accounts = sum(account.host == number for account in self._hosting.accounts.values())
        hostname = self._pds_urls[number].removeprefix("http://")
        seq = self._hosts[number].stream.last_seq
        return {"hostname": hostname, "seq": seq, "accountCount": accounts, "status": "active"}
