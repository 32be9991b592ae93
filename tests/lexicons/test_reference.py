"""Our lexicons against the published ones: the same structure, but for descriptions and the additions named here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lexicons

REFERENCE = Path(__file__).parent.parent / "fixtures" / "reference-lexicons"
OURS = Path(lexicons.__file__).parent

PLAY_FIELDS = {f"defs.playView.properties.{name}" for name in ("uri", "cid", "author", "track")}
FEED = {
    "defs.main.parameters.properties.limit.default",
    "defs.main.output.schema.properties.cursor",
    "defs.main.errors",
}
# Where a difference is meant: lexicon, then path of the addition or change.
ADDITIONS = {
    "blue.microcosm.links.getBacklinks": {
        "defs.main.parameters.properties.cursor",
        "defs.main.parameters.properties.did.maxLength",
        "defs.main.parameters.properties.reverse",
    },
    "blue.microcosm.links.getBacklinkDids": {"defs.main.parameters.properties.cursor"},
    "com.atproto.repo.listRecords": {"defs.main.errors"},
    "fm.plyr.track": {"defs.main.record.properties.tags"},
    **{
        f"fm.teal.{alpha}{nsid}": paths
        for alpha in ("", "alpha.")
        for nsid, paths in {
            "actor.getProfile": {"defs.main.errors"},
            "actor.getProfiles": {
                "defs.main.parameters.properties.actors.minLength",
                "defs.main.parameters.properties.actors.maxLength",
            },
            "actor.searchActors": {
                "defs.main.parameters.properties.limit.default",
                "defs.main.parameters.properties.q.minLength",
            },
            "stats.getLatest": {
                "defs.main.parameters.properties.cursor",
                "defs.main.output.schema.properties.cursor",
            },
            "stats.getUserTopArtists": {"defs.main.errors"},
            "stats.getUserTopReleases": {"defs.main.errors"},
        }.items()
    },
    "fm.teal.actor.getStatus": {"defs.main.parameters.properties.actor.format", "defs.main.errors"},
    "fm.teal.alpha.feed.defs": PLAY_FIELDS,
    "fm.teal.alpha.feed.getActorFeed": FEED,
    "fm.teal.alpha.feed.getPlay": {"defs.main.errors"},
    "fm.teal.feed.defs": PLAY_FIELDS,
    "fm.teal.feed.getActorFeed": {*FEED, "defs.main.parameters.properties.authorDID.format"},
    "fm.teal.feed.getPlay": {"defs.main.parameters.properties.authorDID.format", "defs.main.errors"},
}


def _read(root: Path) -> dict[str, dict[str, Any]]:
    documents = (json.loads(path.read_bytes()) for path in root.rglob("*.json"))
    return {document["id"]: document for document in documents}


THEIRS_BY_ID, OURS_BY_ID = _read(REFERENCE), _read(OURS)


def _differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    if path.endswith(".errors"):
        ours, theirs = ({error["name"]: error for error in errors} for errors in (ours, theirs))
    if not (isinstance(ours, dict) and isinstance(theirs, dict)):
        if ours != theirs:
            yield path
        return
    in_properties = path.endswith("properties") or path == "defs"
    for name in sorted(set(ours) | set(theirs)):
        if name == "description" and not in_properties:
            continue
        inner = f"{path}.{name}".lstrip(".")
        if name in ours and name in theirs:
            yield from _differences(ours[name], theirs[name], inner)
        else:
            yield inner


@pytest.mark.parametrize("nsid", sorted(set(OURS_BY_ID) & set(THEIRS_BY_ID)))
def test_a_published_lexicon_has_the_published_structure_but_for_the_named_additions(nsid: str) -> None:
    assert set(_differences(OURS_BY_ID[nsid], THEIRS_BY_ID[nsid])) == ADDITIONS.get(nsid, set())


def test_every_published_record_is_here() -> None:
    records = {
        nsid for nsid, document in THEIRS_BY_ID.items() if document["defs"].get("main", {}).get("type") == "record"
    }
    assert records
    assert records <= set(OURS_BY_ID)


def test_what_is_here_and_not_published_is_a_query_of_ours_or_its_views() -> None:
    for nsid in set(OURS_BY_ID) - set(THEIRS_BY_ID):
        assert nsid.startswith(("fm.plyr.", "blue.microcosm.links."))
        kinds = {definition["type"] for definition in OURS_BY_ID[nsid]["defs"].values()}
        assert kinds == ({"object"} if nsid.endswith(".defs") else {"query"})


def _fields(node: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, field in node.get("properties", {}).items():
            yield f"{path}.{name}", field
        for name, inner in node.items():
            yield from _fields(inner, f"{path}.{name}")


@pytest.mark.parametrize("nsid", sorted(OURS_BY_ID))
def test_every_definition_and_field_says_what_it_is(nsid: str) -> None:
    definitions = list(OURS_BY_ID[nsid]["defs"].items())
    for path, node in (*definitions, *_fields(dict(definitions), nsid)):
        assert node.get("description", "").endswith("."), path


@pytest.mark.parametrize("nsid", sorted(OURS_BY_ID))
def test_a_limit_of_characters_comes_with_a_limit_of_bytes(nsid: str) -> None:
    """Counting characters is what costs, and the byte limit is what bounds it."""
    for path, field in _fields(OURS_BY_ID[nsid]["defs"], nsid):
        text = field.get("items", field)
        assert "maxGraphemes" not in text or "maxLength" in text, path
