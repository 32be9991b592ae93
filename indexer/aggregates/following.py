"""What a table that follows others has to offer, and what it is told.

A follower is made of several collections, or of what is counted: albums, search documents, backlinks. It is told which
rows a batch has touched once they are written and counted, and reads them as they are then; projections know nothing of
it. What a touched row was made of before, a follower has to keep itself. Concurrency: the caller's transaction holds
the `repo` rows of the accounts whose rows were touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from indexer.aggregates.counts import Connection
from indexer.aggregates.days import SubjectDay
from indexer.aggregates.heard import Change
from indexer.stages import RecordKeyRow, RecordRow

RowKey: TypeAlias = tuple[int, str]
"""(account_id, rkey); of a table that holds two generations of a collection it may mean a row of either, or both."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What has changed. `keys`: by projection table, the records that came, changed or went, and those that these have
    made count, or ceased to, each once; such a table may have no row for one. `accounts`: those that have come to show
    or ceased to, and those that were purged (`shown`, `hidden`, `purged`). `handles`: those whose handle has come or
    gone. `subjects`, `counted`: subjects and accounts whose counts may have changed. `records`, `gone`: the records
    themselves that came or changed, and the keys of those that went. `albums`: by account and key, those that the
    follower of albums has made anew or dropped, for whoever comes behind it. `heard`: plays that have come to count, or
    ceased to, by rows that were touched. `leaving`: accounts that show and are about to be purged; all of theirs is
    still there, and they are told as `accounts` when it has gone. `liked`: by subject and
    day, how many more likes count. `heard_days`: the same of plays of tracks, by the follower that matches them, for
    whoever comes behind it."""

    keys: Mapping[str, Sequence[RowKey]] = field(default_factory=dict[str, Sequence[RowKey]])
    accounts: Sequence[int] = ()
    shown: Sequence[int] = ()
    hidden: Sequence[int] = ()
    purged: Sequence[int] = ()
    handles: Sequence[int] = ()
    subjects: Sequence[str] = ()
    counted: Sequence[int] = ()
    records: Sequence[RecordRow] = ()
    gone: Sequence[RecordKeyRow] = ()
    albums: set[RowKey] = field(default_factory=set[RowKey], compare=False)
    heard: Sequence[Change] = ()
    leaving: Sequence[int] = ()
    liked: Mapping[SubjectDay, int] = field(default_factory=dict[SubjectDay, int])
    heard_days: Counter[SubjectDay] = field(default_factory=Counter[SubjectDay], compare=False)


@dataclass(frozen=True, slots=True)
class Follower:
    """`tables`: its own, which `restart` empties and `follow` makes what the touched rows want them to be."""

    tables: tuple[str, ...]
    follow: Callable[[Connection, Touched], Awaitable[None]]
    restart: Callable[[Connection], Awaitable[None]]
