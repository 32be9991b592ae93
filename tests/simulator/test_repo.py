"""Simulated repos: what they announce is signed, complete and as the reference host writes it."""

from __future__ import annotations

from random import Random

import pytest

from protocol.car import read_car as read_car_for_us
from protocol.cbor import Cid as OurCid
from protocol.crypto import Curve, PrivateKey
from protocol.mst import Tree as OurTree
from protocol.mst import TreeLimits, invert
from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator.codec import Cid, decode, encode
from simulator.repo import Commit, NoCommitYet, Repo, Write, WriteRefused
from tests.simulator.wire import read_car, walk

LIMITS = TreeLimits(max_depth=64, max_nodes=10_000, max_entries=10_000)
DID = Did("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
LIKE = Nsid("fm.plyr.like")
KEY = PrivateKey.generate("k256", b"repo")


class Author:
    """Writes to one repo at rising revs."""

    def __init__(self, key: PrivateKey = KEY) -> None:
        self._micros = 1_760_000_000_000_000
        self.repo = Repo(DID)
        self.key = key
        self.first = self.commit()

    def commit(self, *writes: Write) -> Commit:
        self._micros += 1
        return self.repo.commit(self.key, Tid.from_micros(self._micros, 0), writes)


def create(rkey: str, value: object = 1) -> Write:
    return Write("create", LIKE, RecordKey(rkey), {"value": value})


def update(rkey: str, value: object) -> Write:
    return Write("update", LIKE, RecordKey(rkey), {"value": value})


def delete(rkey: str) -> Write:
    return Write("delete", LIKE, RecordKey(rkey))


def cid_of(value: object) -> Cid:
    return Cid.of_block(encode({"value": value}))


def inverted(commit: Commit) -> bytes:
    """The root that a reader reaches when it takes the commit's ops back from the blocks that it carries."""
    car = read_car_for_us(commit.car, max_blocks=10_000, max_bytes=10_000_000)
    changes: dict[str, tuple[OurCid | None, OurCid | None]] = {}
    for op in commit.ops:
        before = changes[op.path][0] if op.path in changes else (op.prev and OurCid(op.prev.raw))
        changes[op.path] = (before, op.cid and OurCid(op.cid.raw))
    changes = {path: change for path, change in changes.items() if change[0] != change[1]}
    data = decode(read_car(commit.car)[1][commit.head.cid])["data"]
    return bytes(invert(OurTree(OurCid(data.raw), car.blocks, LIMITS), changes))


def test_a_repo_without_a_commit_has_nothing_to_give() -> None:
    with pytest.raises(NoCommitYet):
        _ = Repo(DID).head


def test_a_first_commit_follows_nothing_and_holds_the_empty_tree() -> None:
    first = Author().first
    root, blocks = read_car(first.car)
    assert (first.since, first.prev_data, first.ops) == (None, None, ())
    assert decode(blocks[root])["data"] in blocks
    assert len(blocks) == 2


def test_a_commit_names_the_rev_and_the_tree_before_it() -> None:
    author = Author()
    before = author.repo.tree.cid
    commit = author.commit(create("a"))
    assert (commit.since, commit.prev_data) == (author.first.head.rev, before)


@pytest.mark.parametrize("curve", ["k256", "p256"])
def test_a_commit_is_signed_by_the_key(curve: Curve) -> None:
    key = PrivateKey.generate(curve, b"another")
    fields = decode(Author(key).commit(create("a")).head.block)
    signature = fields.pop("sig")
    assert key.public.verify(encode(fields), signature)
    assert fields.keys() == {"did", "version", "data", "rev", "prev"}
    assert (fields["did"], fields["version"], fields["prev"]) == (DID, 3, None)


@pytest.mark.parametrize("seed", range(5))
def test_every_commit_carries_what_its_inversion_and_its_readers_need(seed: int) -> None:
    rng = Random(seed)
    author = Author()
    for number in range(150):
        held = {path.split("/")[1] for path in author.repo.records}
        writes: list[Write] = []
        for rkey in rng.sample([f"{at:04}" for at in range(200)], rng.randrange(1, 9)):
            if rkey not in held:
                writes.append(create(rkey, number))
            else:
                writes.append(rng.choice((update(rkey, -number), delete(rkey))))
        before = author.repo.tree.cid
        commit = author.commit(*writes)
        assert inverted(commit) == before.raw
        _, blocks = read_car(commit.car)
        assert {op.cid for op in commit.ops if op.cid} <= blocks.keys()


def test_a_repo_gives_out_all_of_itself() -> None:
    author = Author()
    author.commit(*(create(f"{at:03}", at) for at in range(150)))
    author.commit(delete("007"))
    root, blocks = read_car(author.repo.car())
    paths = walk(decode(blocks[root])["data"], blocks)
    assert {path: blocks[cid] for path, cid in paths.items()} == author.repo.records
    assert len(paths) == 149
    assert author.repo.collections == {LIKE: 149}


def test_a_proof_holds_the_record_and_the_way_to_it_and_no_more() -> None:
    author = Author()
    author.commit(*(create(f"{at:03}", at) for at in range(150)))
    _, blocks = read_car(author.repo.proof_car(f"{LIKE}/042"))
    assert cid_of(42) in blocks
    assert len(blocks) < 30
    _, absent = read_car(author.repo.proof_car(f"{LIKE}/none"))
    assert author.repo.tree.cid in absent


def test_a_record_created_and_deleted_in_one_commit_has_no_prev_and_no_block() -> None:
    author = Author()
    commit = author.commit(create("a"), delete("a"))
    assert [(op.action, op.prev) for op in commit.ops] == [("create", None), ("delete", None)]
    assert cid_of(1) not in read_car(commit.car)[1]
    assert author.repo.records == {}


def test_a_record_deleted_and_created_in_one_commit_has_prev_in_both_ops() -> None:
    author = Author()
    author.commit(create("a"))
    commit = author.commit(delete("a"), create("a", 2))
    assert [(op.action, op.prev) for op in commit.ops] == [("delete", cid_of(1)), ("create", cid_of(1))]
    assert cid_of(2) in read_car(commit.car)[1]
    assert author.repo.collections[LIKE] == 1


def test_two_updates_in_one_commit_carry_the_first_prev_and_the_last_block() -> None:
    author = Author()
    author.commit(create("a"))
    commit = author.commit(update("a", 2), update("a", 3))
    assert [op.prev for op in commit.ops] == [cid_of(1), cid_of(1)]
    blocks = read_car(commit.car)[1]
    assert cid_of(3) in blocks
    assert cid_of(2) not in blocks


def test_an_update_to_the_same_value_is_announced_without_its_block() -> None:
    author = Author()
    author.commit(create("a"))
    commit = author.commit(update("a", 1))
    assert [(op.cid, op.prev) for op in commit.ops] == [(cid_of(1), cid_of(1))]
    assert cid_of(1) not in read_car(commit.car)[1]


@pytest.mark.parametrize("write", [update("b", 1), delete("b"), create("a")])
def test_a_write_that_does_not_fit_is_refused_and_changes_nothing(write: Write) -> None:
    author = Author()
    head = author.commit(create("a")).head
    with pytest.raises(WriteRefused):
        author.commit(create("c"), write)
    assert author.repo.head == head
    assert author.repo.records.keys() == {f"{LIKE}/a"}


def test_a_commit_has_at_most_two_hundred_writes() -> None:
    with pytest.raises(WriteRefused):
        Author().commit(*(create(f"{at:03}") for at in range(201)))
