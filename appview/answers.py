"""An answer on its way out: open to any web page, told apart from the next by its ETag, kept only by those who may.

What is the same for everybody may be kept by a cache on the way for a moment; what is made for a viewer only by that
viewer, who asks each time whether it still holds; a refusal by nobody. Pure. Spec: RFC 9110, 9111
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from aiohttp import web

from appview.encoding import SMALL, choose, encoded
from appview.errors import XrpcError

CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "*",
}
PREFLIGHT: Final = {
    **CORS,
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*, Authorization",
    "Access-Control-Max-Age": "86400",
}
REPO_REV: Final = web.RequestKey("repo_rev", str)
"""Up to which rev the repo of the request's viewer is indexed; its answer says so, a refusal too."""
FOR_NOBODY: Final = "no-store"
FOR_THE_VIEWER: Final = "private, no-cache"

_JSON: Final = {**CORS, "Content-Type": "application/json", "Vary": "Authorization, Accept-Encoding"}
_DIGEST_BYTES: Final = 15


def for_everybody(seconds: int) -> str:
    """The Cache-Control of what anybody may keep for so long."""
    return f"public, max-age={seconds}"


def json_response(body: bytes, status: int = 200, *, keep: str = FOR_NOBODY) -> web.Response:
    """An answer that is not compared with an earlier one. `keep`: its Cache-Control."""
    return web.Response(body=body, status=status, headers={**_JSON, "Cache-Control": keep})


def refusal(error: XrpcError) -> web.Response:
    """The answer that says why there is none."""
    return json_response(error.body(), error.status)


def entity_tag(body: bytes) -> str:
    """What names this state of an answer. Weak: the bytes differ with the encoding in which it travels."""
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()[:_DIGEST_BYTES]).decode()


class Answer:
    """What a query gave, its tag, and the shorter forms in which it has travelled; each is made once."""

    __slots__ = ("_encoded", "body", "tag")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.tag = entity_tag(body)
        self._encoded: dict[str, bytes] = {}

    async def encoded(self, name: str) -> bytes:
        """The body in the encoding of that name."""
        if name not in self._encoded:
            self._encoded[name] = await encoded(self.body, name)
        return self._encoded[name]


async def fresh_response(request: web.Request, answer: Answer, keep: str) -> web.Response:
    """The answer in its shortest form that the client takes, or 304 where it has the one of this tag."""
    headers = {**_JSON, "Cache-Control": keep, "ETag": f'W/"{answer.tag}"'}
    if "If-None-Match" in request.headers and any(
        known.value in (answer.tag, "*") for known in request.if_none_match or ()
    ):
        del headers["Content-Type"]
        return web.Response(status=304, headers=headers)
    if len(answer.body) < SMALL or not (name := choose(request.headers.get("Accept-Encoding", ""))):
        return web.Response(body=answer.body, headers=headers)
    headers["Content-Encoding"] = name
    return web.Response(body=await answer.encoded(name), headers=headers)
