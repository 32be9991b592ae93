"""The fold: what the indexer must hold of the simulated world, and what follows from the records that it holds.

`expected_repos` folds the world: which accounts must be there, in which state, with which records. `fold` makes of
records, and of who shows, every projection's rows and every count. Plain loops over everything; no database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from simulator import World
from simulator.hosting import Account
from tests.oracle import albums, dated, heard, linking, music, plyr, searched
from tests.oracle.plyr import Found, Row

Fate: TypeAlias = Literal["shown", "hidden", "gone"]
Key: TypeAlias = tuple[Any, ...]
Tables: TypeAlias = dict[str, dict[Key, Row]]

INDEXED: Final = frozenset(
    {f"fm.plyr.{name}" for name in ("track", "like", "comment", "list", "actor.profile")}
    | {
        f"fm.teal.{alpha}{name}"
        for alpha in ("", "alpha.")
        for name in ("feed.play", "actor.profile", "actor.status", "actor.profileStatus")
    }
    | {"app.bsky.actor.profile"}
)
READERS: Final = {
    "fm.plyr.track": ("plyr_track", plyr.track),
    "fm.plyr.like": ("plyr_like", plyr.like),
    "fm.plyr.comment": ("plyr_comment", plyr.comment),
    "fm.plyr.list": ("plyr_list", plyr.track_list),
    "fm.plyr.actor.profile": ("plyr_profile", plyr.plyr_profile),
    "app.bsky.actor.profile": ("bsky_profile", plyr.bsky_profile),
    "fm.teal.actor.profile": ("teal_profile", plyr.teal_profile),
    "fm.teal.alpha.actor.profile": ("teal_profile", plyr.teal_profile),
    "fm.teal.feed.play": ("teal_play", music.play),
    "fm.teal.alpha.feed.play": ("teal_play", music.play),
    "fm.teal.actor.status": ("teal_status", music.status),
    "fm.teal.alpha.actor.status": ("teal_status", music.status),
}
BY_ACCOUNT: Final = frozenset({"plyr_profile", "bsky_profile"})
BY_GENERATION: Final = frozenset({"teal_profile", "teal_status"})


@dataclass(frozen=True, slots=True)
class ExpectedRepo:
    """An account as it is at its host. `records`: by path, the bytes of each record of an indexed collection."""

    did: str
    fate: Fate
    is_ours: bool
    handle: str
    pds: str
    key: str
    rev: str | None = None
    data: str | None = None
    records: Mapping[str, bytes] = field(default_factory=dict)


def expected_repos(world: World, pds_urls: list[str]) -> dict[str, ExpectedRepo]:
    """Every account of the world, by DID. `is_ours`: a record of it now makes it tracked, whatever came before."""
    return {did: _expected(world, account, pds_urls) for did, account in world.accounts.items()}


def _expected(world: World, account: Account, pds_urls: list[str]) -> ExpectedRepo:
    fate = _fate(account)
    handle = account.handle if world.handles.get(account.handle) == account.did else "handle.invalid"
    address = pds_urls[account.host]
    key = account.key.public.did_key()
    if account.repo is None or fate == "gone":
        return ExpectedRepo(account.did, fate, is_ours=False, handle=handle, pds=address, key=key)
    records = {path: block for path, block in account.repo.records.items() if path.split("/")[0] in INDEXED}
    return ExpectedRepo(
        account.did,
        fate,
        is_ours=any(not path.startswith("app.bsky.") for path in records),
        handle=handle,
        pds=address,
        key=key,
        rev=account.repo.head.rev,
        data=str(account.repo.tree.cid),
        records=records,
    )


def _fate(account: Account) -> Fate:
    if account.tombstoned or account.status == "deleted":
        return "gone"
    return "shown" if account.status is None else "hidden"


def fold(records: Iterable[Found], hidden: frozenset[str], handles: Mapping[str, str]) -> Tables:
    """Every projection's rows, by table and key, every count, and what can be found. `handles`: by DID, of those who
    have one. Charts, which go by days and identities, are made by `played`."""
    tables: Tables = {table: {} for table, _ in READERS.values()}
    links: dict[Key, Row] = {}
    for found in records:
        if found.collection not in READERS:
            continue
        table, read = READERS[found.collection]
        row = read(found)
        if row is not None:
            tables[table][_key(table, found)] = row
        if row is not None or linking.fits_unseen(found):
            links |= linking.links(found)
    tables["plyr_list_item"] = albums.items(tables["plyr_list"])
    _settle_likes(tables["plyr_like"])
    _settle_plays(tables["teal_play"])
    tables |= albums.albums(tables["plyr_track"], tables["plyr_list"], tables["plyr_list_item"])
    tables |= {"record_link": links, "link_count": linking.counts(links, hidden)}
    tables |= heard.heard(tables["plyr_track"], tables["teal_play"], hidden)
    tables |= dated.dated(tables, hidden)
    tables |= _counts(tables, hidden)
    tables["tag_track"] = _tagged(tables)
    tables["actor_name"] = searched.names(tables)
    return tables | searched.searched(tables, handles, hidden)


def _key(table: str, found: Found) -> Key:
    alpha = ".alpha." in found.collection
    if table in BY_ACCOUNT:
        return (found.did,)
    if table in BY_GENERATION:
        return found.did, alpha
    return (found.did, found.rkey, alpha) if table == "teal_play" else (found.did, found.rkey)


def _settle_likes(likes: dict[Key, Row]) -> None:
    """The earliest of an account's likes of one thing counts."""
    groups: defaultdict[Key, list[Key]] = defaultdict(list)
    for (did, rkey), row in likes.items():
        groups[did, row["subject"]].append((row["sort_at"], rkey))
    for (did, rkey), row in likes.items():
        row["canonical"] = (row["sort_at"], rkey) == min(groups[did, row["subject"]])


