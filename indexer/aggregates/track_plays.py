"""Which plays are of which tracks.

A play belongs to the track whose at-uri its origin holds; else, if it was made on plyr.fm, to the earliest indexed of
those that have its title and artist. `ranked_track` has a row for every track that shows, `track_play` one for every
play that counts and belongs to one of them. Plays are looked at again when they change, and when a track comes, goes,
or comes to be or ceases to be the earliest of a name. A listener whose plays say nothing of tracks costs two looks into
small indexes a batch.

Concurrency: writers of plays and of tracks hold no row in common, so that whoever touches a track holds locks on its
at-uri and its name alone, and whoever touches a play holds those of what it says together with others. What others have
committed is read behind these locks, which a batch takes in one order, but for those of plays that the tracks of the
batch have moved. All that is counted here stands in tables of its own, which are written behind
them too. records.md, "fm.teal.feed.play and fm.teal.alpha.feed.play".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

from indexer.aggregates import tag_tracks, track_figures
from indexer.aggregates.counts import Connection
from indexer.aggregates.days import SubjectDay
from indexer.aggregates.following import Follower, RowKey, Touched
from indexer.aggregates.track_figures import Heard
from protocol.played import named_track
from runtime.sql import Queries

SQL = Queries.beside(__file__)
# Plays looked at in one go.
PAGE = 2_000
# Locks are few, as the server has room for some thousands in all: several names share one.
LOCKS = 256


class Track(NamedTuple):
    """A track that shows, but for what is counted of it."""

    account_id: int
    rkey: str
    uri: str
    name: str | None
    indexed_at: datetime
    sort_at: datetime
    tags: tuple[str, ...]

    @property
    def key(self) -> RowKey:
        return self.account_id, self.rkey


Versions: TypeAlias = Mapping[RowKey, tuple[Track | None, Track | None]]
"""What stands of tracks, and what they want to be; None: nothing."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What changes among tracks: those that came and went, and names whose plays go to another."""

    came: Sequence[Track] = ()
    went: Sequence[Track] = ()
    names: Sequence[str] = ()


async def follow(connection: Connection, touched: Touched) -> None:
    accounts = list(touched.accounts)
    tracks = list(touched.keys.get("plyr_track", ()))
    if accounts:
        tracks += _keys(await connection.fetch(SQL["tracks_of"], accounts))
    versions: Versions = await _versions(connection, tracks) if tracks else {}
    plays = await _spoken_of(connection, touched.keys.get("teal_play", ()))
    said = await _said(connection, plays)
    await _lock(connection, alone=_words(versions), together=said)
    moves = await _settle_tracks(connection, versions) if versions else Moves()
    heard = touched.heard_days
    await _settle_plays(connection, heard, plays, said)
    if accounts:
        await _settle_found(connection, heard, "plays_of", accounts)
    if moves.came or moves.went or moves.names:
        uris = [track.uri for track in moves.went], [track.uri for track in moves.came]
        await _settle_found(connection, heard, "plays_moved", *uris, moves.names)


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])
    await track_figures.restart(connection)


FOLLOWER = Follower(tables=("ranked_track", "track_play", *track_figures.TABLES), follow=follow, restart=restart)


async def _versions(connection: Connection, keys: Sequence[RowKey]) -> Versions:
    """Those of some tracks whose rows are not what they want to be."""
    columns = _columns(sorted(set(keys)), 2)
    had = {track.key: track for track in await _standing(connection, columns)}
    want = {track.key: track for track in await _wanted(connection, columns)}
    both = {key: (had.get(key), want.get(key)) for key in sorted(had.keys() | want.keys())}
    return {key: (before, now) for key, (before, now) in both.items() if before != now}


def _words(versions: Versions) -> set[str | None]:
    """By what plays may speak of them."""
    tracks = [track for pair in versions.values() for track in pair if track]
    return {track.uri for track in tracks} | {track.name for track in tracks}


