"""DID documents, and the two places that give them out: the PLC directory, and a did:web account's own host.

Spec: https://atproto.com/specs/did, https://web.plc.directory/spec/v0.1/did-plc, https://w3c-ccg.github.io/did-method-web/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from protocol.syntax import Did
from simulator.hosting import Account, Hosting
from simulator.xrpc import application


def did_document(account: Account, pds_url: str) -> dict[str, Any]:
    """The document as the PLC directory writes it."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": account.did,
        "alsoKnownAs": [f"at://{account.handle}"],
        "verificationMethod": [
            {
                "id": f"{account.did}#atproto",
                "type": "Multikey",
                "controller": account.did,
                "publicKeyMultibase": account.key.public.multikey(),
            }
        ],
        "service": [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": pds_url}],
    }


class Directory:
    """The PLC directory. `pds_urls`: the address of each host, by number."""

    def __init__(self, hosting: Hosting, pds_urls: Sequence[str]) -> None:
        self._hosting = hosting
        self._pds_urls = pds_urls

    def application(self) -> web.Application:
        return application([web.get("/_health", self._health), web.get("/{did}", self._document)])

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "simulated"})

    async def _document(self, request: web.Request) -> web.Response:
        did = request.match_info["did"]
        account = self._hosting.accounts.get(Did(did)) if did.startswith("did:plc:") else None
        if account is None:
            return web.json_response({"message": f"DID not registered: {did}"}, status=404)
        if account.tombstoned:
            return web.json_response({"message": f"DID not available: {did}"}, status=410)
        document = did_document(account, self._pds_urls[account.host])
        return web.json_response(document, content_type="application/did+ld+json")


class WebIdentity:
    """The host of one did:web account, which gives out its document and proves its handle."""

    def __init__(self, hosting: Hosting, pds_urls: Sequence[str]) -> None:
        self._hosting = hosting
        self._pds_urls = pds_urls
        self._did: Did | None = None

    def claim(self, did: Did) -> None:
        """Whose host this is; known only once it listens, for the port is in the DID."""
        self._did = did

    def application(self) -> web.Application:
        return application(
            [web.get("/.well-known/did.json", self._document), web.get("/.well-known/atproto-did", self._handle)]
        )

    async def _document(self, _: web.Request) -> web.Response:
        account = self._account()
        return web.json_response(did_document(account, self._pds_urls[account.host]))

    async def _handle(self, _: web.Request) -> web.Response:
        return web.Response(text=self._account().did)

    def _account(self) -> Account:
        if self._did is None or self._hosting.account(self._did).tombstoned:
            raise web.HTTPNotFound
        return self._hosting.account(self._did)
