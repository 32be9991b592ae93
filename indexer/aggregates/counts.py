"""Counts of subjects, of accounts and of everything, kept by adding and subtracting.

Every figure is a sum, so that concurrent writers never have to see each other's rows: what a batch changes is added to
what stands there, under the row's lock. A subject's row names the account whose track it is (`owner`), in the same
additive way; thus likes that came before their track, and the track that goes while likes stay, end up in the author's
figures whoever commits first.

Concurrency: the caller is in a transaction and holds the `repo` rows of the accounts whose rows it changes. Rows are
locked in a fixed order (subjects, days, accounts, tags, slots, each by key). A transaction that flushes twice can still
meet another one crosswise; Postgres then ends one of them, which is to be tried again as a whole.
records.md, "What follows from records".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from indexer.aggregates import days
from indexer.aggregates.days import Days, Owners, SubjectDay
from indexer.aggregates.heard import Change
from indexer.aggregates.sums import SLOTS, Connection
from runtime.sql import Queries

SQL = Queries.beside(__file__)
TABLES = ("subject_count", "actor_count", "tag_count", "totals", *days.TABLES)


class Contribution(NamedTuple):
    """What one row adds to the counts.

    `subject` is the uri that is liked or commented on, or the track's own. `duration` and `tags` are the track's; the
    duration in seconds. `day`: when a like, comment or track came (UTC).
    """

    account_id: int
    subject: str = ""
    likes: int = 0
    comments: int = 0
    tracks: int = 0
    duration: int = 0
    scrobbles: int = 0
    lists: int = 0
    playlists: int = 0
    tags: Sequence[str] = ()
    day: date | None = None


class _Subject:
    """`written`: whether it is a track that came, went or changed, whose likes then stand still until that is done."""

    __slots__ = ("comments", "likes", "owner", "written")

    def __init__(self) -> None:
        self.likes = 0
        self.comments = 0
        self.owner = 0
        self.written = False


class _Actor:
    __slots__ = ("duration", "likes_received", "playlists", "scrobbles", "tracks")

    def __init__(self) -> None:
        self.tracks = 0
        self.likes_received = 0
        self.scrobbles = 0
        self.playlists = 0
        self.duration = 0


class _Total:
    __slots__ = ("artists", "comments", "duration", "likes", "listeners", "lists", "scrobbles", "tracks")

    def __init__(self) -> None:
        self.tracks = 0
        self.artists = 0
        self.likes = 0
        self.comments = 0
        self.scrobbles = 0
        self.lists = 0
        self.duration = 0
        self.listeners = 0


class Tally:
    """Changes of counts, not written yet. Not for concurrent use.

    `held`: accounts whose counts have to stand still, as a follower is about to read them. `flushed_subjects`,
    `flushed_actors`, `flushed_likes`: what has been written, in all. `heard`: plays that have come to count or ceased
    to, which the charts of played music follow.
    """

    def __init__(self, hidden: frozenset[int]) -> None:
        self.hidden = hidden
        self.subjects: defaultdict[str, _Subject] = defaultdict(_Subject)
        self.actors: defaultdict[int, _Actor] = defaultdict(_Actor)
        self.tags: defaultdict[str, int] = defaultdict(int)
        self.totals: defaultdict[int, _Total] = defaultdict(_Total)
        self.days = Days()
        self.held: set[int] = set()
        self.flushed_subjects: set[str] = set()
        self.flushed_actors: set[int] = set()
        self.flushed_likes: Counter[SubjectDay] = Counter()
        self.heard: list[Change] = []

    def add(self, contributions: Iterable[Contribution], sign: int = 1) -> None:
        """Count rows that came, or, with sign -1, rows that went."""
        for each in contributions:
            account_id, subject, likes, comments, tracks, duration, scrobbles, lists, playlists, tags, day = each
            if account_id in self.hidden:
                continue
            if day is not None and subject:
                self.days.add(account_id, subject, day, sign * tracks, sign * likes, sign * comments)
            if subject:
                counted = self.subjects[subject]
                counted.likes += sign * likes
                counted.comments += sign * comments
                counted.owner += sign * tracks * account_id
                counted.written |= bool(tracks)
            if tracks or scrobbles or playlists:
                actor = self.actors[account_id]
                actor.tracks += sign * tracks
                actor.duration += sign * duration
                actor.scrobbles += sign * scrobbles
                actor.playlists += sign * playlists
            if lists:
                self.totals[account_id % SLOTS].lists += sign * lists
            for tag in tags:
                self.tags[tag] += sign

    def hear(self, changes: Iterable[Change]) -> None:
        """Note plays that have come to count (1) or ceased to (-1)."""
        self.heard.extend(change for change in changes if change[1].account_id not in self.hidden)

    def __len__(self) -> int:
        return len(self.subjects)


async def hidden_accounts(connection: Connection, account_ids: Iterable[int]) -> frozenset[int]:
    """Those of the accounts of which nothing is counted."""
    rows = await connection.fetch(SQL["hidden_accounts"], list(account_ids))
    return frozenset(account_id for (account_id,) in rows)


async def set_hidden(connection: Connection, account_ids: Iterable[int], *, hidden: bool) -> None:
    """Note that from now on the accounts count, or do not."""
    await connection.execute(SQL["hide" if hidden else "show"], sorted(account_ids))


async def restart(connection: Connection) -> None:
    """Every count to zero, and the accounts hidden that are not visible now."""
    await connection.execute(SQL["clear_subjects"])
    await connection.execute(SQL["clear_actors"])
    await connection.execute(SQL["clear_tags"])
    await connection.execute(SQL["clear_totals"], SLOTS)
    await connection.execute(SQL["hide_invisible"])
    await days.restart(connection)


async def flush(connection: Connection, tally: Tally) -> None:
    """Write the tally, and empty it."""
    owners = await _flush_subjects(connection, tally)
    tally.flushed_likes.update(tally.days.likes)
    await days.flush(connection, tally.days, owners)
    await _flush_actors(connection, tally)
    await _flush_tags(connection, tally)
    totals = sorted(tally.totals.items())
    if totals:
        await connection.execute(
            SQL["add_to_totals"],
            [slot for slot, _ in totals],
            [total.tracks for _, total in totals],
            [total.artists for _, total in totals],
            [total.likes for _, total in totals],
            [total.comments for _, total in totals],
            [total.scrobbles for _, total in totals],
            [total.duration for _, total in totals],
            [total.lists for _, total in totals],
            [total.listeners for _, total in totals],
        )
    tally.flushed_subjects.update(tally.subjects)
    tally.flushed_actors.update(tally.actors)
    tally.subjects.clear()
    tally.actors.clear()
    tally.tags.clear()
    tally.totals.clear()


async def _flush_subjects(connection: Connection, tally: Tally) -> Owners:
    """Gives whose the changed subjects were and are."""
    moved = tally.days.subjects()
    changed = {
        uri: each
        for uri, each in sorted(tally.subjects.items())
        if each.likes or each.comments or each.owner or each.written or uri in moved
    }
    if not changed:
        return {}
    rows = await connection.fetch(
        SQL["add_to_subjects"],
        list(changed),
        [each.likes for each in changed.values()],
        [each.comments for each in changed.values()],
        [each.owner for each in changed.values()],
    )
    idle: list[str] = []
    owners: Owners = {}
    for subject, owner, likes, comments in rows:
        change = changed[subject]
        owners[subject] = owner - change.owner, owner
        _credit(tally, owner - change.owner, likes - change.likes, comments - change.comments, -1)
        _credit(tally, owner, likes, comments, 1)
        if not (owner or likes or comments):
            idle.append(subject)
    if idle:
        await connection.execute(SQL["drop_subjects"], idle)
    return owners


def _credit(tally: Tally, owner: int, likes: int, comments: int, sign: int) -> None:
    """What a track has received counts for its author."""
    if owner:
        tally.actors[owner].likes_received += sign * likes
        total = tally.totals[owner % SLOTS]
        total.likes += sign * likes
        total.comments += sign * comments


async def _flush_actors(connection: Connection, tally: Tally) -> None:
    changed = {
        account_id: actor
        for account_id, actor in sorted(tally.actors.items())
        if actor.tracks or actor.likes_received or actor.scrobbles or actor.duration or actor.playlists
    }
    if tally.held - changed.keys():
        await connection.execute(SQL["hold_actors"], sorted(tally.held | changed.keys()))
    if not changed:
        return
    rows = await connection.fetch(
        SQL["add_to_actors"],
        list(changed),
        [actor.tracks for actor in changed.values()],
        [actor.likes_received for actor in changed.values()],
        [actor.scrobbles for actor in changed.values()],
        [actor.duration for actor in changed.values()],
        [actor.playlists for actor in changed.values()],
    )
    idle: list[int] = []
    for account_id, tracks, scrobbles, empty in rows:
        actor = changed[account_id]
        total = tally.totals[account_id % SLOTS]
        total.tracks += actor.tracks
        total.artists += bool(tracks) - bool(tracks - actor.tracks)
        total.scrobbles += actor.scrobbles
        total.listeners += bool(scrobbles) - bool(scrobbles - actor.scrobbles)
        total.duration += actor.duration
        if empty:
            idle.append(account_id)
    if idle:
        await connection.execute(SQL["drop_actors"], idle)


async def _flush_tags(connection: Connection, tally: Tally) -> None:
    changed = {tag: tracks for tag, tracks in sorted(tally.tags.items()) if tracks}
    if changed:
        rows = await connection.fetch(SQL["add_to_tags"], list(changed), list(changed.values()))
        if idle := [tag for tag, tracks in rows if not tracks]:
            await connection.execute(SQL["drop_tags"], idle)
