"""A small town whose people have made something of every kind, and go on making it.

There is an `author`, and fans who like, discuss and play what the author published; the author does the same with what
they published. Everything happened in the last minutes, often at the same moment. A new collection gets its lines in
`_populate` (what is there from the beginning), in `grow` (what comes while somebody pages) and in `widen` (what comes
then and moves nothing).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from tests.appview.stage import NOW, Person, Stage, moment, tid

FANS = 5
TRACKS = 6
LISTS = 4
MOMENTS = 4  # distinct times at which things happen: ties are common


@dataclass(frozen=True, slots=True)
class Town:
    """Who is there. `names` are what a case's parameters may mention, as `{track}`."""

    author: Person
    fans: tuple[Person, ...]
    names: dict[str, str]


async def found(stage: Stage) -> Town:
    """A new town."""
    author = await stage.person("author.example.com")
    fans = tuple([await stage.person(f"fan{number}.example.com") for number in range(FANS)])
    track = author.uri(tid(0))
    names = {
        "did": author.did,
        "handle": "author.example.com",
        "fan": fans[0].did,
        "track": track,
        "tracks": author.uri(tid(1)),
        "fantrack": fans[0].uri(tid(0)),
        "tag": "jazz",
        "play": tid(0),
        "song": tid(0),
        "list": author.uri(tid(20), "fm.plyr.list"),
        "fanlist": fans[0].uri(tid(20), "fm.plyr.list"),
        "album": author.uri(tid(0), "fm.plyr.list"),
    }
    town = Town(author, fans, names)
    await _populate(stage, town)
    return town


async def _populate(stage: Stage, town: Town) -> None:
    everybody = (town.author, *town.fans)
    chance = random.Random(1)
    for person in everybody:
        at = _when(chance)
        await stage.put(person, "fm.plyr.actor.profile", "self", {"bio": "A bio.", "createdAt": moment(at)}, at=at)
        for number in range(TRACKS):
            at = _when(chance)
            tags = ["jazz", "live", f"mood {number}"] if number % 2 else ["jazz", f"mood {number}"]
            names = {"title": f"Song {number}", "artist": "deadmau5", "album": "Evening"}
            await stage.track(person, tid(number), at=at, tags=tags, duration=60, **names)
        for number in range(TRACKS):
            artists = [{"artistName": "deadmau5"}, {"artistName": f"Guest {number}"}]
            music = {"trackName": f"Song {number % 3}", "artists": artists, "releaseName": f"Evening {number}"}
            await stage.play(person, tid(number), at=_when(chance) - number, **music)
            played = f"https://plyr.fm/embed?uri={quote(town.author.uri(tid(number)), safe='')}"
            await stage.play(person, tid(TRACKS + number), at=_when(chance) - TRACKS - number, originUri=played)
        await stage.status(person, since=datetime.now(UTC))
    for person in everybody:
        await _collect(stage, town, person)
    for number, fan in enumerate(town.fans):
        for one, other in ((town.author, fan), (fan, town.author)):
            await stage.like(one, other.uri(tid(0)), tid(number), at=_when(chance))
            await stage.comment(one, other.uri(tid(0)), tid(number), at=_when(chance), timestampMs=number // 2)
            await stage.like(one, other.uri(tid(1)), tid(10 + number), at=_when(chance))
            await stage.comment(one, other.uri(tid(0)), tid(10 + number), at=_when(chance))
        popular = town.fans[0].uri(tid(0))
        await stage.like(fan, popular, tid(20), at=_when(chance))
        await stage.comment(fan, popular, tid(20), at=_when(chance))


async def _collect(stage: Stage, town: Town, person: Person) -> None:
    """Albums and playlists, of what is one's own and of what others have made."""
    own, others = person.uri(tid(TRACKS - 1)), [other.uri(tid(0)) for other in (town.author, *town.fans)]
    for number in range(LISTS):
        uris = [*others[number:], own]
        await stage.track_list(person, uris, tid(number), name=f"Album {number}", listType="album")
    await stage.track_list(person, [*others, *others, own], tid(20), name="Mix")
    await stage.track_list(person, others, tid(21), listType="liked")


async def grow(stage: Stage, town: Town, number: int) -> None:
    """One more of everything, the `number`-th time, and some of what was there goes away."""
    chance = random.Random(number)
    rkey = tid(1_000 + number)
    newcomer = await stage.person(f"new{number}.example.com", did=f"did:web:new{number}.example.com")
    for one, other in ((town.author, newcomer), (newcomer, town.author)):
        await stage.track(one, rkey, at=_when(chance), title=f"New {number}", tags=["jazz", "live"])
        await stage.like(one, other.uri(tid(0) if other is town.author else rkey), rkey, at=_when(chance))
        await stage.comment(one, other.uri(tid(0)), rkey, at=_when(chance), timestampMs=chance.randrange(3))
        await stage.track_list(one, [other.uri(tid(0)), one.uri(rkey)], rkey, name="Dusk", listType="album")
        await stage.play(one, rkey, at=_when(chance), trackName=f"New {number}")
    await stage.status(newcomer, since=datetime.now(UTC))
    gone = town.fans[-1]
    for collection in ("fm.plyr.track", "fm.plyr.like", "fm.plyr.comment", "fm.plyr.list", "fm.teal.feed.play"):
        await stage.delete(gone, collection, tid(number % TRACKS))


async def widen(stage: Stage, town: Town, number: int) -> None:
    """More of everything, the `number`-th time, beside what was there: of that only what stands first is counted anew,
    the author, deadmau5 and jazz."""
    chance = random.Random(number)
    at, rkey = _when(chance), tid(1_000 + number)
    newcomer = await stage.person(f"new{number}.example.com", did=f"did:web:new{number}.example.com")
    tags = ["jazz", f"mood new {number}"]
    artists = [{"artistName": "deadmau5"}, {"artistName": f"Newcomer {number}"}]
    music = {"trackName": f"New {number}", "artists": artists, "releaseName": f"Dusk {number}"}
    for one in (town.author, newcomer):
        uri, _ = await stage.track(one, rkey, at=at, title=f"Song new {number}", tags=tags, album="Evening")
        for turn in range(number):
            await stage.play(one, tid(1_000 + number * 10 + turn), at=at - turn, originUri=uri, **music)
    for fan in chance.sample((town.author, town.fans[0], *town.fans[2:]), number % 5):
        await stage.like(fan, newcomer.uri(rkey), rkey, at=at)


async def ruin(stage: Stage, person: Person) -> list[str]:
    """Delete everything that somebody has written; gives the URIs."""
    rows = await stage.pool.fetch("SELECT collection, rkey FROM record WHERE account_id = $1", person.id)
    for row in rows:
        await stage.delete(person, row["collection"], row["rkey"])
    return [person.uri(row["rkey"], row["collection"]) for row in rows]


def _when(chance: random.Random) -> float:
    """One of a few moments of the last minutes, as seconds after `NOW`."""
    return int((datetime.now(UTC) - NOW).total_seconds() // 60 * 60) - 60.0 * (1 + chance.randrange(MOMENTS))
