"""Records as music people's clients write them: the values, in the shapes and with the oddities found on the network.

Every function draws what it leaves open from the generator that it is given, and knows nothing of accounts or repos.
Older shapes, both generations of teal's records, careless MBIDs and times are all in, about as often as outside.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from random import Random
from typing import Final

from protocol.syntax import Did, Tid
from simulator.codec import Cid, Value
from simulator.events import wire_time
from simulator.words import WORDS

SECOND: Final = 1_000_000
"""In microseconds, as every time here."""
_SERVICES: Final = (
    ("https://open.spotify.com", "open.spotify.com"),
    ("https://open.spotify.com", "spotify"),
    ("https://music.apple.com", "music.apple.com"),
    ("https://www.last.fm", "lastfm"),
    ("https://bandcamp.com", "bandcamp.com"),
)
PLYR: Final = ("https://plyr.fm", "plyr.fm")


@dataclass(frozen=True, slots=True)
class Song:
    """Something that can be listened to. `seconds`: its length; MBIDs are bare; `origin`: an at-uri or URL."""

    title: str
    artists: tuple[str, ...]
    release: str | None
    seconds: int
    origin: str | None = None
    recording: str | None = None
    release_mbid: str | None = None
    artist_mbids: tuple[str, ...] = ()
    isrc: str | None = None
    service: tuple[str, str] = PLYR


@dataclass(frozen=True, slots=True)
class TrackRef:
    """A plyr track as others know it."""

    uri: str
    cid: str
    owner: Did
    song: Song

    @property
    def strong_ref(self) -> Value:
        return {"uri": self.uri, "cid": self.cid}


def title(rng: Random) -> str:
    if rng.random() < 0.25:
        return rng.choice(WORDS["titles"])
    return f"{rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['nouns'])}"


def commercial_song(rng: Random) -> Song:
    """A song of the world outside, with its MBIDs."""
    count = 1 if rng.random() < 0.85 else 2
    name, _ = rng.choice(WORDS["artists"])
    artists = (name, *(f"{rng.choice(WORDS['adjectives']).title()} Ensemble" for _ in range(count - 1)))
    return Song(
        title=title(rng),
        artists=artists,
        release=rng.choice(WORDS["albums"]),
        seconds=rng.randrange(120, 420),
        origin=f"https://open.spotify.com/track/{rng.getrandbits(100):022x}",
        recording=_uuid(rng),
        release_mbid=_uuid(rng),
        artist_mbids=tuple(_uuid(rng) for _ in artists),
        isrc=f"QZ{rng.randrange(10**9):010d}",
        service=rng.choice(_SERVICES),
    )


def track(rng: Random, song: Song, at: int, *, blob: Value | None, features: list[Value]) -> Value:
    """`fm.plyr.track`. Without a blob it has the older shape: a URL alone, on a host that may be gone."""
    value: Value = {
        "$type": "fm.plyr.track",
        "title": song.title,
        "artist": song.artists[0],
        "fileType": "wav" if blob else rng.choice(("mp3", "flac", "m4a")),
        "duration": song.seconds,
        "createdAt": timestamp(rng, at),
    }
    if blob:
        value["audioBlob"] = blob
    if blob is None or rng.random() < 0.3:
        host = rng.choice(("audio.example.com", "r2.example.net", "old-bucket.example.org"))
        value["audioUrl"] = f"https://{host}/{rng.getrandbits(64):016x}.{value['fileType']}"
    if song.release:
        value["album"] = song.release
    if features:
        value["features"] = features
    if rng.random() < 0.6:
        value["imageUrl"] = f"https://images.example.com/{rng.getrandbits(64):016x}.webp"
    if rng.random() < 0.7:
        value["description"] = _description(rng)
    if rng.random() < 0.2:
        value["tags"] = rng.sample(WORDS["tags"], rng.randrange(1, 5))
    if rng.random() < 0.05:
        value["supportGate"] = {"type": "any"}
    if rng.random() < 0.04:
        value["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "explicit"}]}
    return value


def like(rng: Random, subject: Value, at: int) -> Value:
    value: Value = {"$type": "fm.plyr.like", "subject": subject, "createdAt": timestamp(rng, at)}
    if rng.random() < 0.005:
        del value["subject"]
    return value


def comment(rng: Random, subject: TrackRef, at: int) -> Value:
    return {
        "$type": "fm.plyr.comment",
        "subject": subject.strong_ref,
        "text": rng.choice(WORDS["comments"]),
        "timestampMs": rng.randrange(subject.song.seconds * 1000),
        "createdAt": timestamp(rng, at),
    }


def track_list(name: str, kind: str, items: list[TrackRef], at: int) -> Value:
    """`fm.plyr.list`. `kind`: album, playlist or liked."""
    return {
        "$type": "fm.plyr.list",
        "name": name,
        "listType": kind,
        "items": [{"subject": item.strong_ref} for item in items],
        "createdAt": wire_time(at),
    }


def play(rng: Random, song: Song, at: int) -> tuple[str, Value]:
    """The collection, `fm.teal.feed.play` or the alpha one, and the record of a listening that began at `at`."""
    alpha = rng.random() < 0.35
    collection = "fm.teal.alpha.feed.play" if alpha else "fm.teal.feed.play"
    value: Value = {"$type": collection, **_played(rng, song, alpha=alpha)}
    fate = rng.random()
    if fate < 0.03:
        value["playedTime"] = _unix_time(at)
    elif fate < 0.06:
        value["playedTime"] = wire_time(at + rng.randrange(1, 400) * 86_400 * SECOND)
    elif fate > 0.12:
        value["playedTime"] = timestamp(rng, at)
    value["submissionClientAgent"] = rng.choice(WORDS["agents"])
    return collection, value


def status(rng: Random, song: Song | None, at: int) -> tuple[str, Value]:
    """The collection, stable or alpha, and the record that says what is playing; without a song it says nothing is."""
    alpha = rng.random() < 0.35
    collection = "fm.teal.alpha.actor.status" if alpha else "fm.teal.actor.status"
    if song is None:
        item: Value = {"trackName": "", "artists": []}
        return collection, {"$type": collection, "time": wire_time(at), "expiry": wire_time(at), "item": item}
    item = _played(rng, song, alpha=alpha)
    item["artists"] = item.pop("artists", None) or [{"artistName": name} for name in item.pop("artistNames")]
    item.pop("artistMbIds", None)
    written = _unix_time if rng.random() < 0.15 else wire_time
    value: Value = {"$type": collection, "time": written(at), "item": item}
    if rng.random() < 0.8:
        value["expiry"] = written(at + song.seconds * SECOND)
    return collection, value


def plyr_profile(rng: Random, at: int) -> Value:
    value: Value = {"$type": "fm.plyr.actor.profile", "createdAt": wire_time(at), "bio": rng.choice(WORDS["bios"])}
    if rng.random() < 0.5:
        value["avatar"] = f"https://images.example.com/avatar/{rng.getrandbits(64):016x}"
    return value


def teal_profile(rng: Random, name: str, at: int) -> Value:
    return {
        "$type": "fm.teal.actor.profile",
        "displayName": name,
        "description": rng.choice(WORDS["bios"]),
        "featuredItem": {"mbid": f"mbid:{_uuid(rng)}", "type": "artist"},
        "createdAt": wire_time(at),
    }


def bsky_profile(rng: Random, name: str, at: int, *, avatar: Value | None) -> Value:
    value: Value = {"$type": "app.bsky.actor.profile", "displayName": name, "createdAt": wire_time(at)}
    if avatar:
        value["avatar"] = avatar
    if rng.random() < 0.6:
        value["description"] = rng.choice(WORDS["bios"])
    return value


def post(rng: Random, at: int) -> Value:
    """`app.bsky.feed.post`, of 40 to 300 characters, some of them replies."""
    value: Value = {
        "$type": "app.bsky.feed.post",
        "text": ". ".join(rng.choices(WORDS["posts"], k=rng.randrange(2, 10)))[:300],
        "langs": ["en"],
        "createdAt": wire_time(at),
    }
    if rng.random() < 0.4:
        author = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz234567", k=24))
        uri = f"at://did:plc:{author}/app.bsky.feed.post/{Tid.from_micros(at, 0)}"
        parent = {"uri": uri, "cid": str(Cid.of_block(rng.randbytes(8)))}
        value["reply"] = {"root": parent, "parent": parent}
    return value


def timestamp(rng: Random, at: int) -> str:
    """A datetime as one client or another writes it."""
    text = wire_time(at)
    fate = rng.random()
    if fate < 0.1:
        return text.removesuffix("Z") + "+00:00"
    if fate < 0.2:
        return f"{text[:-5]}.{at % SECOND:06d}Z"
    return text


def _unix_time(at: int) -> str:
    """As some clients write a datetime."""
    return str(at // SECOND)


def _played(rng: Random, song: Song, *, alpha: bool) -> Value:
    value: Value = {"trackName": song.title, "duration": song.seconds}
    mbids = [_mbid(rng, mbid) for mbid in song.artist_mbids] or [None] * len(song.artists)
    if rng.random() < 0.6:
        pairs = zip(song.artists, mbids, strict=True)
        value["artists"] = [{"artistName": name, **({"artistMbId": mbid} if mbid else {})} for name, mbid in pairs]
    else:
        value["artistNames"] = [song.artists[0] if rng.random() < 0.1 else name for name in song.artists]
        value["artistMbIds"] = [mbid for mbid in mbids if mbid is not None]
    optional = {
        "releaseName": song.release,
        "recordingMbId": song.recording and _mbid(rng, song.recording),
        "releaseMbId": song.release_mbid and _mbid(rng, song.release_mbid),
        "isrc": song.isrc if rng.random() < 0.7 else None,
        "originUrl" if alpha else "originUri": song.origin,
    }
    value |= {name: field for name, field in optional.items() if field is not None}
    value["musicServiceBaseDomain" if alpha else "musicServiceUri"] = song.service[alpha]
    return value


def _mbid(rng: Random, mbid: str) -> str | None:
    """As one scrobbler or another writes it, or leaves it out."""
    return rng.choices((f"mbid:{mbid}", mbid, "", "not an mbid", None), (60, 20, 5, 1, 14))[0]


def _uuid(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _description(rng: Random) -> str:
    tags = " ".join("#" + tag.replace(" ", "") for tag in rng.sample(WORDS["tags"], rng.randrange(4)))
    return f"{rng.choice(WORDS['bios'])} {tags}".strip()
