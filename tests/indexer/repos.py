"""A repo of one account, built the naive way, whose events can be made wrong in any respect."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import cbor2

from protocol.crypto import PrivateKey
from protocol.syntax import Tid

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
START_MICROS = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp() * 1e6)
RELAY = "ws://relay.test"


class Link(bytes):
    """A CID, to be written as a link."""


def encode(value: Any) -> bytes:
    def convert(item: Any) -> Any:
        if isinstance(item, Link):
            return cbor2.CBORTag(42, b"\x00" + bytes(item))
        if isinstance(item, dict):
            return {name: convert(inner) for name, inner in item.items()}
        return [convert(inner) for inner in item] if isinstance(item, list) else item

    return cbor2.dumps(convert(value), canonical=True)


def cid_of(block: bytes) -> Link:
    return Link(b"\x01\x71\x12\x20" + hashlib.sha256(block).digest())


def layer(path: str) -> int:
    bits = int.from_bytes(hashlib.sha256(path.encode()).digest())
    return (256 - bits.bit_length()) // 2


def tree(entries: dict[str, Link], blocks: dict[Link, bytes]) -> Link:
    """The root of the tree of these entries; its nodes are added to `blocks`."""
    ordered = sorted(entries.items(), key=lambda item: item[0].encode())
    top = max((layer(path) for path in entries), default=0)

    def node(items: list[tuple[str, Link]], level: int) -> Link | None:
        if not items and level < top:
            return None
        here = [index for index, (path, _) in enumerate(items) if layer(path) == level]
        cuts = [-1, *here, len(items)]
        below = [node(items[a + 1 : b], level - 1) if level else None for a, b in pairwise(cuts)]
        previous, written = b"", []
        for index, right in zip(here, below[1:], strict=True):
            key = items[index][0].encode()
            shared = next((i for i, (a, b) in enumerate(zip(previous, key, strict=False)) if a != b), None)
            if shared is None:
                shared = min(len(previous), len(key))
            written.append({"p": shared, "k": key[shared:], "v": items[index][1], "t": right})
            previous = key
        block = encode({"l": below[0], "e": written})
        cid = cid_of(block)
        blocks[cid] = block
        return cid

    root = node(ordered, top)
    assert root is not None
    return root


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def car(root: Link, blocks: Iterable[tuple[Link, bytes]]) -> bytes:
    header = encode({"roots": [root], "version": 1})
    parts = [varint(len(header)) + header]
    parts += [varint(len(cid) + len(block)) + bytes(cid) + block for cid, block in blocks]
    return b"".join(parts)


def frame(kind: str, body: dict[str, Any]) -> bytes:
    return encode({"op": 1, "t": kind}) + encode(body)


def record(kind: str = "fm.plyr.track", **fields: Any) -> dict[str, Any]:
    base = {
        "$type": kind,
        "title": "A song",
        "artist": "Somebody",
        "fileType": "mp3",
        "audioUrl": "https://audio.test/a.mp3",
        "createdAt": "2026-04-01T00:00:00.000Z",
    }
    return base | fields


def track(number: int) -> str:
    """The path of a track."""
    return f"fm.plyr.track/{Tid.from_micros(START_MICROS + number, 0)}"


@dataclass
class Repo:
    """`write` makes the next commit, and gives the body of its `#commit`."""

    did: str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    key: PrivateKey = field(default_factory=lambda: PrivateKey.generate("k256", b"repo"))
    records: dict[str, Link] = field(default_factory=dict)
    values: dict[Link, bytes] = field(default_factory=dict)
    rev: str | None = None
    data: Link | None = None
    seq: int = 0
    _count: int = 0

    def next_rev(self) -> str:
        self._count += 1
        return str(Tid.from_micros(START_MICROS + self._count, 7))

    def signed(self, rev: str, data: Link, key: PrivateKey | None = None, **fields: Any) -> bytes:
        unsigned = {"did": self.did, "version": 3, "data": data, "rev": rev, "prev": None} | fields
        return encode(unsigned | {"sig": (key or self.key).sign(encode(unsigned))})

    def write(self, *ops: tuple[str, dict[str, Any] | bytes | None], key: PrivateKey | None = None) -> dict[str, Any]:
        """Put (a value) or delete (None) each path in turn, in one commit."""
        listed: list[dict[str, Any]] = []
        values: dict[Link, bytes] = {}
        for path, value in ops:
            before = self.records.get(path)
            if value is None:
                del self.records[path]
                cid, action = None, "delete"
            else:
                block = value if isinstance(value, bytes) else encode(value)
                cid = self.records[path] = cid_of(block)
                values[cid] = block
                action = "create" if before is None else "update"
            listed.append({"action": action, "path": path, "cid": cid} | ({} if before is None else {"prev": before}))
        self.values |= values
        blocks: dict[Link, bytes] = {}
        data = tree(self.records, blocks)
        rev = self.next_rev()
        block = self.signed(rev, data, key)
        self.seq += 1
        kept = {cid: value for cid, value in values.items() if cid in self.records.values()}
        body = {
            "seq": self.seq,
            "repo": self.did,
            "commit": cid_of(block),
            "rev": rev,
            "since": self.rev,
            "blocks": car(cid_of(block), [(cid_of(block), block), *blocks.items(), *kept.items()]),
            "ops": listed,
            "time": "2026-05-01T11:59:59.000Z",
        }
        if self.data is not None:
            body["prevData"] = self.data
        self.rev, self.data = rev, data
        return body

    def sync(self, rev: str | None = None, key: PrivateKey | None = None) -> dict[str, Any]:
        """The body of a `#sync` that names the repo as it is."""
        assert self.data is not None
        rev = rev or self.rev
        assert rev is not None
        block = self.signed(rev, self.data, key)
        self.seq += 1
        blocks = car(cid_of(block), [(cid_of(block), block)])
        return {"seq": self.seq, "did": self.did, "rev": rev, "blocks": blocks, "time": "2026-05-01T11:59:59.000Z"}

    def export(self) -> bytes:
        """The whole repo as `getRepo` gives it."""
        assert self.rev is not None
        assert self.data is not None
        blocks: dict[Link, bytes] = {}
        tree(self.records, blocks)
        block = self.signed(self.rev, self.data)
        values = {cid: self.values[cid] for cid in self.records.values()}
        return car(cid_of(block), [(cid_of(block), block), *blocks.items(), *values.items()])
