"""Charts counted from plays by the plainest means, and the same from the tables."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from protocol.played import named_artist
from protocol.words import squeeze, words
from runtime.db import Pool

WINDOWS = (1, 3, 7, 15, 30, 61, 90, 180, 365)
HEARD = (1, 7, 30, 90, 180, 365)


def charts(plays: Iterable[Any], edges: Mapping[int, datetime]) -> dict[str, Any]:
    """Of the plays that count: rows of the projection."""
    heard: defaultdict[tuple[str, str], list[tuple[Any, str, str]]] = defaultdict(list)
    accounts: defaultdict[int, list[datetime]] = defaultdict(list)
    credited: set[tuple[str, ...]] = set()
    together: Counter[tuple[str, str]] = Counter()
    for play in plays:
        accounts[play.account_id].append(play.played_at)
        along = list(zip_longest(play.artist_names, play.artist_mbids or []))
        artists = [(name, _plain(mbid or named_artist(name))) for name, mbid in along]
        recording = ("recording", _plain(play.recording))
        heard[recording].append((play, play.track_name, _credit(artists)))
        credited |= {(key, *recording, play.track_name, _credit(artists)) for _, key in artists}
        if play.release:
            release = ("release", _plain(play.release))
            heard[release].append((play, play.release_name or "", _credit(artists[:1])))
            credited |= {(key, *release, play.release_name or "", _credit(artists[:1])) for _, key in artists[:1]}
            together[release[1], recording[1]] += 1
        for key in {key for _, key in artists}:
            name = next(name for name, other in artists if other == key)
            heard["artist", key].append((play, name or "", ""))
    played = {item: _row(found, edges) for item, found in heard.items()}
    found = {item: _found_by(name, credit) for item, ((name, credit, _), *_) in played.items()}
    return {
        "played": played,
        "found": found,
        "words": Counter(word for _, named, beside in found.values() for word in (*named, *beside)),
        "names": {item: _others(found) for item, found in heard.items() if _others(found)},
        "links": Counter(each[:3] for each in credited),
        "together": dict(together),
        "listening": _listening(heard),
        "listener": {
            account_id: (len(times), *(sum(time >= edges[days] for time in times) for days in HEARD))
            for account_id, times in accounts.items()
        },
    }


def _plain(key: str) -> str:
    return key.replace("-", "")


def _credit(artists: list[tuple[str | None, str]]) -> str:
    return json.dumps(artists, separators=(",", ":"), ensure_ascii=False) if artists else ""


def _found_by(name: str, credit: str) -> tuple[str, list[str], list[str]]:
    """The name as it is compared, its words, and those of its artists."""
    named = words(name)
    beside = {word for artist, _ in json.loads(credit or "[]") if artist for word in words(artist)}
    return squeeze(name), sorted(named), sorted(beside.difference(named))


def _names(found: list[tuple[Any, str, str]]) -> list[tuple[tuple[str, str], int]]:
    counts = Counter((name, credit) for _, name, credit in found)
    return sorted(counts.items(), key=lambda each: (each[0][0] == "", -each[1], _key(*each[0])))


def _key(name: str, credit: str) -> str:
    return sha256(f"{name}\n{credit}".encode()).digest()[:16].hex()


def _others(found: list[tuple[Any, str, str]]) -> dict[tuple[str, str], int]:
    return dict(_names(found)[1:])


def _row(found: list[tuple[Any, str, str]], edges: Mapping[int, datetime]) -> tuple[Any, ...]:
    (name, credit), _ = _names(found)[0]
    recent = {days: [play for play, _, _ in found if play.played_at >= edges[days]] for days in WINDOWS}
    return (
        (name, credit, sum(_others(found).values())),
        (len(found), *(len(recent[days]) for days in WINDOWS)),
        (
            len({play.account_id for play, _, _ in found}),
            *(len({play.account_id for play in recent[days]}) for days in HEARD),
        ),
    )


def _listening(heard: Mapping[tuple[str, str], list[tuple[Any, str, str]]]) -> dict[tuple[Any, ...], tuple[int, int]]:
    times: defaultdict[tuple[Any, ...], list[float]] = defaultdict(list)
    for item, found in heard.items():
        for play, _, _ in found:
            times[play.account_id, *item].append(play.played_at.timestamp())
    return {pair: (len(each), int(max(each) // 60)) for pair, each in times.items()}


async def stored_charts(pool: Pool) -> dict[str, Any]:
    items = {
        row["id"]: (row["kind"], row["key"].hex) for row in await pool.fetch("SELECT id, kind::text, key FROM played")
    }
    names: defaultdict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    called = await pool.fetch("SELECT item, plays, key, name, credit FROM played_name ORDER BY item, key")
    for item, plays, key, name, credit in called:
        assert key.hex == _key(name, credit)
        names[items[item]][name, credit] = plays
    plays = ", ".join(f"plays_{days}" for days in WINDOWS)
    listeners = ", ".join(f"listeners_{days}" for days in HEARD)
    windows = await pool.fetch(f"SELECT item, kind::text, {plays}, {listeners} FROM played_recent")
    assert all(items[item][0] == kind for item, kind, *_ in windows)
    recent = {row["item"]: tuple(row)[2:] for row in windows}
    assert all(row["plays_365"] for row in windows)
    rows = await pool.fetch(
        """
        SELECT p.id, p.kind::text, t.kind::text, p.name, p.credit, p.other_plays, p.weight, t.plays, t.listeners
        FROM played p
        FULL JOIN played_total t ON t.item = p.id
        """
    )
    played: dict[tuple[str, str], Any] = {}
    for item, kind, counted, name, credit, other_plays, weight, total, listening_ever in rows:
        assert items[item][0] == kind == counted
        assert weight == total.bit_length() // 2
        figures = recent.get(item, (0,) * len(WINDOWS + HEARD))
        played[items[item]] = (
            (name, credit, other_plays),
            (total, *figures[: len(WINDOWS)]),
            (listening_ever, *figures[len(WINDOWS) :]),
        )
    documents = await pool.fetch(
        """
        SELECT id, squeezed, tsvector_to_array(ts_filter(words, '{a}')), tsvector_to_array(ts_filter(words, '{b}'))
        FROM played
        """
    )
    links = await pool.fetch("SELECT artist, kind::text, item, names FROM played_by")
    assert all(items[item][0] == kind for _, kind, item, _ in links)
    together = await pool.fetch("SELECT release, recording, plays FROM played_on")
    assert all((items[one][0], items[other][0]) == ("release", "recording") for one, other, _ in together)
    listening = await pool.fetch("SELECT account_id, kind::text, item, plays, last_minute FROM listening")
    assert all(items[item][0] == kind for _, kind, item, _, _ in listening)
    heard = ", ".join(f"plays_{days}" for days in HEARD)
    return {
        "played": played,
        "found": {items[item]: (name, sorted(named), sorted(beside)) for item, name, named, beside in documents},
        "words": dict(map(tuple, await pool.fetch("SELECT word, documents FROM played_word"))),
        "names": dict(names),
        "links": {(items[artist][1], *items[item]): number for artist, _, item, number in links},
        "together": {(items[release][1], items[recording][1]): plays for release, recording, plays in together},
        "listening": {(account_id, *items[item]): (plays, last) for account_id, _, item, plays, last in listening},
        "listener": {
            account_id: tuple(row)
            for account_id, *row in await pool.fetch(f"SELECT account_id, plays, {heard} FROM listener")
        },
    }


async def edges(pool: Pool) -> dict[int, datetime]:
    return dict(map(tuple, await pool.fetch("SELECT days, since FROM chart_window")))
