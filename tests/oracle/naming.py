"""Acts upon names: music that is played under several of them, with and without identifiers, on the days at which the
charts' windows begin; and titles, tags and people that are called otherwise from now on.

The names are few, so that they meet, and written in as many ways as people write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid5

from protocol.syntax import Did, Nsid, RecordKey
from simulator import Write
from simulator.events import wire_time
from tests.oracle.played import WINDOWS
from tests.oracle.stage import ALPHA_PLAY, DAY, LIKE, LIST, PLAY, TRACK, Stage

# Several spellings of each, of which some are one name once they are normalised, and some are not.
ARTISTS: Final = (
    ("Zoë Sørlys", "ZOË SØRLYS", "Zoe Sorlys"),
    ("夜間飛行", "夜間 飛行"),
    ("Đorđe & Æthel", "Dorde and Aethel"),
    ("Пыльный Ключ", "пыльный ключ"),
    ("물결 공장", "물결공장"),
    ("a\x00b", "!!!"),
)
TITLES: Final = (
    ("Don\u2019t Wait", "Don't Wait", "DON\u2019T WAIT", "Don`t Wait feat. Mira"),
    ("雨の午後", "雨の午後 (ft. 夜間飛行)", "ｱﾒの午後"),
    ("Größe", "GRÖSSE", "Grosse featuring Пыльный"),
    ("Coração №2", "Coracao No2", "coração  №2"),
    ("שָׁלוֹם", "שלום"),
    ("feat.", "♥", "ฝนแรก", "ﬁn\u00ad de siècle"),
)
RELEASES: Final = (("Tūnņg", "tunng"), ("二階", "二階 (Deluxe)"), ("Ça Ira\u2026", "ÇA IRA..."))
TAGS: Final = ("Lo-Fi", "夜", "don\u2019t", "drum and bass", "шум", "Ünïcode", "♥")
PROFILES: Final = tuple(map(Nsid, ("app.bsky.actor.profile", "fm.teal.actor.profile", "fm.teal.alpha.actor.profile")))
SELF: Final = RecordKey("self")
SPACE: Final = UUID(int=1)


def listen(stage: Stage) -> None:
    """Some plays, most of them late."""
    did = stage.live()
    if did:
        names = stage.rng.choices((PLAY, ALPHA_PLAY), (3, 1), k=stage.rng.randrange(3, 13))
        stage.world.write(did, [Write("create", name, stage.rkey(), _play(stage, name)) for name in names])


def listen_otherwise(stage: Stage) -> None:
    """Some plays were of something else, or at another time, or none."""
    did = stage.live()
    held = [place for name in (PLAY, ALPHA_PLAY) for place in stage.held(did, name)] if did else []
    if did and held:
        chosen = stage.rng.sample(held, min(len(held), stage.rng.randrange(1, 5)))
        stage.world.write(did, [_changed_play(stage, did, name, rkey) for name, rkey in chosen])


def retitle(stage: Stage) -> None:
    """A track that is new, or called otherwise, liked at once by its author at times."""
    did = stage.live()
    if did:
        held = stage.held(did, TRACK)
        anew = not held or stage.rng.random() < 0.4
        name, rkey = (TRACK, stage.rkey()) if anew else stage.rng.choice(held)
        track = stage.track() | {"title": _spelt(stage, TITLES), "artist": _spelt(stage, ARTISTS)}
        track |= stage.rng.choice(({}, {"album": _spelt(stage, RELEASES)}))
        track |= stage.rng.choice(({}, {"tags": stage.rng.sample(TAGS, 2)}))
        writes = [Write("create" if anew else "update", name, rkey, track)]
        if stage.rng.random() < 0.5:
            subject = {"uri": f"at://{did}/{TRACK}/{rkey}", "cid": "bafyunknown"}
            like = {"$type": str(LIKE), "subject": subject, "createdAt": stage.time()}
            writes.append(Write("create", LIKE, stage.rkey(), like))
        stage.world.write(did, writes)


def rename_list(stage: Stage) -> None:
    """A list that is new, or called otherwise, or another kind of list."""
    did = stage.live()
    if did:
        held = stage.held(did, LIST)
        name, rkey = stage.rng.choice(held) if held else (LIST, stage.rkey())
        value = {
            "$type": str(LIST),
            "name": stage.rng.choice((_spelt(stage, RELEASES), _spelt(stage, TITLES), " ")),
            "listType": stage.rng.choice(("album", "playlist", "playlist", "liked")),
            "items": [{"subject": stage.subject()} for _ in range(stage.rng.randrange(4))],
            "createdAt": stage.time(),
        }
        stage.world.write(did, [Write("update" if held else "create", name, rkey, value)])


def call_oneself(stage: Stage) -> None:
    """One of somebody's profiles comes, changes or goes."""
    did = stage.live()
    if did:
        name = stage.rng.choice(PROFILES)
        held = (name, SELF) in stage.held(did)
        if held and stage.rng.random() < 0.3:
            stage.world.write(did, [Write("delete", name, SELF)])
        else:
            value = {"$type": str(name), "displayName": stage.rng.choice(("", _spelt(stage, ARTISTS)))}
            stage.world.write(did, [Write("update" if held else "create", name, SELF, value)])


