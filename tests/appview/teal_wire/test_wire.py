"""A teal client, pointed here, gets what it was promised: every request of the set, and every field of its shapes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.appview.stage import AUDIO, IMAGE, NOW, Client, Stage, moment, tid
from tests.appview.teal_wire.write_set import PLAY_EXTENSIONS, methods, texts

HERE = Path(__file__).parent
REQUESTS = json.loads((HERE / "requests.json").read_bytes())
SHAPES = json.loads((HERE / "shapes.json").read_bytes())
MBID = "mbid:9f2a2c05-6d1d-4dd5-9a39-1bca7a25a6c7"
METHODS = sorted(methods())
# What is playing has no time of its own, and nothing is said to whoever asks for it.
NEVER = {"message", "status.playedTime", "actor.status.item.playedTime"}
PLAY: dict[str, Any] = {
    "trackName": "Strobe",
    "trackMbId": MBID,
    "recordingMbId": MBID,
    "duration": 637,
    "artists": [{"artistName": "deadmau5", "artistMbId": MBID}, {"artistName": "Someone"}],
    "releaseName": "For Lack of a Better Name",
    "releaseMbId": MBID,
    "isrc": "GBTDG0900141",
    "originUri": "https://open.spotify.com/track/1",
    "musicServiceUri": "https://spotify.com",
    "submissionClientAgent": "test/1.0",
}
FACET = {
    "index": {"byteStart": 0, "byteEnd": 1},
    "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "music"}],
}


@pytest.fixture
async def scene(stage: Stage) -> dict[str, str]:
    """Somebody who has filled in everything and has listened today, and a fan who has too; by the names of the set."""
    nils, fan = await stage.person("nils.example.com"), await stage.person("nilsfan.example.com")
    today = int((datetime.now(UTC) - NOW).total_seconds()) - 1
    for person in (nils, fan):
        for number in range(3):
            await stage.play(person, tid(number), at=today - number, **PLAY | {"trackName": f"Strobe {number}"})
        await stage.play(person, tid(4), at=today - 8, **PLAY | {"artists": PLAY["artists"][:1]})
        other = {"artists": [{"artistName": "Nils"}], "releaseName": "Evening"}
        await stage.play(person, tid(3), at=today - 9, **other)
    since = datetime.now(UTC)
    profile = {
        "displayName": "Nils",
        "description": "I listen.",
        "descriptionFacets": [FACET],
        "featuredItem": {"mbid": MBID, "type": "release"},
        "avatar": {"$type": "blob", "ref": AUDIO, "mimeType": "image/png", "size": 9},
        "banner": {"$type": "blob", "ref": IMAGE, "mimeType": "image/png", "size": 9},
        "createdAt": moment(),
    }
    await stage.put(nils, "fm.teal.actor.profile", "self", profile)
    await stage.put(fan, "fm.teal.actor.profile", "self", {"displayName": "A fan"})
    await stage.status(nils, since=since, expiry=str(int(since.timestamp()) + 600), item=PLAY)
    return {
        "did": nils.did,
        "handle": "nils.example.com",
        "HANDLE": "NILS.EXAMPLE.COM",
        "beginning": "nil",
        "fan": fan.did,
        "fanhandle": "nilsfan.example.com",
        "unknown": "nobody.example.com",
        "rkey": tid(0),
        "norkey": tid(999),
    }


def _filled(params: dict[str, Any], scene: dict[str, str]) -> dict[str, Any]:
    """The parameters with the names of the scene put in."""

    def fill(value: Any) -> Any:
        return value.format_map(scene) if isinstance(value, str) else value

    return {
        key: [fill(each) for each in value] if isinstance(value, list) else fill(value) for key, value in params.items()
    }


def _faults(shape: dict[str, Any], answer: Any) -> list[str]:
    validator = jsonschema_rs.validator_for({**shape, "$defs": SHAPES["$defs"]})
    return [f"{fault.instance_path}: {fault.message}" for fault in validator.iter_errors(answer)]


def test_the_set_is_that_of_the_published_lexicons() -> None:
    for name, text in texts().items():
        assert (HERE / name).read_text(encoding="utf-8") == text, "python -m tests.appview.teal_wire.write_set"
    assert {request["method"] for request in REQUESTS} == set(methods()) == set(SHAPES["methods"])


@pytest.mark.parametrize("method", METHODS)
async def test_a_request_of_the_set_gets_what_was_published(client: Client, scene: dict[str, str], method: str) -> None:
    for request in REQUESTS:
        if request["method"] != method:
            continue
        status, answer = await client.ask(method, **_filled(request["params"], scene))
        if request["gives"] != "answer":
            assert (status, answer.get("error")) == (400, request["gives"]), request
            continue
        assert status == 200, (request, answer)
        assert _faults(SHAPES["methods"][method], answer) == [], request
        [items] = [value for value in answer.values() if isinstance(value, list)] or [[]]
        assert len(items) <= request.get("most", 100), request
        if "as" in request:
            assert answer == (await client.ask(method, **_filled(request["as"], scene)))[1], request


def _lacking(schema: dict[str, Any], answer: Any) -> set[str]:
    """The published fields of a shape that an answer has nowhere, by path."""
    while "$ref" in schema:
        schema = SHAPES["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "items" in schema:
        return set.intersection(*(_lacking(schema["items"], each) for each in answer)) if answer else {"nothing"}
    lacking: set[str] = set()
    for name, inner in schema.get("properties", {}).items():
        if name in PLAY_EXTENSIONS or name == "$type":
            continue
        if name in answer:
            lacking |= {f"{name}.{path}" for path in _lacking(inner, answer[name])}
        else:
            lacking.add(name)
    return lacking


@pytest.mark.parametrize("method", METHODS)
async def test_whoever_has_filled_in_everything_is_given_with_every_field(
    client: Client, scene: dict[str, str], method: str
) -> None:
    [request, *_] = [request for request in REQUESTS if request["method"] == method]
    shape = SHAPES["methods"][method]
    paged = {"limit": 1} if "cursor" in shape["properties"] else {}
    _, answer = await client.ask(method, **_filled(request["params"], scene), **paged)
    assert _lacking(shape, answer) - NEVER == set()
