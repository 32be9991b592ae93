"""A Jetstream (v2): what the hosts announce as JSON, one message for each record, filtered and compressed as asked for.

It has seen all that the world's log holds, in its order, and sees what comes. A subscriber gets what is kept from its
cursor on, a number or a time in microseconds, then what comes, by a task of its own; one that falls behind what is kept
is told `ConsumerTooSlow`. `tell` says what no host has announced: a Jetstream signs nothing, so it may lie.
Spec: network.bsky.jetstream.{subscribeEvents,getZstdDictionary}, lexicons of Jetstream v2
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

import zstandard
from aiohttp import WSCloseCode, web

from protocol.syntax import Did
from simulator.codec import decode, to_json
from simulator.events import AccountEvent, CommitEvent, Event, IdentityEvent, SyncEvent, wire_body, wire_time
from simulator.hosting import Hosting
from simulator.xrpc import XrpcFailure, application

METHOD: Final = "network.bsky.jetstream.subscribeEvents"
SUBPROTOCOL: Final = "xrpc.v1.json"
# A cursor of at least so much is a time.
_TIMES: Final = 10**15
_KINDS: Final = ("commit", "identity", "account", "sync")
_KIND_OF: Final = {IdentityEvent: "identity", AccountEvent: "account", SyncEvent: "sync"}
_DICTIONARY_BYTES: Final = 4_096
_SAMPLES: Final = 1_000


class Message(NamedTuple):
    """One event as it is sent."""

    seq: int
    micros: int
    kind: str
    did: str
    collection: str
    text: bytes

    def is_of(self, pattern: str) -> bool:
        """Whether its collection is the named one, or begins as a `name.*` says."""
        prefix, star, _ = pattern.partition("*")
        return self.collection.startswith(prefix) if star else self.collection == pattern


class Filter(NamedTuple):
    """What a subscriber wants; an empty part is no condition. `size` [bytes], 0: any."""

    kinds: frozenset[str]
    dids: frozenset[str]
    collections: tuple[str, ...]
    size: int

    def takes(self, message: Message) -> bool:
        if (self.kinds and message.kind not in self.kinds) or (self.dids and message.did not in self.dids):
            return False
        if message.kind == "commit" and self.collections and not any(map(message.is_of, self.collections)):
            return False
        return not self.size or len(message.text) <= self.size


class Jetstream:
    """`kept`: how many messages can be asked for again."""

    def __init__(self, hosting: Hosting, kept: int | None = None) -> None:
        self._kept = kept or hosting.retention.events
        self._messages: deque[Message] = deque()
        self._next = hosting.random("jetstream").randrange(1, 1_000_000)
        self._wakers: set[asyncio.Event] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._dictionary = make_dictionary()
        self.connections = 0
        for event in hosting.events:
            self.carry(event)
        hosting.watch(self.carry)

    def application(self) -> web.Application:
        return application(
            (
                web.get(f"/xrpc/{METHOD}", self._subscribe),
                web.get("/xrpc/network.bsky.jetstream.getZstdDictionary", self._give_dictionary),
            )
        )

    def carry(self, event: Event) -> None:
        """Announce what a host announces."""
        if not isinstance(event, CommitEvent):
            kind = _KIND_OF[type(event)]
            inner = {"seq": self._next, "time": wire_time(event.micros)} | to_json(wire_body(event))
            self.tell(kind, event.did, {kind: inner}, event.micros)
            return
        for op in event.ops:
            collection, _, rkey = op.path.partition("/")
            fields = {"rev": event.rev, "operation": op.action, "collection": collection, "rkey": rkey}
            if op.record is not None:
                fields |= {"record": to_json(decode(op.record)), "cid": str(op.cid)}
            self.tell("commit", event.did, fields, event.micros)

    def tell(self, kind: str, did: Did, fields: Mapping[str, Any], micros: int) -> None:
        """Announce an event of one of the four kinds. It was seen at `micros`, or when the one before it was."""
        seen = max(micros, self._messages[-1].micros if self._messages else _TIMES)
        time = _time(seen)
        payload = {"$type": f"{METHOD}#{kind}", "seq": self._next, "did": did, "time": time, "witnessedAt": time}
        text = _frame({**payload, **fields})
        self._messages.append(Message(self._next, seen, kind, did, fields.get("collection", ""), text))
        self._next += 1
        while len(self._messages) > self._kept:
            self._messages.popleft()
        for waker in self._wakers:
            waker.set()

    @property
    def last_micros(self) -> int:
        """When the newest message was seen."""
        return self._messages[-1].micros if self._messages else 0

    def forget(self) -> None:
        """Keep nothing of what was but the last message, so that an older cursor is outdated."""
        while len(self._messages) > 1:
            self._messages.popleft()

    async def close(self) -> None:
        """Close every subscriber's connection, as a host that restarts."""
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in tuple(self._sockets)))

    async def _give_dictionary(self, _: web.Request) -> web.Response:
        return web.Response(body=self._dictionary.as_bytes(), content_type="application/octet-stream")

    async def _subscribe(self, request: web.Request) -> web.WebSocketResponse:
        wanted = _filter(request)
        notice, start = self._start(_number(request, "cursor"))
        compressor = self._compressor(_number(request, "zstdDictionary"))
        socket = web.WebSocketResponse(compress=False, protocols=(SUBPROTOCOL,))
        await socket.prepare(request)
        self.connections += 1
        self._sockets.add(socket)
        tasks = (
            asyncio.create_task(self._send(_Outlet(socket, compressor), wanted, notice, start)),
            asyncio.create_task(_read_to_the_end(socket)),
        )
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sockets.discard(socket)
            for task in tasks:
                task.cancel()
            with contextlib.suppress(ConnectionError):
                await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    def _compressor(self, number: int | None) -> zstandard.ZstdCompressor | None:
        if number is None:
            return None
        if number != self._dictionary.dict_id():
            message = f"the current dictionary is {self._dictionary.dict_id()}"
            raise XrpcFailure(400, "UnknownZstdDictionary", message)
        return zstandard.ZstdCompressor(dict_data=self._dictionary)

    def _start(self, cursor: int | None) -> tuple[str | None, int]:
        """What the subscriber is told first, and the number of the first message that it gets."""
        first = self._messages[0].seq if self._messages else self._next
        if cursor is None:
            return None, self._next
        if cursor < _TIMES:
            if cursor > self._next:
                return "FutureCursor", self._next
            if cursor < first:
                raise XrpcFailure(400, "CursorTooOld", f"the oldest is {first}")
            return None, cursor
        at = bisect_left(self._messages, cursor, key=lambda message: message.micros)
        outdated = at == 0 and bool(self._messages) and cursor < self._messages[0].micros
        return "OutdatedCursor" if outdated else None, first + at

    async def _send(self, outlet: _Outlet, wanted: Filter, notice: str | None, position: int) -> None:
        if notice is not None:
            await outlet.send(_frame({"$type": f"{METHOD}#info", "name": notice, "message": str(position)}))
        waker = asyncio.Event()
        self._wakers.add(waker)
        try:
            while not self._messages or position >= self._messages[0].seq:
                waker.clear()
                if position == self._next:
                    await waker.wait()
                    continue
                message = self._messages[position - self._messages[0].seq]
                position += 1
                if wanted.takes(message):
                    await outlet.send(message.text)
            await outlet.send(json.dumps({"$type": "error", "error": "ConsumerTooSlow", "message": ""}).encode())
            await outlet.socket.close(code=WSCloseCode.POLICY_VIOLATION)
        finally:
            self._wakers.discard(waker)


