"""The model's charts of played music: who and what was played, how often, by how many, in each window. Slow and plain.
records.md, "fm.teal.feed.play and fm.teal.alpha.feed.play".
"""

from __future__ import annotations

import json
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import zip_longest
from typing import Any, Final, NamedTuple, TypeAlias

from tests.oracle.naive import Alias, folded
from tests.oracle.plyr import Row
from tests.oracle.searched import found_by, vocabulary
from tests.oracle.wording import squeezed

Rows: TypeAlias = Mapping[tuple[Any, ...], Row]
Name: TypeAlias = tuple[str, str]

WINDOWS: Final = (1, 3, 7, 15, 30, 61, 90, 180, 365)
OF_LISTENERS: Final = (1, 7, 30, 90, 180, 365)


class Play(NamedTuple):
    """What somebody heard of an item. `name`: how the play calls it, and its credit; `artists`: whom that names."""

    did: str
    at: datetime
    name: Name
    artists: list[Any]


def windows(today: datetime) -> dict[tuple[Any, ...], Row]:
    """The table `chart_window`."""
    midnight = datetime.combine(today.astimezone(UTC).date(), datetime.min.time(), UTC)
    return {(days,): {"since": midnight - timedelta(days=days)} for days in WINDOWS}


def played(
    plays: Rows, hidden: frozenset[str], edges: Rows, known: Callable[[Any], Any]
) -> dict[str, dict[tuple[Any, ...], Row]]:
    """The tables `played`, `played_word`, `played_total`, `played_recent`, `played_name`, `played_by`, `played_on`,
    `listening` and `listener`. `edges`: `chart_window` as it is; `known`: the identity that the indexer has given to
    what has only names."""
    since = {days: row["since"] for (days,), row in edges.items()}
    items: defaultdict[tuple[str, Any], list[Play]] = defaultdict(list)
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    together: Counter[tuple[Any, Any]] = Counter()
    for (did, _, _), row in plays.items():
        if row["canonical"] and did not in hidden:
            times[did].append(row["played_at"])
            if row["release"]:
                together[known(row["release"]), known(row["recording"])] += 1
            for kind, key, name, artists in _items(row, known):
                items[kind, key].append(Play(did, row["played_at"], name, artists))
    names = ("played", "played_total", "played_recent", "played_name", "played_by", "listening")
    tables: dict[str, dict[tuple[Any, ...], Row]] = {name: {} for name in names}
    for (kind, key), heard in items.items():
        named = Counter(play.name for play in heard)
        name = min(named, key=lambda each: (not each[0], -named[each], _name_key(each)))
        tables["played"][kind, key] = {
            "name": name[0],
            "credit": name[1],
            "other_plays": len(heard) - named[name],
            "weight": len(f"{len(heard):b}") // 2,
            "name_hash": _name_hash(folded(name[0])),
            "squeezed": squeezed(name[0]),
            **found_by(name[0], [artist for artist, _ in json.loads(name[1] or "[]")]),
        }
        figures = _by_window("plays", [play.at for play in heard], since, WINDOWS) | _listeners(heard, since)
        tables["played_total"][kind, key] = {each: figures.pop(each) for each in ("plays", "listeners")}
        if figures["plays_365"]:
            tables["played_recent"][kind, key] = figures
        tables["played_name"] |= {
            (kind, key, *each): {"plays": named[each], "name_key": _name_key(each)} for each in named if each != name
        }
        crediting = Counter(artist for artist, _ in {(artist, play.name) for play in heard for artist in play.artists})
        tables["played_by"] |= {(artist, kind, key): {"names": number} for artist, number in crediting.items()}
        for did in {play.did for play in heard}:
            own = [play.at for play in heard if play.did == did]
            minute = int(max(own).timestamp() // 60)
            tables["listening"][did, kind, key] = {"plays": len(own), "last_minute": minute}
    listeners = {(did,): _by_window("plays", each, since, OF_LISTENERS) for did, each in times.items()}
    tables["played_on"] = {pair: {"plays": number} for pair, number in together.items()}
    return tables | {"listener": listeners, "played_word": vocabulary(tables["played"].values())}


def _items(play: Row, known: Callable[[Any], Any]) -> Iterator[tuple[str, Any, Name, list[Any]]]:
    along = zip_longest(play["artist_names"], play["artist_mbids"] or [])
    artists = [(name or "", known(mbid or Alias("artist", folded(name or "")))) for name, mbid in along if name or mbid]
    keys = [key for _, key in artists]
    yield "recording", known(play["recording"]), (play["track_name"], _credit(artists)), keys
    if play["release"]:
        yield "release", known(play["release"]), (play["release_name"] or "", _credit(artists[:1])), keys[:1]
    for at, (name, key) in enumerate(artists):
        if key not in keys[:at]:
            yield "artist", key, (name, ""), []


def _credit(artists: list[tuple[str, Any]]) -> str:
    pairs = [[name or None, str(key).replace("-", "")] for name, key in artists]
    return json.dumps(pairs, ensure_ascii=False, separators=(",", ":")) if pairs else ""


def _name_key(name: Name) -> str:
    return sha256("\n".join(name).encode()).hexdigest()[:32]


def _by_window(what: str, times: list[datetime], since: Mapping[int, datetime], windows: tuple[int, ...]) -> Row:
    counts = {f"{what}_{days}": sum(at >= since[days] for at in times) for days in windows}
    return {what: len(times)} | counts


def _listeners(heard: list[Play], since: Mapping[int, datetime]) -> Row:
    dids = {days: len({play.did for play in heard if play.at >= since[days]}) for days in OF_LISTENERS}
    return {"listeners": len({play.did for play in heard})} | {f"listeners_{days}": n for days, n in dids.items()}


def _name_hash(name: str) -> int | None:
    """The first eight bytes of its hash; nothing of no name."""
    return struct.unpack(">q", sha256(name.encode()).digest()[:8])[0] if name else None