async def _settle_tracks(connection: Connection, versions: Versions) -> Moves:
    """Make the rows of these tracks what they want to be; gives what that moves."""
    had = {key: before for key, (before, _) in versions.items() if before}
    want = {key: now for key, (_, now) in versions.items() if now}
    changed = list(versions)
    names = sorted({track.name for track in (*had.values(), *want.values()) if track.name})
    before = await _earliest(connection, names)
    retagged = [key for key in changed if _tagged(had.get(key)) != _tagged(want.get(key))]
    await tag_tracks.leave(connection, retagged)
    went = [had[key] for key in changed if key not in want]
    await track_figures.fall(connection, [track.key for track in went])
    new = [want[key] for key in changed if key in want]
    await track_figures.retag(connection, [(key, track.tags) for track in new if (key := track.key) in had])
    rows = [(*track[:-1], "\n".join(track.tags)) for track in new]
    await connection.execute(SQL["stand"], *_columns(rows, len(Track._fields)))
    await tag_tracks.join(connection, retagged)
    after = await _earliest(connection, names)
    came = [track for track in new if track.key not in had]
    return Moves(came, went, [name for name in names if before.get(name) != after.get(name)])


def _tagged(track: Track | None) -> tuple[datetime, tuple[str, ...]] | None:
    """What its rows by tag say of a track."""
    return track and (track.sort_at, track.tags)


async def _standing(connection: Connection, columns: Sequence[list[Any]]) -> list[Track]:
    rows = await connection.fetch(SQL["standing"], *columns)
    return [Track._make((*row[:3], row[3] and row[3].hex, *row[4:6], tuple(row[6]))) for row in rows]


async def _wanted(connection: Connection, columns: Sequence[list[Any]]) -> list[Track]:
    rows = await connection.fetch(SQL["wanted"], *columns)
    return [Track._make((*row[:3], named_track(row[3], row[4]), *row[5:7], tuple(row[7]))) for row in rows]


async def _earliest(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    return {row["name"].hex: row["uri"] for row in await connection.fetch(SQL["earliest"], names)}


async def _spoken_of(connection: Connection, plays: Sequence[RowKey]) -> list[RowKey]:
    """Those of the plays whose listeners have or had a play that says of which track it is."""
    if not plays:
        return []
    rows = await connection.fetch(SQL["listeners_to_tracks"], sorted({account_id for account_id, _ in plays}))
    listeners = {account_id for (account_id,) in rows}
    return [key for key in plays if key[0] in listeners]


async def _settle_found(connection: Connection, days: Counter[SubjectDay], query: str, *arguments: Any) -> None:
    cursor = await connection.cursor(SQL[query], *arguments)
    while page := await cursor.fetch(PAGE):
        plays = _keys(page)
        said = await _said(connection, plays)
        await _lock(connection, together=said)
        await _settle_plays(connection, days, plays, said)


async def _settle_plays(
    connection: Connection, days: Counter[SubjectDay], plays: Sequence[RowKey], said: set[str]
) -> None:
    """Match these plays anew, behind the locks of what is `said` by them, and count what that changes; what changes on
    days is added to `days` as well."""
    if not plays:
        return
    columns = _columns(sorted(set(plays)), 2)
    left = await connection.fetch(SQL["leave"], *columns)
    await _lock(connection, together={row["subject"] for row in left} - said)
    heard: Counter[Heard] = Counter(Heard(*row) for row in await connection.fetch(SQL["join"], *columns))
    heard.subtract(Heard(*row) for row in left)
    changes = {each: change for each, change in heard.items() if change}
    await track_figures.add(connection, changes)
    for each, change in changes.items():
        days[SubjectDay(each.subject, each.day)] += change


async def _said(connection: Connection, plays: Sequence[RowKey]) -> set[str]:
    """What plays say of tracks, and to which they belong so far."""
    if not plays:
        return set()
    return {word for (word,) in await connection.fetch(SQL["said"], *_columns(sorted(set(plays)), 2))}


async def _lock(
    connection: Connection, *, alone: Collection[str | None] = (), together: Collection[str | None] = ()
) -> None:
    """Hold the locks of these at-uris and names until the transaction ends, taken in one order."""
    numbers = dict.fromkeys((crc32(word.encode()) % LOCKS for word in together if word), False)
    numbers |= dict.fromkeys((crc32(word.encode()) % LOCKS for word in alone if word), True)
    if numbers:
        await connection.execute(SQL["lock"], list(numbers), list(numbers.values()))


def _keys(rows: Iterable[Any]) -> list[RowKey]:
    return [(row["account_id"], row["rkey"]) for row in rows]


def _columns(rows: Iterable[Any], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
