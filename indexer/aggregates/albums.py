"""Albums: an account's lists of that type, and the groups of its tracks that share an album's name and stand in none.

Everything here is one account's own, and follows its tracks and lists: what others' tracks add to an album is found
when it is read, so that no write has to reach into the albums of others. A batch makes anew the albums that its tracks
and lists are or were in, and the slugs of all that these may collide with: those of one `stem`. The result is a
function of the rows, whatever order they came in. records.md, "fm.plyr.list".
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from indexer.aggregates.counts import Connection
from indexer.aggregates.following import Follower, RowKey, Touched
from protocol.text import normalise, slug
from runtime.sql import Queries

SQL = Queries.beside(__file__)
# Albums whose slugs are chosen at once in the event loop.
SLICE = 500
# Behind every title; none holds it, as it counts as a space.
TITLE_ENDS = "\x1f"

_NUMBERS = re.compile(r"(-[0-9]+)+$")


class AlbumKey(NamedTuple):
    """`album`: a list's record key, or a name as it is compared."""

    account_id: int
    by_list: bool
    album: str

    @property
    def key(self) -> str:
        """List or name, in one text."""
        return f"{'list' if self.by_list else 'name'}/{self.album}"


class Album(NamedTuple):
    """A row but for what follows from its slug. `uri`: the list's; `total_duration` in seconds."""

    account_id: int
    by_list: bool
    album: str
    since: datetime
    title: str
    uri: str | None
    image: str | None
    track_count: int
    guest_count: int
    total_duration: Decimal


class Named(NamedTuple):
    """An album as it takes part in the choice of slugs."""

    key: AlbumKey
    since: datetime
    title: str

    @property
    def group(self) -> tuple[int, str]:
        """Account and stem: what all have in common whose slugs could collide with this one's."""
        return self.key.account_id, _NUMBERS.sub("", slug(self.title))


COLUMNS = (*Album._fields, "slug", "by_title", "stem")


async def follow(connection: Connection, touched: Touched) -> None:
    if touched.accounts:
        await connection.execute(SQL["forget_tracks"], touched.accounts)
        await connection.execute(SQL["forget_albums"], touched.accounts)
    tracks, lists = touched.keys.get("plyr_track", ()), touched.keys.get("plyr_list", ())
    if tracks or lists:
        albums = await _place_tracks(connection, tracks, lists)
        albums.update(AlbumKey(account_id, True, rkey) for account_id, rkey in lists)
        await _rewrite(connection, sorted(albums))
        touched.albums.update((each.account_id, each.key) for each in albums)


async def restart(connection: Connection) -> None:
    await connection.execute(SQL["clear"])


FOLLOWER = Follower(tables=("album", "album_track"), follow=follow, restart=restart)


def slugs(group: Iterable[Named]) -> dict[Named, str]:
    """The slug of each album of a group: its title's, or the next free one behind those of earlier albums."""
    found: dict[Named, str] = {}
    taken: set[str] = set()
    numbers: defaultdict[str, int] = defaultdict(lambda: 1)
    for album in sorted(group, key=_order):
        wanted = chosen = slug(album.title)
        while chosen in taken:
            numbers[wanted] += 1
            chosen = f"{wanted}-{numbers[wanted]}"
        taken.add(chosen)
        found[album] = chosen
    return found


def _order(album: Named) -> tuple[datetime, bool, str]:
    """The earlier first; of one moment, lists before names."""
    return album.since, not album.key.by_list, album.key.album


async def _place_tracks(connection: Connection, tracks: Sequence[RowKey], lists: Sequence[RowKey]) -> set[AlbumKey]:
    """Put the tracks concerned where they belong; gives all albums in which they were or are."""
    concerned = await connection.fetch(SQL["concerned"], *_columns(tracks, 2), *_columns(lists, 2))
    keys = _columns(concerned, 2)
    left = await connection.fetch(SQL["leave"], *keys)
    joined = await connection.fetch(SQL["join_lists"], *keys)
    rest = [(*key, sort_at, normalise(name)) for *key, sort_at, name in await connection.fetch(SQL["named"], *keys)]
    named = await connection.fetch(SQL["join_names"], *_columns([row for row in rest if row[-1]], 4))
    return {AlbumKey(*row) for row in (*left, *joined, *named)}


async def _rewrite(connection: Connection, keys: Sequence[AlbumKey]) -> None:
    """Make these albums anew, and number those whose slugs that concerns."""
    columns = _columns(keys, 3)
    had = _named(await connection.fetch(SQL["drop"], *columns))
    made: dict[Named, Album] = {}
    for row in await connection.fetch(SQL["made"], *columns):
        album = Album(*row)
        made[Named(AlbumKey(*album[:3]), album.since, album.title)] = album
    chosen = {each: had[each] for each in had.keys() & made.keys()}
    if groups := {each.group for each in had.keys() ^ made.keys()}:
        standing = _named(await connection.fetch(SQL["of_groups"], *_columns(sorted(groups), 2)))
        chosen |= await _choose([each for each in (*standing, *made) if each.group in groups])
        moved = [(*each.key, *_named_so(each, chosen[each])) for each in standing if standing[each] != chosen[each]]
        await connection.execute(SQL["rename"], *_columns(moved, 5))
    rows = [(*album, *_named_so(each, chosen[each]), each.group[1]) for each, album in made.items()]
    await connection.copy_records_to_table("album", records=rows, columns=COLUMNS)


async def _choose(albums: Iterable[Named]) -> dict[Named, str]:
    groups: defaultdict[tuple[int, str], list[Named]] = defaultdict(list)
    for each in albums:
        groups[each.group].append(each)
    chosen: dict[Named, str] = {}
    for group in groups.values():
        chosen |= slugs(group) if len(group) <= SLICE else await asyncio.to_thread(slugs, group)
    return chosen


def _named(rows: Iterable[Any]) -> dict[Named, str]:
    """Slugs of albums, of rows with the key, since, the title and the slug."""
    return {Named(AlbumKey(*row[:3]), row[3], row[4]): row[5] for row in rows}


def _named_so(album: Named, slug: str) -> tuple[str, str]:
    """The slug, and by what the album is sorted."""
    return slug, f"{normalise(album.title)}{TITLE_ENDS}{slug}"


def _columns(rows: Iterable[Any], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
