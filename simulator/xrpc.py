"""What every simulated host's HTTP side shares: parameters, errors in XRPC's form, pages of listings.

Spec: https://atproto.com/specs/xrpc
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from aiohttp import web

from protocol.syntax import Did, SyntaxInvalid

Item = TypeVar("Item")


class XrpcFailure(Exception):
    """The request gets an error: `status`, its name and its message."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(f"{status} {name}: {message}")
        self.status = status
        self.body = {"error": name, "message": message}


def application(routes: Iterable[web.RouteDef]) -> web.Application:
    """These routes, with failures answered as XRPC wants it."""
    app = web.Application(middlewares=[_answer_failures])
    app.add_routes(routes)
    app.router.add_route("*", "/xrpc/{method}", _unknown_method)
    return app


def required(request: web.Request, name: str) -> str:
    """A parameter that must be there."""
    value = request.query.get(name)
    if not value:
        raise XrpcFailure(400, "InvalidRequest", f'Error: Params must have the property "{name}"')
    return value


def required_did(request: web.Request, name: str = "did") -> Did:
    try:
        return Did.parse(required(request, name))
    except SyntaxInvalid as error:
        raise XrpcFailure(400, "InvalidRequest", f"Error: {name} must be a valid did") from error


def page(
    request: web.Request, items: Iterable[Item], key: Callable[[Item], str], *, default: int, most: int
) -> tuple[list[Item], dict[str, Any]]:
    """The items, given in order of their keys, that this request asks for, and `cursor` when there are more."""
    try:
        limit = int(request.query.get("limit", default))
    except ValueError as error:
        raise XrpcFailure(400, "InvalidRequest", "Error: limit must be an integer") from error
    if not 1 <= limit <= most:
        raise XrpcFailure(400, "InvalidRequest", f"Error: limit must be between 1 and {most}")
    after = request.query.get("cursor", "")
    found: list[Item] = []
    for item in items:
        if key(item) > after:
            if len(found) == limit:
                return found, {"cursor": key(found[-1])}
            found.append(item)
    return found, {}


async def _unknown_method(_: web.Request) -> web.StreamResponse:
    raise XrpcFailure(501, "MethodNotImplemented", "Method Not Implemented")


@web.middleware
async def _answer_failures(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except XrpcFailure as failure:
        return web.json_response(failure.body, status=failure.status)
