"""Reading what the simulated network sends, in the plainest way: frames and CARs by cbor2 alone."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import cbor2

from simulator import World
from simulator.codec import Cid, decode
from simulator.founding import Population

START = 1_760_000_000_000_000
TICK = 250_000
SMALL = Population(artists=3, listeners=5, strangers=2, records=(5, 30))


class Message(NamedTuple):
    """A frame: its header and its body."""

    header: dict[str, Any]
    body: dict[str, Any]


class Ticking:
    """A clock that moves by a quarter of a second whenever it is read."""

    def __init__(self) -> None:
        self._micros = START

    def __call__(self) -> int:
        self._micros += TICK
        return self._micros


def small_world(seed: int = 1) -> World:
    """A few people, on a clock that is the same in every run."""
    return World(seed, SMALL, clock=Ticking())


def read_frame(data: bytes) -> Message:
    source = io.BytesIO(data)
    decoder = cbor2.CBORDecoder(source, tag_hook=lambda tag, _: Cid(tag.value[1:]))
    header, body = decoder.decode(), decoder.decode()
    assert source.read() == b"", "a frame is two objects and nothing more"
    return Message(header, body)


def read_car(data: bytes) -> tuple[Cid, dict[Cid, bytes]]:
    """The root, and the blocks, each of which hashes to its CID."""
    length, at = _varint(data, 0)
    header = decode(data[at : at + length])
    at += length
    blocks: dict[Cid, bytes] = {}
    while at < len(data):
        length, at = _varint(data, at)
        cid, block = Cid(data[at : at + 36]), data[at + 36 : at + length]
        assert Cid.of_block(block) == cid
        blocks[cid] = block
        at += length
    (root,) = header["roots"]
    return root, blocks


def walk(root: Cid, blocks: Mapping[Cid, bytes]) -> dict[str, Cid]:
    """Every path of a whole tree, with what it leads to."""
    node = decode(blocks[root])
    found = walk(node["l"], blocks) if node["l"] else {}
    key = b""
    for entry in node["e"]:
        key = key[: entry["p"]] + entry["k"]
        found[key.decode()] = entry["v"]
        found |= walk(entry["t"], blocks) if entry["t"] else {}
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at
