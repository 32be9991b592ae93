"""A fetched repo against what is stored of it -> the commits that make the one the other. Pure.

A repo of some size is compared in a process of its own, which is given files: the CAR, the stored records as Postgres
copies them out, and one to write the commits to, one after the other, so that neither process ever hands all of a
large repo to the other at once. This module is all that such a process imports. sync.md section 4.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from indexer.rejections import Rejection
from indexer.stages import RecordChange, RecordPath, VerifiedCommit
from indexer.verify import Head, Rejected, VerifyLimits
from indexer.verify_repo import VerifiedRepo, verify_repo
from protocol.car import BlockInvalid, Car, CarInvalid, CarReader
from protocol.cbor import Cid
from protocol.crypto import PublicKey
from protocol.syntax import Did, Nsid, RecordKey

# One commit goes through the event loop in one piece: so many records, and so many bytes.
PORTION_RECORDS = 250
PORTION_BYTES = 4_000_000
READ_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """Whose repo it is, under which key (a did:key) and head it is judged, and within which limits.

    `known`: the commit that was verified last. Who only compares knows it, and has no head to judge by.
    `record_max_bytes`: of the largest record that is kept.
    """

    did: Did
    key: str
    head: Head | None
    known: Cid | None
    limits: VerifyLimits
    record_max_bytes: int
    now: datetime


class Difference(NamedTuple):
    """The repo's head, and what is to be applied for the stored records to be its own: one commit at least."""

    head: Head
    commits: Iterator[VerifiedCommit]


class DifferenceFile(NamedTuple):
    """The same, with so many commits in a file; `load_commit` reads the next."""

    head: Head
    commits: int


def compare(question: Question, car: Car, stored: Mapping[RecordPath, bytes]) -> Difference | Rejected:
    """Judge the repo, then tell what is new, changed and gone. `stored`: CIDs by path."""
    key = PublicKey.from_did_key(question.key)
    repo = verify_repo(question.did, car, question.head, question.known, key, question.limits, question.now)
    if isinstance(repo, Rejected):
        return repo
    try:
        changes = [repo.change(path) for path, cid in repo.records.items() if stored.get(path) != cid]
    except BlockInvalid as fault:
        return Rejected(Rejection.BLOCK_INVALID, str(fault))
    if sum(_kept(change, question) for change in changes) > question.limits.max_bytes:
        return Rejected(Rejection.REPO_TOO_LARGE, f"more than {question.limits.max_bytes} bytes of records")
    changes += [RecordChange(path, None, None) for path in stored if path not in repo.records]
    return Difference(repo.head, _portions(repo, changes, question.record_max_bytes))


def read_repo(question: Question, chunks: Iterator[bytes]) -> Car:
    """The CAR that the chunks make. Raises CarInvalid."""
    limits = question.limits
    reader = CarReader(max_blocks=limits.max_blocks, max_bytes=limits.max_bytes)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.finish()


def compare_files(question: Question, car: Path, stored: Path, commits: Path) -> DifferenceFile | Rejected:
    """`compare` between files, for another process."""
    try:
        with car.open("rb") as file:
            parsed = read_repo(question, iter(lambda: file.read(READ_BYTES), b""))
    except CarInvalid as fault:
        return Rejected(Rejection.CAR_INVALID, str(fault))
    with stored.open(encoding="ascii") as lines:
        known = dict(map(_stored_row, lines))
    found = compare(question, parsed, known)
    if isinstance(found, Rejected):
        return found
    number = 0
    with commits.open("r+b") as file:
        for commit in found.commits:
            pickle.dump(commit, file, pickle.HIGHEST_PROTOCOL)
            number += 1
    return DifferenceFile(found.head, number)


def load_commit(file: BinaryIO) -> VerifiedCommit:
    """The next commit of a file that `compare_files` wrote."""
    return pickle.load(file)  # noqa: S301 - written by our own process to a file that has no name


def _portions(repo: VerifiedRepo, changes: list[RecordChange], record_max_bytes: int) -> Iterator[VerifiedCommit]:
    portion: list[RecordChange] = []
    size = 0
    for whole in changes:
        change = _cut(whole, record_max_bytes)
        size += len(change.value or b"")
        if len(portion) >= PORTION_RECORDS or (size > PORTION_BYTES and portion):
            yield repo.commit(portion)
            portion, size = [], len(change.value or b"")
        portion.append(change)
    yield repo.commit(portion)


def _kept(change: RecordChange, question: Question) -> int:
    """The bytes of a record that go on: many paths may lead to one block."""
    return min(len(change.value or b""), question.record_max_bytes)


def _cut(change: RecordChange, record_max_bytes: int) -> RecordChange:
    """A block may be as large as a repo: of what is too large to be kept goes on only what tells that."""
    if change.value is None or len(change.value) <= record_max_bytes:
        return change
    return change._replace(value=change.value[: record_max_bytes + 1], size=len(change.value))


def _stored_row(line: str) -> tuple[RecordPath, bytes]:
    """A line of COPY's text format; none of its characters needs an escape."""
    collection, rkey, cid = line.rstrip("\n").split("\t")
    return RecordPath(Nsid(collection), RecordKey(rkey)), bytes.fromhex(cid)
