"""What the mutations begin with: what the simulated network sends, and the vectors of the protocol's authors."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import lexicons
from appview.queries import QUERIES
from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator import CommitEvent, Event, Population, SyncEvent, World, Write
from simulator.codec import decode, encode
from simulator.directory import did_document
from simulator.events import error_frame, frame, info_frame
from simulator.hostile import KINDS, HostileRepo
from simulator.jetstream import Jetstream
from simulator.repo import Repo

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "atproto-interop"
COLLECTIONS: Final = tuple(sorted(lexicons.load().records()))
DID: Final = Did("did:plc:fuzzaaaaaaaaaaaaaaaaaaaa")
RKEY: Final = RecordKey("3kaaaaaaaaa2a")
REV: Final = Tid("3kaaaaaaaaa2a")
START: Final = 1_775_000_000_000_000  # microseconds; before the targets' clock
TRACK: Final = Nsid("fm.plyr.track")
LONGEST: Final = 16_000  # bytes of an input


@cache
def _world() -> World:
    """A few people, and one account that has written in every way."""
    clock = itertools.count(START, 1_000)
    world = World(1, Population(artists=4, listeners=6, strangers=1, records=(3, 15)), clock=lambda: next(clock))
    values = [decode(block) for account in world.accounts.values() for block in account.active_repo.records.values()]
    world.create_account("fuzzed.test", did=DID)
    keys = [RecordKey(Tid.from_micros(START + number, 0)) for number in range(40)]
    for key, value in zip(keys, itertools.cycle(values), strict=False):
        world.write(DID, [Write("create", Nsid(value["$type"]), key, value)])
    first = values[0]
    name = Nsid(first["$type"])
    world.write(DID, [Write("update", name, keys[0], first | {"again": True}), Write("delete", name, keys[0])])
    world.write(DID, [Write("create", TRACK, RecordKey(f"many-{number}"), first) for number in range(20)])
    world.announce_again(DID)
    world.live(100)
    return world


def _events() -> list[Event]:
    return list(_world().events)


def frames() -> Iterator[bytes]:
    """One of every kind and size that there is."""
    yield from (frame(event, 2**33 + number) for number, event in enumerate(_events()))
    yield info_frame("OutdatedCursor", "Requested cursor exceeded limit.")
    yield error_frame("FutureCursor", "Cursor in the future.")


def commits() -> Iterator[bytes]:
    for number, event in enumerate(_events()):
        if isinstance(event, CommitEvent | SyncEvent) and event.did == DID:
            yield frame(event, number + 1)


def cars() -> Iterator[bytes]:
    """Repos of several sizes, and repos that no reader may take."""
    account = _world().account(DID)
    repo = account.active_repo
    yield repo.car()
    yield repo.head_car()
    for count in (0, 1, 2, 5, 12):
        paths = (path.split("/") for path in sorted(repo.records)[:count])
        small = Repo(DID)
        small.commit(account.key, REV, [Write("create", Nsid(name), RecordKey(key), {}) for name, key in paths])
        yield small.car()
    yield from (HostileRepo(DID, kind, account.key, REV).car()[:LONGEST] for kind in KINDS)


def cars_in_pieces() -> Iterator[bytes]:
    yield from (bytes([size]) + car for size, car in zip(itertools.cycle((0, 1, 7, 63, 255)), cars(), strict=False))


def _values() -> Iterator[bytes]:
    for account in _world().accounts.values():
        yield from account.active_repo.records.values()


def blocks() -> Iterator[bytes]:
    """Records, nodes and commits, and the vectors of the data model."""
    yield from _values()
    repo = _world().account(DID).active_repo
    yield repo.head.block
    yield from (node.block for node in repo.tree.nodes())
    for vector in _fixture("data-model/data-model-fixtures.json"):
        yield base64.b64decode(vector["cbor_base64"] + "==")


def records() -> Iterator[bytes]:
    for block in _values():
        name = decode(block)["$type"]
        if name in COLLECTIONS:
            yield bytes([COLLECTIONS.index(name)]) + block
    for number, name in enumerate(COLLECTIONS):
        yield bytes([number]) + encode({"$type": name})


def documents() -> Iterator[bytes]:
    for account in _world().accounts.values():
        document = did_document(account, "https://pds.example.com")
        yield json.dumps(document).encode()
        legacy = {"id": "#atproto", "type": "EcdsaSecp256k1VerificationKey2019", "controller": account.did}
        legacy["publicKeyMultibase"] = document["verificationMethod"][0]["publicKeyMultibase"]
        yield json.dumps(document | {"verificationMethod": [legacy]}).encode()
    yield json.dumps({"id": "did:web:localhost%3A1234", "alsoKnownAs": ["at://a.test"]}).encode()


def messages() -> Iterator[bytes]:
    """What a Jetstream says of all that."""
    yield from (message.text for message in Jetstream(_world())._messages)
    yield json.dumps({"$type": "error", "error": "ConsumerTooSlow", "message": ""}).encode()


def texts() -> Iterator[bytes]:
    for path in sorted(FIXTURES.glob("syntax/*.txt")):
        yield from (line for line in path.read_bytes().splitlines() if line and not line.startswith(b"#"))
    for name in ("crypto/w3c_didkey_K256.json", "crypto/w3c_didkey_P256.json"):
        yield from (vector["publicDidKey"].encode() for vector in _fixture(name))


def queries() -> Iterator[bytes]:
    """A request of every method with parameters that most of them know."""
    for number, _ in enumerate(QUERIES):
        yield bytes([number]) + f"actor={DID}&uri=at%3A%2F%2F{DID}%2F{TRACK}%2F{RKEY}&limit=5&cursor=AQ".encode()
        yield bytes([number]) + b"uris=a&uris=b&tag=dub&q=x&sort=newest"


def headers() -> Iterable[bytes]:
    return b"120", b"0.5", b"Wed, 21 Oct 2026 07:28:00 GMT", b"1775000000", b"100;w=60", b"-1"


def _fixture(name: str) -> Any:
    return json.loads((FIXTURES / name).read_bytes())
