"""What the tables must hold, counted from the raw records by the plainest means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from indexer.projections import BY_COLLECTION
from indexer.stages import RecordRow
from runtime.db import Pool
from tests.indexer.projections.records import BSKY_PROFILE, COMMENT, LIKE, LIST, PLAY, TRACK, Book, uri

from .recount_albums import albums, stored_albums
from .recount_days import days, stored_days
from .recount_links import backlinks, stored_links
from .recount_played import stored_charts
from .recount_plays import heard, stored_heard, track_of
from .recount_recent import stored_recent
from .recount_search import search, stored_search

PLAYS = "teal_play"
SLOTS = 16


def canonical_likes(records: Iterable[RecordRow]) -> set[tuple[int, str]]:
    """(account, rkey) of the earliest like of each subject."""
    groups: defaultdict[tuple[int, str], list[Any]] = defaultdict(list)
    for like in _parsed(records, LIKE):
        groups[like.account_id, like.subject].append((like.sort_at, like.rkey))
    return {(account_id, min(likes)[1]) for (account_id, _), likes in groups.items()}


def canonical_plays(records: Iterable[RecordRow]) -> set[tuple[int, str, bool]]:
    """(account, rkey, alpha) of the play that stands for its repetitions."""
    plays = _parsed(records, PLAY)
    stable = {(play.account_id, play.rkey) for play in plays if not play.alpha}
    groups: defaultdict[Any, list[tuple[bool, str]]] = defaultdict(list)
    for play in plays:
        if not (play.alpha and (play.account_id, play.rkey) in stable):
            groups[play.account_id, play.played_at, play.recording].append((play.alpha, play.rkey))
    return {(group[0], min(plays)[1], min(plays)[0]) for group, plays in groups.items()}


def _parsed(records: Iterable[RecordRow], collection: str) -> list[Any]:
    projection = BY_COLLECTION[collection]
    of_kind = [each for each in records if each.key.collection in projection.collections and each.invalid is None]
    return [found for each in of_kind if (found := projection.parse(each)) is not None]


def expected(book: Book) -> dict[str, Any]:
    """Every count, of accounts that are not hidden."""
    seen = [each for each in book.records.values() if each.key.account_id not in book.hidden]
    tracks = {track.uri: track for track in _parsed(seen, TRACK)}
    subjects: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    actors: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    liked = canonical_likes(seen)
    for like in _parsed(seen, LIKE):
        subjects[like.subject][0] += (like.account_id, like.rkey) in liked
    for comment in _parsed(seen, COMMENT):
        subjects[comment.subject][1] += 1
    for address, track in tracks.items():
        subjects[address][2] = track.account_id
        actor = actors[track.account_id]
        actor[0] += 1
        actor[1] += subjects[address][0]
        actor[3] += track.duration or 0
    scrobbles = canonical_plays(seen)
    for account_id, _, _ in scrobbles:
        actors[account_id][2] += 1
    lists = _parsed(seen, LIST)
    for each in lists:
        actors[each.account_id][4] += each.list_type == "playlist"
    totals = {
        "track_count": len(tracks),
        "artist_count": sum(actor[0] > 0 for actor in actors.values()),
        "like_count": sum(subjects[address][0] for address in tracks),
        "comment_count": sum(subjects[address][1] for address in tracks),
        "scrobble_count": len(scrobbles),
        "total_duration": sum(track.duration or 0 for track in tracks.values()),
        "list_count": len(lists),
        "listener_count": len({account_id for account_id, _, _ in scrobbles}),
    }
    plays = [play for play in _parsed(seen, PLAY) if (play.account_id, play.rkey, play.alpha) in scrobbles]
    every_track, every_list = _parsed(book.records.values(), TRACK), _parsed(book.records.values(), LIST)
    every_album = albums(every_track, every_list)
    heard_by_track = heard(tracks.values(), plays)
    names = {
        profile.account_id: profile.display_name for profile in _parsed(seen, BSKY_PROFILE) if profile.display_name
    }
    return {
        "subjects": {subject: tuple(counts) for subject, counts in subjects.items()},
        "actors": {account_id: tuple(counts) for account_id, counts in actors.items() if any(counts)},
        "tags": Counter(tag for track in tracks.values() for tag in track.tags),
        "hidden": book.hidden,
        "totals": totals,
        "likes": canonical_likes(book.records.values()),
        "plays": canonical_plays(book.records.values()),
        "links": backlinks(book),
        "heard": heard_by_track,
        "tagged": {
            (name, address): (subjects[address][0], heard_by_track["tracks"][address])
            for address, track in tracks.items()
            for name in track.tags
        },
        "days": days(
            tracks.values(),
            [like for like in _parsed(seen, LIKE) if (like.account_id, like.rkey) in liked],
            _parsed(seen, COMMENT),
            [(play, track) for play in plays if (track := track_of(play, tracks)) is not None],
        ),
        "albums": every_album,
        "search": search(every_track, every_list, names, every_album, book.hidden),
    }


async def stored(pool: Pool) -> dict[str, Any]:
    """The same from the tables."""
    subjects = await pool.fetch("SELECT subject, like_count, comment_count, owner FROM subject_count")
    actors = await pool.fetch(
        "SELECT account_id, track_count, likes_received, scrobble_count, total_duration, playlist_count"
        " FROM actor_count"
        " WHERE (track_count, likes_received, scrobble_count, total_duration, playlist_count) <> (0, 0, 0, 0, 0)"
    )
    hidden = await pool.fetch("SELECT account_id FROM actor_count WHERE hidden")
    totals = await pool.fetchrow(
        "SELECT track_count, artist_count, like_count, comment_count, scrobble_count, total_duration,"
        " list_count, (SELECT listener_count FROM visible_heard_total) FROM visible_totals"
    )
    tags = await pool.fetch("SELECT tag, track_count FROM tag_count")
    tagged = await pool.fetch(
        "SELECT g.tag, r.uri, g.likes, g.plays"
        " FROM tag_track g LEFT JOIN ranked_track r USING (account_id, rkey, sort_at)"
    )
    likes = await pool.fetch("SELECT account_id, rkey FROM plyr_like WHERE canonical")
    plays = await pool.fetch("SELECT account_id, rkey, alpha FROM teal_play WHERE canonical")
    assert totals is not None
    return {
        "subjects": {subject: tuple(counts) for subject, *counts in subjects},
        "actors": {account_id: tuple(counts) for account_id, *counts in actors},
        "tags": {row["tag"]: row["track_count"] for row in tags},
        "hidden": {account_id for (account_id,) in hidden},
        "totals": dict(totals),
        "likes": {tuple(each) for each in likes},
        "plays": {tuple(each) for each in plays},
        "links": await stored_links(pool),
        "heard": await stored_heard(pool),
        "tagged": {(tag, address): tuple(counts) for tag, address, *counts in tagged},
        "days": await stored_days(pool),
        "albums": await stored_albums(pool),
        "search": await stored_search(pool),
    }


async def slots(pool: Pool) -> dict[int, tuple[Any, ...]]:
    rows = await pool.fetch("SELECT slot, track_count, artist_count, scrobble_count, total_duration FROM totals")
    return {slot: tuple(counts) for slot, *counts in rows}


TABLES = (
    *("plyr_track", "tag_track", "plyr_like", "plyr_comment", "plyr_profile", "bsky_profile", "teal_profile"),
    *("teal_play", "teal_status", "subject_count", "actor_count", "totals"),
    *("plyr_list", "plyr_list_item", "tag_count", "album", "album_track", "search_document", "search_word"),
    *("record_link", "link_count"),
    *("ranked_track", "track_play", "track_listener", "heard_actor", "heard_tag", "heard_total"),
    *("subject_day", "actor_day", "total_day", "heard_day", "listener_day", "heard_total_day"),
)


async def everything(pool: Pool) -> dict[str, list[str]]:
    """All rows of all tables that can be rebuilt, as text; of charts without the numbers that items go by."""
    rows = {table: sorted(text for (text,) in await pool.fetch(f"SELECT t::text FROM {table} t")) for table in TABLES}
    charts = await stored_charts(pool) | {"recent": await stored_recent(pool)}
    return rows | {part: sorted(map(repr, getattr(found, "items", found.copy)())) for part, found in charts.items()}


def track_uri(account_id: int, rkey: str) -> str:
    return uri(account_id, TRACK, rkey)
