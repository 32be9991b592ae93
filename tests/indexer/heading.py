"""A host that gives the heads of its repos, as it is told."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from protocol.cbor import Cid

from .network import Pds
from .repos import Repo, cid_of

LATEST = "/xrpc/com.atproto.sync.getLatestCommit"
LIST = "/xrpc/com.atproto.sync.listRepos"


class Heading:
    """A host that gives the heads of its repos; `paged`: how many on one page of its listing."""

    def __init__(self, pds: Pds, paged: int = 2) -> None:
        self.pds = pds
        self.paged = paged
        self.forged: dict[str, dict[str, Any]] = {}
        self.broken = False
        pds.host.on(LATEST, self.latest)
        pds.host.on(LIST, self.list)

    def asked(self, path: str) -> int:
        return sum(asked.startswith(path) for asked in self.pds.host.asked)

    def head(self, repo: Repo) -> dict[str, Any]:
        assert repo.rev is not None
        assert repo.data is not None
        commit = Cid(bytes(cid_of(repo.signed(repo.rev, repo.data))))
        return {"rev": repo.rev, "cid": str(commit)} | self.forged.get(repo.did, {})

    async def latest(self, request: web.Request) -> web.StreamResponse:
        if self.broken:
            return web.json_response({"error": "InternalServerError"}, status=500)
        did = request.query["did"]
        if did in self.pds.errors or did not in self.pds.repos:
            status, name = self.pds.errors.get(did, (400, "RepoNotFound"))
            return web.json_response({"error": name}, status=status)
        return web.json_response(self.head(self.pds.repos[did]))

    async def list(self, request: web.Request) -> web.StreamResponse:
        start = int(request.query.get("cursor", "0"))
        dids = sorted(self.pds.repos)[start : start + self.paged]
        rows = [{"did": did, "active": did not in self.pds.errors} for did in dids]
        for row, did in zip(rows, dids, strict=True):
            head = self.head(self.pds.repos[did])
            row |= {"rev": head["rev"], "head": head["cid"]}
        more = {"cursor": str(start + self.paged)} if start + self.paged < len(self.pds.repos) else {}
        return web.json_response({"repos": rows} | more)