class _Outlet:
    """One subscriber's socket, compressed or not."""

    def __init__(self, socket: web.WebSocketResponse, compressor: zstandard.ZstdCompressor | None) -> None:
        self.socket = socket
        self._compressor = compressor

    async def send(self, text: bytes) -> None:
        if self._compressor is None:
            await self.socket.send_str(text.decode())
        else:
            await self.socket.send_bytes(self._compressor.compress(text))


async def _read_to_the_end(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


def _frame(payload: Mapping[str, Any]) -> bytes:
    return json.dumps({"$type": "message", "payload": payload}, ensure_ascii=False, separators=(",", ":")).encode()


def _time(micros: int) -> str:
    return datetime.fromtimestamp(micros // 10**6, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{micros % 10**6:06d}Z"


def make_dictionary() -> zstandard.ZstdCompressionDict:
    """A dictionary for messages such as these."""
    samples = [
        _frame(
            {
                "$type": f"{METHOD}#commit",
                "seq": number,
                "did": f"did:plc:{number:024d}",
                "time": _time(_TIMES + number),
                "operation": "create",
                "collection": "fm.plyr.like",
                "record": {"subject": {"uri": f"at://did:plc:{number * 7:024d}/fm.plyr.track/{number:013d}"}},
            }
        )
        for number in range(_SAMPLES)
    ]
    return zstandard.train_dictionary(_DICTIONARY_BYTES, cast("Any", samples))


def _filter(request: web.Request) -> Filter:
    query = request.query
    kinds, collections = query.getall("kinds", []), query.getall("collections", [])
    if not set(kinds) <= set(_KINDS) or (collections and kinds and "commit" not in kinds):
        raise XrpcFailure(400, "InvalidRequest", "kinds that there are not, or collections without commits")
    size = _number(request, "maxMessageSizeBytes") or 0
    return Filter(frozenset(kinds), frozenset(query.getall("dids", [])), tuple(collections), size)


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise XrpcFailure(400, "InvalidRequest", f"{name} must be an integer")
    return int(text)