def _changed_play(stage: Stage, did: Did, name: Nsid, rkey: RecordKey) -> Write:
    fate = stage.rng.random()
    if fate < 0.4:
        return Write("delete", name, rkey)
    known = stage.world.account(did).active_repo.value(f"{name}/{rkey}")
    other = _play(stage, name)
    kept = ("trackName", "releaseName") if fate < 0.7 else ("playedTime",)
    return Write("update", name, rkey, known | {field: other[field] for field in kept if field in other})


def _play(stage: Stage, collection: Nsid) -> Any:
    rng = stage.rng
    title, release = rng.randrange(len(TITLES)), rng.randrange(len(RELEASES))
    value: Any = {"$type": str(collection), "trackName": rng.choice(TITLES[title])}
    if rng.random() < 0.3:
        value["recordingMbId"] = _mbid("recording", title)
    if rng.random() < 0.6:
        value["releaseName"] = rng.choice(RELEASES[release])
    if rng.random() < 0.3:
        value["releaseMbId"] = _mbid("release", release)
    artists = rng.choices(range(len(ARTISTS)), k=rng.randrange(4))
    value["artists"] = [
        {"artistName": rng.choice(ARTISTS[each])} | rng.choice(({}, {"artistMbId": _mbid("artist", each)}))
        for each in artists
    ]
    alpha = collection == ALPHA_PLAY
    if rng.random() < 0.3:
        value |= {"musicServiceBaseDomain": "plyr.fm"} if alpha else {"musicServiceUri": "https://plyr.fm"}
    if rng.random() < 0.2:
        value["originUrl" if alpha else "originUri"] = stage.subject()["uri"]
    if rng.random() < 0.9:
        value["playedTime"] = _moment(stage)
    return value


def _moment(stage: Stage) -> str:
    """About the beginning of a window, at times exactly there."""
    days, rng = stage.rng.choice((*WINDOWS, 0, 1, 2, 3)), stage.rng
    now = stage.world.now()
    midnight = now - now % DAY - days * DAY
    return wire_time(midnight + rng.choice((0, -1_000, rng.randrange(-DAY, 2 * DAY), rng.randrange(DAY))))


def _spelt(stage: Stage, names: tuple[tuple[str, ...], ...]) -> str:
    return stage.rng.choice(stage.rng.choice(names))


def _mbid(kind: str, number: int) -> str:
    return f"mbid:{uuid5(SPACE, f'{kind} {number}')}"


ACTS: Final[tuple[tuple[Callable[[Stage], None], int], ...]] = (
    (listen, 24),
    (listen_otherwise, 10),
    (retitle, 6),
    (rename_list, 4),
    (call_oneself, 4),
)
