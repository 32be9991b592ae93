"""How fast records come into Postgres: verified, decoded, validated, stored and projected, with every count kept.

Live: commits of one to ten records, each signed, as the stream brings them, read by `plyr-appview index` from a player
that sends nothing else. Backfill: whole repos, verified in memory and written in the portions of a sync, by one worker.
The baseline inserts the very rows that a part of the backfill has made (records and projections; no counts), one
`INSERT` and one transaction for each row, as a first version would.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import Annotated, NamedTuple

import typer
import uvloop

from benchmarks import reading, recording, store
from benchmarks.crowd import Crowd
from benchmarks.player import Player, Recording, playing
from benchmarks.reading import Reading
from benchmarks.report import Figures, per_second, ratio
from benchmarks.store import SOURCE, Member, Rows, Store
from indexer.apply import Applied
from indexer.limits import verify_limits
from indexer.namespaces import wire_names
from indexer.verify import VerifyLimits
from indexer.verify_repo import VerifiedRepo, verify_repo
from protocol.car import read_car
from protocol.crypto import PublicKey
from protocol.syntax import Did
from runtime.garbage import look_seldom
from runtime.sql import Queries

SQL = Queries.beside(__file__)

TABLES = ("record", "plyr_track", "plyr_like", "plyr_comment", "teal_play")
BASELINE_ACCOUNTS = 10  # whose rows are inserted plainly


class Fetched(NamedTuple):
    """A repo as its host gives it."""

    did: Did
    key: PublicKey
    car: bytes


class Backfill(NamedTuple):
    """Records written, seconds, seconds of work of the process; records a second by plain INSERT."""

    records: int
    seconds: float
    work: float
    plainly: float


def run(
    commits: Annotated[int, typer.Option(min=100, help="live commits")] = 10_000,
    people: Annotated[int, typer.Option(min=2, help="repos, of 30 to 1,000 records")] = 200,
) -> Figures:
    """Records per second, live, in a backfill, and by plain INSERT."""
    crowd = recording.music_people(people)
    members = [store.member(account) for account in crowd.accounts]
    repos = [_fetched(crowd, member) for member in members]
    before = crowd.writes
    stream = Recording((), recording.ours(crowd, commits), 0)
    records = crowd.writes - before
    with playing(stream, commits) as player:
        read, stored = asyncio.run(_live(members, player, stream.last_seq(commits)))
    look_seldom()  # as the indexer's process does; and not at the crowd, which is none of the indexer's
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        backfill = runner.run(_backfill(members, repos))
    live_rate, backfill_rate = per_second(records, read.seconds), per_second(backfill.records, backfill.seconds)
    return {
        "live": {
            "commits": commits,
            "records": records,
            "recordsPerSecond": live_rate,
            "recordsPerCpuSecond": per_second(records, read.work),
            "recordsMissing": len(store.records_of(crowd.accounts) ^ stored),
        },
        "backfill": {
            "repos": len(repos),
            "records": backfill.records,
            "recordsPerSecond": backfill_rate,
            "recordsPerCpuSecond": per_second(backfill.records, backfill.work),
        },
        "baselineRecordsPerSecond": backfill.plainly,
        "ratio": {"live": ratio(live_rate, backfill.plainly), "backfill": ratio(backfill_rate, backfill.plainly)},
    }


async def _live(members: Sequence[Member], player: Player, last_seq: int) -> tuple[Reading, Rows]:
    async with store.opened() as opened:
        await opened.settle(members)
        return await reading.read(opened, player, last_seq), await opened.records()


async def _backfill(members: Sequence[Member], repos: Sequence[Fetched]) -> Backfill:
    async with store.opened() as opened:
        settings = opened.settings
        limits = verify_limits(settings, wire_names(settings.collections, settings.namespace))
        ids = await opened.settle([store.emptied(member) for member in members])
        began, worked = perf_counter(), process_time()
        records = 0
        for portion in _portions(repos, ids, limits, settings.sync_chunk):
            records += sum(len(applied.commit.changes) for applied in portion)
            await opened.write(portion)
        seconds, work = perf_counter() - began, process_time() - worked
        return Backfill(records, seconds, work, await _plainly(opened))


async def _plainly(opened: Store) -> float:
    """Records per second when the rows of some accounts are deleted and inserted again, each by itself."""
    ids = sorted(row["id"] for row in await opened.pool.fetch(SQL["some_accounts"], BASELINE_ACCOUNTS))
    rows = {table: await opened.pool.fetch(SQL[f"rows_of_{table}"], ids) for table in TABLES}
    for table in TABLES:
        await opened.pool.execute(SQL[f"empty_{table}"])
    async with opened.pool.acquire() as connection:
        await connection.execute(SQL["wait_for_the_disk"])
        began = perf_counter()
        for table in TABLES:
            for row in rows[table]:
                await connection.execute(SQL[f"insert_{table}"], row["whole"])
        seconds = perf_counter() - began
        await connection.reset()
    return per_second(len(rows["record"]), seconds)


def _portions(
    repos: Sequence[Fetched], ids: Mapping[Did, int], limits: VerifyLimits, size: int
) -> Iterator[list[Applied]]:
    """All that the repos hold, verified one after the other, in transactions of about `size` records."""
    portion: list[Applied] = []
    waiting = 0
    for repo in repos:
        verified = _verified(repo, limits)
        commit = verified.commit(verified.change(path) for path in verified.records)
        portion.append(Applied(ids[repo.did], commit, SOURCE, None))
        waiting += len(commit.changes)
        if waiting >= size:
            yield portion
            portion, waiting = [], 0
    if portion:
        yield portion


def _verified(repo: Fetched, limits: VerifyLimits) -> VerifiedRepo:
    car = read_car(repo.car, max_blocks=limits.max_blocks, max_bytes=limits.max_bytes)
    verified = verify_repo(repo.did, car, None, None, repo.key, limits, datetime.now(UTC))
    assert isinstance(verified, VerifiedRepo), verified
    return verified


def _fetched(crowd: Crowd, member: Member) -> Fetched:
    did = member.commit.did
    return Fetched(did, PublicKey.from_did_key(member.key), crowd.hosting.account(did).active_repo.car())
