"""XRPC over HTTP, driven by the lexicons: a query's parameters in, its JSON out. It knows no single query.

A method is served when its lexicon, its handler and its line in the registry exist; `endpoints` refuses to start
otherwise. Everything under `/xrpc/` that looks like a method and is none of ours is 501.
Spec: https://atproto.com/specs/xrpc
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler

from appview.answers import FOR_THE_VIEWER, REPO_REV, Answer, for_everybody, fresh_response
from appview.auth import IssuerAway, Viewers
from appview.cache import Answers
from appview.errors import (
    InvalidRequest,
    MethodNotAllowed,
    MethodNotImplemented,
    NotFound,
    ServiceUnavailable,
    Unauthorized,
)
from appview.limits import Limiter
from appview.queries.base import Call, Handler, Handles, Reads, Viewer
from appview.queries.identity import by_did
from lexicons import Catalog, ParameterInvalid, QuerySchema
from protocol.syntax import Nsid, SyntaxInvalid

READ_METHODS = frozenset({"GET", "HEAD"})
# What players ask for every few seconds.
UNCHARGED = frozenset({"fm.plyr.actor.getListeners", "fm.plyr.actor.getNowPlaying", "fm.teal.actor.getStatus"})
FIELDS_MAX = 256  # more than any query takes; each costs time


@dataclass(frozen=True, slots=True)
class Service:
    """What stands behind every method."""

    reads: Reads
    answers: Answers
    viewers: Viewers
    limiter: Limiter
    handles: Handles
    cursor_max_bytes: int
    answer_max_age: int


def endpoints(catalog: Catalog, queries: Mapping[str, Handler], service: Service) -> list[web.RouteDef]:
    """A route for each query, and one for all other methods. Raises LexiconUnknown for a query without a lexicon."""
    routes = [
        web.route("*", f"/xrpc/{nsid}", endpoint(catalog.query(nsid), handler, service))
        for nsid, handler in queries.items()
    ]
    return [*routes, web.route("*", "/xrpc/{method:[a-zA-Z][^/]*}", _not_implemented)]


def endpoint(schema: QuerySchema, handler: Handler, service: Service) -> WebHandler:
    """What answers a query."""
    for_all = for_everybody(service.answer_max_age)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method not in READ_METHODS:
            raise MethodNotAllowed
        viewer = await _admit(request, schema.nsid, service)
        query = request.rel_url.raw_query_string

        async def make(reads: Reads) -> str:
            params = _parameters(schema, query, service.cursor_max_bytes)
            return await handler(Call(await by_did(params, schema.actors, reads), reads, viewer, service.handles))

        if viewer is None:
            return await fresh_response(request, await service.answers.answer((schema.nsid, query), make), for_all)
        return await fresh_response(request, Answer((await make(service.reads)).encode()), FOR_THE_VIEWER)

    return answer


async def _admit(request: web.Request, nsid: str, service: Service) -> Viewer | None:
    """Who asks, and is charged for it. A token that proves nothing is its bearer's, not that of whom it names; that the
    database is away is nobody's."""
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        service.limiter.check_refused(request)
    try:
        viewer = await service.viewers.identify(authorization, nsid)
    except Unauthorized:
        service.limiter.charge_refused(request)
        raise
    except IssuerAway as fault:
        service.limiter.charge_refused(request)
        raise ServiceUnavailable(str(fault)) from None
    if viewer and viewer.rev:
        request[REPO_REV] = viewer.rev
    if nsid not in UNCHARGED:
        service.limiter.charge(request, viewer)
    return viewer


def _parameters(schema: QuerySchema, query: str, cursor_max_bytes: int) -> Mapping[str, object]:
    try:
        params = schema.parse_params(given(query))
    except ParameterInvalid as fault:
        raise InvalidRequest(str(fault)) from None
    if len(params.get("cursor", "")) > cursor_max_bytes:
        raise InvalidRequest(f"Parameter 'cursor' must be of at most {cursor_max_bytes} bytes")
    return params


def given(query: str) -> Mapping[str, list[str]]:
    """The texts of a query by name; as `urllib.parse.parse_qs`, which takes nearly twice as long.

    Bytes that are no UTF-8 become lone surrogates, which no parameter may hold. Raises InvalidRequest.
    """
    if query.count("&") >= FIELDS_MAX:
        raise InvalidRequest(f"A request takes at most {FIELDS_MAX} parameters")
    texts: dict[str, list[str]] = {}
    for part in query.split("&"):
        if part:
            name, _, text = part.partition("=")
            texts.setdefault(_decoded(name), []).append(_decoded(text))
    return texts


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    if "%" not in (uri := text.replace("%3A", ":").replace("%2F", "/")):  # at-uris, of which there may be many
        return uri
    return unquote_to_bytes(text.encode(errors="surrogateescape")).decode(errors="surrogateescape")


async def _not_implemented(request: web.Request) -> web.StreamResponse:
    try:
        method = Nsid.parse(request.match_info["method"])
    except SyntaxInvalid:
        raise NotFound from None
    raise MethodNotImplemented(f"This service does not have the method {method}")
