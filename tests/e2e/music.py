"""Records as music apps write them, in short."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.pds import Written

Record = dict[str, Any]

TRACK = "fm.plyr.track"
LIKE = "fm.plyr.like"
COMMENT = "fm.plyr.comment"
LIST = "fm.plyr.list"
PLAY = "fm.teal.feed.play"
ALPHA_PLAY = "fm.teal.alpha.feed.play"
STATUS = "fm.teal.actor.status"
ALPHA_STATUS = "fm.teal.alpha.actor.status"
PLYR_PROFILE = "fm.plyr.actor.profile"
TEAL_PROFILE = "fm.teal.actor.profile"
BSKY_PROFILE = "app.bsky.actor.profile"
INDEXED = (TRACK, LIKE, COMMENT, LIST, PLAY, ALPHA_PLAY, STATUS, ALPHA_STATUS, PLYR_PROFILE, TEAL_PROFILE, BSKY_PROFILE)


def moment(offset: float = 0.0) -> str:
    """Now, or `offset` seconds from now, as records write it."""
    when = datetime.now(UTC) + timedelta(seconds=offset)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def track(title: str, **fields: Any) -> Record:
    """A playable track; `fields` add to it or replace."""
    basis = {"title": title, "artist": "Massive Attack", "fileType": "mp3", "createdAt": moment()}
    return {**basis, "audioUrl": "https://audio.example.com/track.mp3", **fields}


def like(subject: Written) -> Record:
    return {"subject": subject.ref, "createdAt": moment()}


def comment(subject: Written, text: str, *, at_ms: int, **fields: Any) -> Record:
    return {"subject": subject.ref, "text": text, "timestampMs": at_ms, "createdAt": moment(), **fields}


def play(track_name: str, *, ago: float = 60.0, **fields: Any) -> Record:
    """A play of `ago` seconds ago, in today's form."""
    artists = [{"artistName": "Massive Attack"}]
    return {"trackName": track_name, "artists": artists, "playedTime": moment(-ago), **fields}


def alpha_play(track_name: str, *, ago: float = 60.0, **fields: Any) -> Record:
    """A play in the alpha form."""
    basis = {"trackName": track_name, "artistNames": ["Massive Attack"], "playedTime": moment(-ago)}
    return {**basis, "musicServiceBaseDomain": "spotify", **fields}


def status(track_name: str, *, expires_in: float = 300.0) -> Record:
    """Now playing, from this moment."""
    item = {"trackName": track_name, "artists": [{"artistName": "Massive Attack"}]}
    return {"time": moment(), "expiry": moment(expires_in), "item": item}
