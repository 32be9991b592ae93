"""What other programs ask of the service itself: whether it lives, whether to send it requests, its did:web document.

Healthy means that the database answers and that the indexer's first subscription stands: from then on nothing that is
written is missed. Ready means besides that the database is still the one with which the server was started: after a
migration it is to be started anew. Spec: https://atproto.com/specs/did#did-web
"""

from __future__ import annotations

from importlib.metadata import version

import orjson
from aiohttp import web

from appview.answers import for_everybody, json_response
from appview.errors import ServiceUnavailable
from appview.queries.base import Reads
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)
VERSION = version("plyr-appview")
DOCUMENT_SECONDS = 300  # that others may keep our DID document


async def schema_version(reads: Reads) -> int:
    """Of which version the tables are. Raises ServiceUnavailable."""
    [row] = await reads.rows(SQL["state"])
    return row["schema"]


def routes(settings: Settings, reads: Reads, schema: int) -> list[web.RouteDef]:
    """`/xrpc/_health`, `/readyz` and `/.well-known/did.json`. `schema`: the tables' version when the server started."""
    document = orjson.dumps(did_document(settings))

    async def health(_: web.Request) -> web.StreamResponse:
        return await _state(reads)

    async def ready(_: web.Request) -> web.StreamResponse:
        return await _state(reads, schema)

    async def did(_: web.Request) -> web.StreamResponse:
        return json_response(document, keep=for_everybody(DOCUMENT_SECONDS))

    return [web.get("/xrpc/_health", health), web.get("/readyz", ready), web.get("/.well-known/did.json", did)]


def did_document(settings: Settings) -> dict[str, object]:
    """Says that we are `#plyr_appview` of our did:web, and where a PDS reaches us."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": settings.service_did,
        "service": [{"id": "#plyr_appview", "type": "PlyrAppView", "serviceEndpoint": settings.public_url}],
    }


async def _state(reads: Reads, schema: int | None = None) -> web.StreamResponse:
    try:
        [row] = await reads.rows(SQL["state"])
    except ServiceUnavailable as unavailable:
        return _not_well(unavailable)
    if not row["subscribed"]:
        return _not_well(ServiceUnavailable("The indexer has not subscribed to a relay yet."))
    if schema not in (None, row["schema"]):
        return _not_well(ServiceUnavailable("The database was migrated since this server was started."))
    return json_response(orjson.dumps({"version": VERSION}))


def _not_well(fault: ServiceUnavailable) -> web.StreamResponse:
    return json_response(orjson.dumps({"version": VERSION, **orjson.loads(fault.body())}), fault.status)
