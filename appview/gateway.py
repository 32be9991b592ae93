"""Around every request: a bound on how many there are at once, CORS preflights, errors as JSON, compression, figures.

Whatever is raised within becomes an answer here: our refusals under their names, aiohttp's own (no such path, wrong
method) as ours, and anything else, which is a fault of ours, as a 500 without details and a loud log entry.
"""

from __future__ import annotations

import logging
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler
from aiohttp.typedefs import Middleware

from appview import metrics
from appview.answers import PREFLIGHT, REPO_REV, refusal
from appview.encoding import encode
from appview.errors import (
    InternalServerError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    ServiceUnavailable,
    Unauthorized,
    XrpcError,
)
from appview.limits import Limiter

log = logging.getLogger(__name__)

BUSY_RETRY_SECONDS = "1"
FOR_PROGRAMS = ("/xrpc/", "/readyz", "/openapi.json", "/.well-known/", "/links")


def gateway(requests_max: int, limiter: Limiter) -> Middleware:
    """The middleware; at most `requests_max` requests are answered at once, those beyond are told to come again.

    A method charges its caller itself, once it knows who that is; what is for people is charged here.
    """
    in_flight = 0

    @web.middleware
    async def pass_through(request: web.Request, handler: WebHandler) -> web.StreamResponse:
        nonlocal in_flight
        started = perf_counter()
        in_flight += 1
        try:
            if in_flight > requests_max:
                response = _refuse(ServiceUnavailable("The service is busy; try again in a moment."))
            elif request.method == "OPTIONS":
                response = web.Response(status=204, headers=PREFLIGHT)
            else:
                response = await _answer(request, handler, limiter)
                response.headers.update(limiter.headers(request))
                if rev := request.get(REPO_REV):
                    response.headers["Atproto-Repo-Rev"] = rev
                await encode(response, request.headers.get("Accept-Encoding", ""))
        finally:
            in_flight -= 1
        metrics.answered(_label(request), response.status, perf_counter() - started)
        return response

    return pass_through


async def _answer(request: web.Request, handler: WebHandler, limiter: Limiter) -> web.StreamResponse:
    try:
        if not request.path.startswith(FOR_PROGRAMS):
            limiter.charge(request)
        return await handler(request)
    except XrpcError as error:
        return _refuse(error)
    except web.HTTPException as error:
        return _refuse(_ours(error))
    except Exception:
        log.exception("no answer to %s", request.path)
        return _refuse(InternalServerError())


def _refuse(error: XrpcError) -> web.Response:
    response = refusal(error)
    if isinstance(error, ServiceUnavailable):
        response.headers["Retry-After"] = BUSY_RETRY_SECONDS
    elif isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = PREFLIGHT["Access-Control-Allow-Methods"]
    elif isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _ours(error: web.HTTPException) -> XrpcError:
    match error.status:
        case 404:
            return NotFound()
        case 405:
            return MethodNotAllowed()
        case _:
            return InvalidRequest(error.reason)


def _label(request: web.Request) -> str:
    """The method of a route of ours; what a client made up is `unknown`, so that the figures stay bounded."""
    resource = request.match_info.route.resource
    if resource is None or not isinstance(resource, web.PlainResource):
        return "unknown"
    return resource.canonical.removeprefix("/xrpc/")
