"""One PDS: its accounts' repos, blobs and status over HTTP, handles of the whole network, and its own stream.

Answers and errors are those of the reference implementation. An account that moved away is deactivated here. Listings
are ordered by DID. Spec: com.atproto.sync.*, com.atproto.repo.{getRecord,listRecords}, com.atproto.identity
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from aiohttp import web

from protocol.syntax import Did, Handle, SyntaxInvalid, parse_at_identifier
from simulator.codec import Cid, decode, to_json
from simulator.events import Event, Status
from simulator.hosting import Account, Hosting
from simulator.repo import Repo
from simulator.stream import Stream
from simulator.xrpc import XrpcFailure, application, page, required, required_did

_CAR: Final = "application/vnd.ipld.car"
_FAILURES: Final[dict[Status, tuple[str, str]]] = {
    "deleted": ("RepoNotFound", "Could not find repo for DID: {}"),
    "takendown": ("RepoTakendown", "Repo has been takendown: {}"),
    "suspended": ("RepoSuspended", "Repo has been suspended: {}"),
    "deactivated": ("RepoDeactivated", "Repo has been deactivated: {}"),
}


def repo_failure(did: Did, status: Status) -> XrpcFailure:
    """How a host refuses to give out the repo of an account that is not active."""
    name, message = _FAILURES[status]
    return XrpcFailure(400, name, message.format(did))


def repo_row(did: Did, repo: Repo, status: Status | None) -> dict[str, Any]:
    """A repo's row in `listRepos`."""
    row: dict[str, Any] = {"did": did, "head": str(repo.head.cid), "rev": repo.head.rev, "active": status is None}
    return row if status is None else row | {"status": status}


