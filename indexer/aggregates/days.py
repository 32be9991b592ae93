"""Likes, comments and tracks by the day (UTC) on which they came: of subjects, of authors, and in all.

Sums, as all counts are, kept beside them. What a subject has received on its days counts for its author's days, from
when the track shows until it ceases to. Concurrency: whoever changes the days of a subject, or its author, holds the
subject's row in `subject_count` until the transaction ends, so that days which others have added are seen here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeAlias

from indexer.aggregates.sums import SLOTS, Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)
TABLES = ("subject_day", "actor_day", "total_day")

Owners: TypeAlias = dict[str, tuple[int, int]]
"""By subject: the account whose track it was, and whose it is; 0 for nobody's."""


class SubjectDay(NamedTuple):
    subject: str
    day: date


class ActorDay(NamedTuple):
    account_id: int
    day: date


def utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()


class Days:
    """Changes that are not written yet. Not for concurrent use."""

    def __init__(self) -> None:
        self.likes: Counter[SubjectDay] = Counter()
        self.comments: Counter[SubjectDay] = Counter()
        self.tracks: Counter[ActorDay] = Counter()

    def add(self, account_id: int, subject: str, day: date, tracks: int, likes: int, comments: int) -> None:  # noqa: PLR0913, PLR0917 - a row
        if tracks:
            self.tracks[ActorDay(account_id, day)] += tracks
        if likes:
            self.likes[SubjectDay(subject, day)] += likes
        if comments:
            self.comments[SubjectDay(subject, day)] += comments

    def changes(self) -> dict[SubjectDay, tuple[int, int]]:
        """Likes and comments of each subject and day that has more or less of them."""
        keys = sorted(self.likes.keys() | self.comments.keys())
        return {key: (self.likes[key], self.comments[key]) for key in keys if self.likes[key] or self.comments[key]}

    def subjects(self) -> frozenset[str]:
        """Those whose days change."""
        return frozenset(subject for subject, _ in self.changes())


async def flush(connection: Connection, days: Days, owners: Owners) -> None:
    """Write the changes, and empty them. `owners` are of all subjects that change, by author or day."""
    changes = days.changes()
    if changes:
        rows = [(*key, *change) for key, change in changes.items()]
        idle = await connection.fetch(SQL["add_to_subjects"], *_columns(rows, 4))
        if idle:
            await connection.execute(SQL["drop_subjects"], *_columns(idle, 2))
    actors: defaultdict[ActorDay, list[int]] = defaultdict(lambda: [0, 0, 0])
    for key, tracks in days.tracks.items():
        actors[key][0] += tracks
    for (subject, day), (likes, comments) in changes.items():
        _credit(actors, owners[subject][0], day, likes, comments)
    moved = {subject: each for subject, each in owners.items() if each[0] != each[1]}
    if moved:
        for subject, day, likes, comments in await connection.fetch(SQL["days_of_subjects"], list(moved)):
            before, after = moved[subject]
            _credit(actors, before, day, -likes, -comments)
            _credit(actors, after, day, likes, comments)
    await _add_to_actors(connection, {key: each for key, each in sorted(actors.items()) if any(each)})
    days.likes.clear()
    days.comments.clear()
    days.tracks.clear()


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])


def _credit(actors: Mapping[ActorDay, list[int]], owner: int, day: date, likes: int, comments: int) -> None:
    """What a track has received counts for its author."""
    if owner:
        actor = actors[ActorDay(owner, day)]
        actor[1] += likes
        actor[2] += comments


async def _add_to_actors(connection: Connection, actors: Mapping[ActorDay, list[int]]) -> None:
    if not actors:
        return
    idle = await connection.fetch(SQL["add_to_actors"], *_columns([(*key, *each) for key, each in actors.items()], 5))
    if idle:
        await connection.execute(SQL["drop_actors"], *_columns(idle, 2))
    totals: defaultdict[tuple[date, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for (account_id, day), figures in actors.items():
        total = totals[day, account_id % SLOTS]
        for place, figure in enumerate(figures):
            total[place] += figure
    rows = [(*key, *total) for key, total in sorted(totals.items()) if any(total)]
    if rows:
        idle = await connection.fetch(SQL["add_to_totals"], *_columns(rows, 5))
        if idle:
            await connection.execute(SQL["drop_totals"], *_columns(idle, 2))


def _columns(rows: Iterable[Any], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
