"""Answers in fewer bytes, for clients that take them so: zstd, else gzip.

Small answers stay as they are. Levels are the quickest: 100 kB take less than half a millisecond; what is larger than
`BESIDE` is done in a thread, beside the event loop. Spec: RFC 9110 section 12.5.3
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Final

import zstandard
from aiohttp import web

SMALL: Final = 1_024  # bytes; fewer travel in one packet anyway
BESIDE: Final = 262_144  # bytes

_GZIP_WINDOW: Final = 31


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(body)


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, level=1, wbits=_GZIP_WINDOW)


_ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {"zstd": _zstd, "gzip": _gzip}


async def encode(response: web.StreamResponse, accepted: str) -> None:
    """Shorten the body of a response, unless that is done, to a client that accepts these encodings (header's text)."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes) or len(response.body) < SMALL:
        return
    if "Content-Encoding" in response.headers or (name := choose(accepted)) is None:
        return
    response.body = await encoded(response.body, name)
    response.headers["Content-Encoding"] = name


async def encoded(body: bytes, name: str) -> bytes:
    """The body in the encoding of that name."""
    if len(body) < BESIDE:
        return _ENCODERS[name](body)
    return await asyncio.to_thread(_ENCODERS[name], body)


def choose(accepted: str) -> str | None:
    """The encoding that a client likes best of ours; None when it names none of them."""
    if not accepted:
        return None
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = _weight(weight.replace(" ", ""))
    best = max(_ENCODERS, key=lambda name: weights.get(name, 0.0))
    return best if weights.get(best, 0.0) > 0 else None


def _weight(text: str) -> float:
    if not text:
        return 1.0
    try:
        return float(text.removeprefix("q="))
    except ValueError:
        return 0.0