def _settle_plays(plays: dict[Key, Row]) -> None:
    """An alpha play with a stable twin stands behind it; of each account, time and recording one other counts."""
    groups: defaultdict[Key, list[Key]] = defaultdict(list)
    for (did, rkey, alpha), row in plays.items():
        row["shadowed"] = alpha and (did, rkey, False) in plays
        if not row["shadowed"]:
            groups[did, row["played_at"], row["recording"]].append((alpha, rkey))
    for (did, rkey, alpha), row in plays.items():
        group = groups[did, row["played_at"], row["recording"]]
        row["canonical"] = not row["shadowed"] and (alpha, rkey) == min(group)


def _counts(tables: Tables, hidden: frozenset[str]) -> Tables:
    """Of visible accounts alone; each liker once."""
    tracks = {row["uri"]: (did, row) for (did, _), row in tables["plyr_track"].items() if did not in hidden}
    subjects: defaultdict[str, Row] = defaultdict(lambda: {"owner": None, "like_count": 0, "comment_count": 0})
    for uri, (did, _) in tracks.items():
        subjects[uri]["owner"] = did
    likers = {(row["subject"], did) for (did, _), row in tables["plyr_like"].items() if did not in hidden}
    for subject, _ in likers:
        subjects[subject]["like_count"] += 1
    for (did, _), row in tables["plyr_comment"].items():
        if did not in hidden:
            subjects[row["subject"]]["comment_count"] += 1
    return {
        "subject_count": {(uri,): row for uri, row in subjects.items()},
        "tag_count": _tag_counts(row for _, row in tracks.values()),
        **_of_actors(tables, tracks, subjects, hidden),
    }


def _tagged(tables: Tables) -> dict[Key, Row]:
    """Each tag of every track that shows."""
    return {
        (did, rkey, tag): {
            "sort_at": row["sort_at"],
            "likes": tables["subject_count"][row["uri"],]["like_count"],
            "plays": row["play_count"],
        }
        for (did, rkey), row in tables["ranked_track"].items()
        for tag in row["tags"]
    }


def _tag_counts(tracks: Iterable[Row]) -> dict[Key, Row]:
    counts = Counter(tag for track in tracks for tag in track["tags"])
    return {(tag,): {"track_count": number} for tag, number in counts.items()}


def _of_actors(
    tables: Tables, tracks: Mapping[str, tuple[str, Row]], subjects: Mapping[str, Row], hidden: frozenset[str]
) -> Tables:
    names = ("track_count", "likes_received", "scrobble_count", "total_duration", "playlist_count")
    actors: defaultdict[str, Row] = defaultdict(lambda: {**dict.fromkeys(names, 0), "hidden": False})
    for uri, (did, row) in tracks.items():
        actors[did]["track_count"] += 1
        actors[did]["total_duration"] += row["duration"] or 0
        actors[did]["likes_received"] += subjects[uri]["like_count"]
    for (did, _, _), row in tables["teal_play"].items():
        if row["canonical"] and did not in hidden:
            actors[did]["scrobble_count"] += 1
    lists = [(did, row) for (did, _), row in tables["plyr_list"].items() if did not in hidden]
    for did, row in lists:
        if row["list_type"] == "playlist":
            actors[did]["playlist_count"] += 1
    totals = _totals(actors, {uri: subjects[uri] for uri in tracks}) | {"list_count": len(lists)}
    return {"actor_count": {(did,): row for did, row in actors.items()}, "totals": {(): totals}}


def _totals(actors: Mapping[str, Row], tracks: Mapping[str, Row]) -> Row:
    return {
        "track_count": len(tracks),
        "artist_count": sum(bool(actor["track_count"]) for actor in actors.values()),
        "like_count": sum(track["like_count"] for track in tracks.values()),
        "comment_count": sum(track["comment_count"] for track in tracks.values()),
        "scrobble_count": sum(actor["scrobble_count"] for actor in actors.values()),
        "total_duration": sum(actor["total_duration"] for actor in actors.values()),
        "listener_count": sum(bool(actor["scrobble_count"]) for actor in actors.values()),
    }
