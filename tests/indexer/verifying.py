"""What the tests of the verification share: bounds, heads, and CARs with something wrong in them."""

from __future__ import annotations

from datetime import timedelta

from indexer.verify import Head, VerifyLimits
from protocol.car import read_car
from protocol.cbor import Cid
from protocol.mst import TreeLimits
from protocol.syntax import Nsid, Tid

from .repos import Link, Repo, car, record, track

TREE = TreeLimits(max_depth=64, max_nodes=10_000, max_entries=10_000)
TRACK = Nsid("fm.plyr.track")
LIMITS = VerifyLimits({TRACK: TRACK}, 1_000, 5_000_000, 200, TREE, timedelta(minutes=5))
A, B, C = ("fm.plyr.track/3kaaaaaaaaa2a", "fm.plyr.track/3kaaaaaaaaa2b", "app.bsky.feed.post/3kaaaaaaaaa2c")


def head_of(repo: Repo) -> Head | None:
    return None if repo.rev is None or repo.data is None else Head(Tid(repo.rev), Cid(repo.data))


def filled(count: int = 40) -> Repo:
    repo = Repo()
    repo.write(*[(track(n), record(title=str(n))) for n in range(count)])
    return repo


def rebuilt(blocks: bytes, replace: dict[Link, bytes | None]) -> bytes:
    """The CAR with other bytes under some CIDs, or without these (None)."""
    read = read_car(blocks, max_blocks=10_000, max_bytes=10_000_000)
    kept = {Link(cid): replace.get(Link(cid), block) for cid, block in read.blocks._blocks.items()}
    return car(Link(read.roots[0]), [(cid, block) for cid, block in kept.items() if block is not None])


def altered(blocks: bytes, cid: Link) -> bytes:
    block = read_car(blocks, max_blocks=10_000, max_bytes=10_000_000).blocks.get(cid)
    return rebuilt(blocks, {cid: block[:-1] + bytes([block[-1] ^ 1])})


def without(blocks: bytes, cid: Link) -> bytes:
    return rebuilt(blocks, {cid: None})
