"""Answers over HTTP that are late, broken, refused or out of date: the hosts of strangers on a bad day.

A middleware before the PLC directory, the PDSes and the relay. Subscriptions pass untouched (faults.py has those).
An answer that is out of date was true once: it is the one that this very address gave before.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from random import Random
from typing import Final, Self, TypeAlias

from aiohttp import web

from protocol.syntax import Did

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_KEPT_ANSWERS: Final = 500


@dataclass(frozen=True, slots=True)
class HttpChances:
    """How often each thing happens to an answer: 0 to 1."""

    refuse: float = 0.0  # a 5xx
    limit: float = 0.0  # a 429 with Retry-After
    stall: float = 0.0
    reset: float = 0.0
    cut: float = 0.0  # the body ends early
    spoil: float = 0.0  # a byte of the body is another (of a CAR or blob: JSON would say something else)
    outdated: float = 0.0

    @classmethod
    def some(cls, rng: Random) -> Self:
        """A few, at rates of their own."""
        chosen = {field.name: rng.uniform(0.01, 0.15) for field in fields(cls) if rng.random() < 0.4}
        return cls(**chosen | {"limit": chosen.get("limit", 0.0) / 5, "stall": chosen.get("stall", 0.0) / 3})


NO_HTTP_FAULTS: Final = HttpChances()


class HttpFaults:
    """`lost` and `happened`: take the accounts of which an answer was out of date, and how often each fault struck.

    `stall`: how long a stalled answer takes [s].
    """

    def __init__(self, rng: Random, chances: HttpChances, lost: set[Did], happened: Counter[str], stall: float) -> None:
        self._happened = happened
        self._rng = rng
        self._chances = chances
        self._lost = lost
        self._stall = stall
        self._given: dict[str, web.Response] = {}

    def begin(self, chances: HttpChances) -> None:
        """From now on things go wrong so often."""
        self._chances = chances

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Upgrade"):
            return await handler(request)
        rng = self._rng
        if self._strikes("stall"):
            await asyncio.sleep(self._stall)
        if self._strikes("refuse"):
            return web.Response(status=rng.choice((500, 502, 503)), text="<html>something is wrong</html>")
        if self._strikes("limit"):
            return web.json_response({"error": "RateLimitExceeded"}, status=429, headers={"Retry-After": "1"})
        if self._strikes("reset"):
            _abort(request)
        response = await handler(request)
        if not isinstance(response, web.Response) or response.status != 200 or not isinstance(response.body, bytes):
            return response
        return await self._altered(request, response)

    def _strikes(self, fault: str) -> bool:
        strikes = self._rng.random() < getattr(self._chances, fault)
        self._happened[f"http {fault}"] += strikes
        return strikes

    async def _altered(self, request: web.Request, response: web.Response) -> web.StreamResponse:
        rng, body = self._rng, response.body
        assert isinstance(body, bytes)
        address = f"{request.host}{request.path_qs}"
        before = self._given.get(address)
        if before is not None and before.body != body and self._strikes("outdated"):
            self._lost.add(Did(request.query.get("did", request.path[1:])))
            return _copy(before)
        self._given[address] = response
        if len(self._given) > _KEPT_ANSWERS:
            self._given.pop(next(iter(self._given)))
        if body and self._strikes("spoil") and not response.content_type.endswith("json"):
            at = rng.randrange(len(body))
            return _copy(response, body[:at] + bytes([body[at] ^ rng.randrange(1, 256)]) + body[at + 1 :])
        if self._strikes("cut"):
            await _send_half(request, response, body)
        return response


def _copy(response: web.Response, body: bytes | None = None) -> web.Response:
    """An answer is sent once; this is another that says the same."""
    said = response.body if body is None else body
    return web.Response(body=said, content_type=response.content_type)


async def _send_half(request: web.Request, response: web.Response, body: bytes) -> None:
    half = web.StreamResponse(headers={"Content-Type": response.content_type, "Content-Length": str(len(body))})
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    _abort(request)


def _abort(request: web.Request) -> None:
    """Cut the connection. Raises ConnectionAbortedError."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionAbortedError
