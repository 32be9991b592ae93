"""What other programs ask of the service itself: whether it lives, and its did:web document.

Healthy means that the database answers and that the indexer's first subscription stands: from then on nothing that is
written is missed. Spec: https://atproto.com/specs/did#did-web
"""

from __future__ import annotations

from importlib.metadata import version

import orjson
from aiohttp import web

from appview.errors import ServiceUnavailable
from appview.queries.base import Reads
from appview.xrpc import json_response
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)
VERSION = version("plyr-appview")


def routes(settings: Settings, reads: Reads) -> list[web.RouteDef]:
    """`/xrpc/_health` and `/.well-known/did.json`."""
    document = orjson.dumps(did_document(settings))

    async def health(_: web.Request) -> web.StreamResponse:
        return await _health(reads)

    async def did(_: web.Request) -> web.StreamResponse:
        return json_response(document)

    return [web.get("/xrpc/_health", health), web.get("/.well-known/did.json", did)]


def did_document(settings: Settings) -> dict[str, object]:
    """Says that we are `#plyr_appview` of our did:web, and where a PDS reaches us."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": settings.service_did,
        "service": [{"id": "#plyr_appview", "type": "PlyrAppView", "serviceEndpoint": settings.public_url}],
    }


async def _health(reads: Reads) -> web.StreamResponse:
    try:
        [row] = await reads.rows(SQL["subscribed"])
        fault = None if row["subscribed"] else ServiceUnavailable("The indexer has not subscribed to a relay yet.")
    except ServiceUnavailable as unavailable:
        fault = unavailable
    if fault is None:
        return json_response(orjson.dumps({"version": VERSION}))
    return json_response(orjson.dumps({"version": VERSION, **orjson.loads(fault.body())}), fault.status)
