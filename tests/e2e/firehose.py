"""Reads a subscribeRepos stream as plainly as can be, with cbor2: an eye of the tests, independent of the indexer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import cbor2
from aiohttp import ClientSession, ClientWebSocketResponse

FRAME_MAX = 6_000_000  # bytes
WAIT = 60.0  # seconds for one message


@dataclass(frozen=True)
class SeenFrame:
    """One message of the stream: its type (`#commit`, ...), its body, and the bytes as they came."""

    type: str
    body: dict[str, Any]
    raw: bytes


class Firehose:
    """An open subscription."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next(self) -> SeenFrame:
        """The next message; TimeoutError after WAIT seconds."""
        raw = await self._socket.receive_bytes(timeout=WAIT)
        header, body = decode_frame(raw)
        return SeenFrame(header.get("t", ""), body, raw)

    async def next_commit(self, did: str) -> SeenFrame:
        """The next commit of one repo that touches a record; what comes before it is skipped.

        The commit without ops that creates an account may still come after the account's creation was answered: the
        PDS polls its own log.
        """
        while True:
            frame = await self.next()
            if frame.type == "#commit" and frame.body["repo"] == did and frame.body["ops"]:
                return frame

    async def until_account(self, did: str, *, active: bool, status: str | None) -> None:
        """Reads on until the account is said to be in the state given."""
        said = None
        while said != (did, active, status):
            frame = await self.next()
            if frame.type == "#account":
                said = frame.body["did"], frame.body["active"], frame.body.get("status")


def decode_frame(raw: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and body; CID links are `CBORTag(42, ...)`."""
    decoder = cbor2.CBORDecoder(BytesIO(raw), read_size=1)
    return decoder.decode(), decoder.decode()


def encode_frame(header: dict[str, Any], body: dict[str, Any]) -> bytes:
    """The bytes of a frame as a relay writes them."""
    return cbor2.dumps(header, canonical=True) + cbor2.dumps(body, canonical=True)


@asynccontextmanager
async def subscribe(http: ClientSession, firehose: str, cursor: int | None = None) -> AsyncGenerator[Firehose]:
    """A subscription to the `firehose` URL of a PDS or relay; without a cursor, live from now."""
    query = {} if cursor is None else {"cursor": str(cursor)}
    async with http.ws_connect(firehose, params=query, max_msg_size=FRAME_MAX) as socket:
        yield Firehose(socket)
