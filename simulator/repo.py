"""A repo as its host keeps it: records, tree, signed commits, and what it gives out of them.

`Repo.commit` takes writes in order and gives what a host announces: one op for each write, and the blocks
that the new tree, its inversion and the new records need. In memory; not safe for concurrent writers.
Spec: https://atproto.com/specs/repository, https://atproto.com/specs/sync
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from protocol.crypto import PrivateKey
from protocol.syntax import Did, Nsid, RecordKey, Tid
from simulator.codec import Cid, Value, decode, encode, write_car
from simulator.events import RepoOp
from simulator.tree import Tree

MAX_OPS: Final = 200
"""How many writes a host takes in one commit."""


class WriteRefused(ValueError):
    """A write does not fit the repo: it creates what is there, or changes what is not."""


class NoCommitYet(RuntimeError):
    """The repo has not been committed to, and has nothing to give out."""


@dataclass(frozen=True, slots=True)
class Write:
    """One wish of an account's owner. `value` is none for a deletion alone."""

    action: Literal["create", "update", "delete"]
    collection: Nsid
    rkey: RecordKey
    value: Value = None

    @property
    def path(self) -> str:
        return f"{self.collection}/{self.rkey}"


@dataclass(frozen=True, slots=True)
class Head:
    """The repo's last commit. `block`: the signed object."""

    cid: Cid
    block: bytes
    rev: Tid


@dataclass(frozen=True, slots=True)
class Commit:
    """What a host announces of a commit. `since`: the rev before; `prev_data`: the tree before; none at the first."""

    head: Head
    since: Tid | None
    prev_data: Cid | None
    ops: tuple[RepoOp, ...]
    car: bytes


class Repo:
    """One account's repo. `records`: blocks by path; `collections`: how many records of each. No head before the first
    commit, which may be empty."""

    def __init__(self, did: Did) -> None:
        self.did = did
        self.tree = Tree()
        self.records: dict[str, bytes] = {}
        self.collections: Counter[str] = Counter()
        self._head: Head | None = None

    @property
    def head(self) -> Head:
        """Raises `NoCommitYet` before the first commit."""
        if self._head is None:
            raise NoCommitYet(self.did)
        return self._head

    def commit(self, key: PrivateKey, rev: Tid, writes: Sequence[Write]) -> Commit:
        """Apply the writes as one commit. Raises `WriteRefused`, and then nothing has changed."""
        if len(writes) > MAX_OPS:
            raise WriteRefused(f"{len(writes)} writes in one commit")
        before, tree = self.tree, self.tree
        records: dict[str, bytes] = {}
        ops: list[RepoOp] = []
        for write in writes:
            tree, op = _applied(tree, before, write)
            ops.append(op)
            if op.record is not None:
                records[write.path] = op.record
        self.tree = tree
        for write in {write.path: write for write in writes}.values():
            self._store(write, records.get(write.path))
        return self._sign(key, rev, before, tuple(ops))

    def copy(self) -> Repo:
        """A repo of its own that begins where this one stands."""
        twin = Repo(self.did)
        twin.tree, twin.records, twin._head = self.tree, dict(self.records), self._head
        twin.collections = self.collections.copy()
        return twin

    def value(self, path: str) -> Value:
        """The record at a path. Raises `KeyError`."""
        return decode(self.records[path])

    def car(self) -> bytes:
        """The whole repo, commit first."""
        blocks = {self.head.cid: self.head.block}
        blocks |= {node.cid: node.block for node in self.tree.nodes()}
        blocks |= {cid: self.records[path] for path, cid in self.tree.items()}
        return write_car(self.head.cid, blocks)

    def head_car(self) -> bytes:
        """The commit alone."""
        return write_car(self.head.cid, {self.head.cid: self.head.block})

    def proof_car(self, path: str) -> bytes:
        """The record at a path with what proves it, or what proves that there is none."""
        blocks = {self.head.cid: self.head.block}
        blocks |= {node.cid: node.block for node in self.tree.proof(path)}
        cid = self.tree.get(path)
        if cid is not None:
            blocks[cid] = self.records[path]
        return write_car(self.head.cid, blocks)

    def _store(self, write: Write, record: bytes | None) -> None:
        there = write.path in self.records
        if write.action == "delete":
            self.records.pop(write.path, None)
            self.collections[write.collection] -= there
        elif record is not None:
            self.records[write.path] = record
            self.collections[write.collection] += not there

    def _sign(self, key: PrivateKey, rev: Tid, before: Tree, ops: tuple[RepoOp, ...]) -> Commit:
        last = self._head
        unsigned = {"did": self.did, "version": 3, "data": self.tree.cid, "rev": rev, "prev": None}
        block = encode(unsigned | {"sig": key.sign(encode(unsigned))})
        head = self._head = Head(Cid.of_block(block), block, rev)
        blocks = {head.cid: block, **dict(self._carried(before, ops, first=last is None))}
        since, prev_data = (None, None) if last is None else (last.rev, before.cid)
        return Commit(head, since, prev_data, ops, write_car(head.cid, blocks))

    def _carried(self, before: Tree, ops: Iterable[RepoOp], *, first: bool) -> Iterator[tuple[Cid, bytes]]:
        """The tree's new nodes, the proofs of the changes, and the records that are new."""
        nodes = self.tree.nodes() if first else self.tree.new_since(before)
        yield from ((node.cid, node.block) for node in nodes)
        for op in ops:
            yield from ((node.cid, node.block) for node in self.tree.proof(op.path))
        for op in ops:
            if op.cid is not None and op.record is not None and op.cid == self.tree.get(op.path) != op.prev:
                yield op.cid, op.record


def _applied(tree: Tree, before: Tree, write: Write) -> tuple[Tree, RepoOp]:
    """`prev` is what the path held before the whole commit, whatever the action; seen on the reference host."""
    held, prev = tree.get(write.path), before.get(write.path)
    if (write.action == "create") != (held is None):
        raise WriteRefused(f"{write.action} of {write.path}, which is {'absent' if held is None else 'there'}")
    if write.action == "delete":
        return tree.drop(write.path), RepoOp("delete", write.path, None, prev, None)
    record = encode(write.value)
    cid = Cid.of_block(record)
    return tree.put(write.path, cid), RepoOp(write.action, write.path, cid, prev, record)