class Pds:
    """Host number `number` of the hosting."""

    def __init__(self, hosting: Hosting, number: int) -> None:
        self._hosting = hosting
        self._number = number
        self.stream = Stream(hosting.retention, 1, hosting.events.first)

    def carry(self, event: Event) -> None:
        """Announce what this host announces."""
        if event.host == self._number:
            self.stream.append(event)

    def application(self) -> web.Application:
        methods: dict[str, Callable[[web.Request], Any]] = {
            "com.atproto.sync.subscribeRepos": self.stream.subscribe,
            "com.atproto.sync.getRepo": self._get_repo,
            "com.atproto.sync.getRecord": self._get_proof,
            "com.atproto.sync.getBlob": self._get_blob,
            "com.atproto.sync.listRepos": self._list_repos,
            "com.atproto.sync.getRepoStatus": self._get_repo_status,
            "com.atproto.sync.getLatestCommit": self._get_latest_commit,
            "com.atproto.identity.resolveHandle": self._resolve_handle,
            "com.atproto.repo.getRecord": self._get_record,
            "com.atproto.repo.listRecords": self._list_records,
            "_health": self._health,
        }
        return application(
            [
                *(web.get(f"/xrpc/{name}", handler) for name, handler in methods.items()),
                web.get("/.well-known/atproto-did", self._well_known),
            ]
        )

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "simulated"})

    async def _get_repo(self, request: web.Request) -> web.Response:
        _, repo = self._active(required_did(request))
        return web.Response(body=repo.car(), content_type=_CAR)

    async def _get_proof(self, request: web.Request) -> web.Response:
        _, repo = self._active(required_did(request))
        path = f"{required(request, 'collection')}/{required(request, 'rkey')}"
        return web.Response(body=repo.proof_car(path), content_type=_CAR)

    async def _get_blob(self, request: web.Request) -> web.Response:
        account, _ = self._active(required_did(request))
        try:
            cid = Cid.parse(required(request, "cid"))
        except ValueError as error:
            raise XrpcFailure(400, "InvalidRequest", "Error: cid must be a cid string") from error
        media = account.blobs.get(cid)
        if media is None:
            raise XrpcFailure(400, "BlobNotFound", "Blob not found")
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=media.data(), content_type=media.mime_type, headers=headers)

    async def _list_repos(self, request: web.Request) -> web.Response:
        rows, more = page(request, self._rows(), lambda row: row["did"], default=500, most=1000)
        return web.json_response({"repos": rows} | more)

    async def _get_repo_status(self, request: web.Request) -> web.Response:
        account, status = self._hosted(required_did(request))
        if status is not None:
            return web.json_response({"did": account.did, "active": False, "status": status})
        return web.json_response({"did": account.did, "active": True, "rev": account.active_repo.head.rev})

    async def _get_latest_commit(self, request: web.Request) -> web.Response:
        _, repo = self._active(required_did(request))
        return web.json_response({"cid": str(repo.head.cid), "rev": repo.head.rev})

    async def _resolve_handle(self, request: web.Request) -> web.Response:
        did = self._owner(required(request, "handle"))
        if did is None:
            raise XrpcFailure(400, "InvalidRequest", "Unable to resolve handle")
        return web.json_response({"did": did})

    async def _well_known(self, request: web.Request) -> web.Response:
        did = self._owner(request.host.split(":")[0])
        if did is None:
            raise web.HTTPNotFound(text="User not found")
        return web.Response(text=did)

    async def _get_record(self, request: web.Request) -> web.Response:
        account, repo = self._named(request)
        path = f"{required(request, 'collection')}/{required(request, 'rkey')}"
        if path not in repo.records:
            raise XrpcFailure(400, "RecordNotFound", f"Could not locate record: at://{account.did}/{path}")
        return web.json_response(_record_row(account.did, repo, path))

    async def _list_records(self, request: web.Request) -> web.Response:
        account, repo = self._named(request)
        prefix = required(request, "collection") + "/"
        paths = sorted(path for path in repo.records if path.startswith(prefix))
        found, more = page(request, paths, lambda path: path.removeprefix(prefix), default=50, most=100)
        return web.json_response({"records": [_record_row(account.did, repo, path) for path in found]} | more)

    def _rows(self) -> Iterator[dict[str, Any]]:
        for did in sorted(self._hosting.accounts):
            account = self._hosting.accounts[did]
            status = self._status(account)
            if account.repo is not None and status != "deleted":
                yield repo_row(did, account.repo, status)

    def _status(self, account: Account) -> Status | None:
        """The account's status here; `deleted` when it never was here."""
        if account.host == self._number:
            return account.status
        return "deactivated" if self._number in account.former_hosts else "deleted"

    def _hosted(self, did: Did) -> tuple[Account, Status | None]:
        account = self._hosting.accounts.get(did)
        status = self._status(account) if account is not None else "deleted"
        if account is None or status == "deleted":
            raise repo_failure(did, "deleted")
        return account, status

    def _active(self, did: Did) -> tuple[Account, Repo]:
        account, status = self._hosted(did)
        if status is not None:
            raise repo_failure(did, status)
        return account, account.active_repo

    def _named(self, request: web.Request) -> tuple[Account, Repo]:
        """The account of the parameter `repo`, a DID or a handle."""
        text = required(request, "repo")
        try:
            name = parse_at_identifier(text)
        except SyntaxInvalid as error:
            raise XrpcFailure(400, "InvalidRequest", "Error: repo must be a valid did or a handle") from error
        did = self._owner(name) if isinstance(name, Handle) else name
        if did is None:
            raise XrpcFailure(400, "InvalidRequest", f"Could not find repo: {text}")
        return self._active(did)

    def _owner(self, handle: str) -> Did | None:
        """Whom a handle leads to, on whichever host."""
        return self._hosting.handles.get(Handle(handle.lower()))


def _record_row(did: Did, repo: Repo, path: str) -> dict[str, Any]:
    block = repo.records[path]
    return {"uri": f"at://{did}/{path}", "cid": str(Cid.of_block(block)), "value": to_json(decode(block))}
