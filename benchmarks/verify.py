"""Steps 1 to 6 of a commit's verification, in memory: rev, CAR and hashes, signature, ops, inversion, chain.

Commits of 1 to 10 ops on repos of 30 to 2,000 records, each judged by `indexer.verify` against the head that it
follows. The baseline is the check of the same commits' signatures alone. Counted are seconds of one core's work, which
a busy machine does not stretch. One thread; the data is made before.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import process_time
from typing import Annotated, NamedTuple

import typer

from benchmarks.crowd import Crowd, hosting, music
from benchmarks.report import Figures, per_second, ratio
from indexer import frames
from indexer.limits import verify_limits
from indexer.namespaces import wire_names
from indexer.stages import CommitFrame, VerifiedCommit
from indexer.verify import Head, VerifyLimits, verify_commit
from protocol.car import read_car
from protocol.cbor import Cid
from protocol.commit import parse_commit
from protocol.crypto import PublicKey
from runtime.settings import Settings
from simulator.events import frame

SEED = 1
MOST_OPS = 10
SHARE_OF_ONE = 0.8  # of the network's mix: commits of a single op


class Case(NamedTuple):
    """A commit's frame, as bytes and parsed, with what is known when it comes."""

    raw: bytes
    frame: CommitFrame
    head: Head
    key: PublicKey


def run(
    commits: Annotated[int, typer.Option(min=MOST_OPS, help="commits of each mix")] = 3_000,
    people: Annotated[int, typer.Option(min=1, help="repos that they are of")] = 100,
    rounds: Annotated[int, typer.Option(min=1, help="times that each is judged; the fastest counts")] = 3,
) -> Figures:
    """Commits verified in a second, by how many ops they have; the signature check alone."""
    settings = Settings()
    limits = verify_limits(settings, wire_names(settings.collections, settings.namespace))
    crowd = Crowd(hosting(SEED), people, least=30, most=2_000, writer=music)
    mixes = {
        "oneOp": [_case(crowd, 1) for _ in range(commits)],
        "oneToTenOps": [_case(crowd, 1 + number % MOST_OPS) for number in range(commits)],
        "asOnTheNetwork": [_case(crowd, _ops(crowd)) for _ in range(commits)],
    }
    verified = {name: _verified(cases, limits, rounds) for name, cases in mixes.items()}
    baseline = _signatures(mixes["oneToTenOps"], rounds)
    return {
        "commits": commits,
        "repos": people,
        "commitsPerSecond": verified,
        "withDecodingPerSecond": {name: _decoded(cases, limits, rounds) for name, cases in mixes.items()},
        "signaturesPerSecond": baseline,
        "ratio": {name: ratio(rate, baseline) for name, rate in verified.items()},
    }


def _ops(crowd: Crowd) -> int:
    return 1 if crowd.random.random() < SHARE_OF_ONE else crowd.random.randint(2, MOST_OPS)


def _case(crowd: Crowd, ops: int) -> Case:
    account = crowd.some_account()
    repo = account.active_repo
    head = Head(repo.head.rev, Cid(repo.tree.cid.raw))
    raw = frame(crowd.commit(account, ops), 1)
    parsed = frames.decode(raw)
    assert isinstance(parsed, CommitFrame)
    return Case(raw, parsed, head, PublicKey.from_did_key(account.key.public.did_key()))


def _verified(cases: Sequence[Case], limits: VerifyLimits, rounds: int) -> float:
    now = datetime.now(UTC)

    def once() -> None:
        for case in cases:
            verdict = verify_commit(case.frame, case.head, case.key, limits, now)
            assert isinstance(verdict, VerifiedCommit), verdict

    return _rate(once, len(cases), rounds)


def _decoded(cases: Sequence[Case], limits: VerifyLimits, rounds: int) -> float:
    now = datetime.now(UTC)

    def once() -> None:
        for case in cases:
            parsed = frames.decode(case.raw)
            assert isinstance(parsed, CommitFrame)
            assert isinstance(verify_commit(parsed, case.head, case.key, limits, now), VerifiedCommit)

    return _rate(once, len(cases), rounds)


def _signatures(cases: Sequence[Case], rounds: int) -> float:
    bounds = {"max_blocks": 20_000, "max_bytes": 5_000_000}
    signed = [
        (parse_commit(case.frame.commit, read_car(case.frame.blocks, **bounds).blocks.get(case.frame.commit)), case.key)
        for case in cases
    ]

    def once() -> None:
        for commit, key in signed:
            assert commit.verify(key)

    return _rate(once, len(cases), rounds)


def _rate(once: Callable[[], None], count: int, rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = process_time()
        once()
        best = min(best, process_time() - began)
    return per_second(count, best)
