"""The XRPC layer: parameters, refusals, and whatever a client may send."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
from hypothesis import example
from hypothesis import given as drawn
from hypothesis import strategies as st
from yarl import URL

import lexicons
from appview import constellation
from appview.queries import QUERIES
from appview.xrpc import given
from lexicons import QuerySchema
from lexicons.language import Array
from tests.appview.stage import Client, Stage, tid

DID = "did:plc:" + "a" * 24
URI = f"at://{DID}/fm.plyr.track/{tid(0)}"
LATEST = "/xrpc/fm.plyr.feed.getLatestTracks"
# By format; all else may be a DID.
EXAMPLES = {"at-uri": URI, "record-key": tid(0), "uri": URI, "nsid": "fm.plyr.like"}
SERVED = {f"/xrpc/{nsid}": lexicons.load().query(nsid) for nsid in QUERIES} | {
    path: constellation.schema(path) for path in constellation.PATHS
}
PATIENCE = 10.0  # seconds for an answer, whatever is asked: the bounds of a statement and of the wait for it, and more
HOSTILE = (
    "%00",
    "a%00b",
    "%ff%fe",
    "%ed%a0%80",  # a lone surrogate
    "%",
    "%zz",
    "%u0000",
    "'%20OR%201=1--",
    "%25",
    "\\",
    "%F0%9F%8E%B5" * 50,
    "x" * 7_000,
    "at://",
    "at://%00/fm.plyr.track/a",
    "did:plc:" + "x" * 3_000,
    "-1",
    "9" * 400,
    "1e9",
    "NaN",
    "null",
    "",
)


async def raw(client: Client, path: str, method: str = "GET", **options: Any) -> tuple[int, Any, dict[str, str]]:
    """(status, decoded JSON, headers) of a path that is sent as it stands."""
    url = URL(str(client.session._base_url).rstrip("/") + path, encoded=True)
    async with asyncio.timeout(PATIENCE), client.session.request(method, url, **options) as response:
        body = await response.read()
        return response.status, orjson.loads(body) if body else None, dict(response.headers)


def required(schema: QuerySchema) -> dict[str, str]:
    """What a query must be given, with a value of its format for each."""
    params = schema.definition.parameters
    given: dict[str, str] = {}
    for name in params.required if params else ():
        outer = params.properties[name]
        inner = outer.items if isinstance(outer, Array) else outer
        given[name] = EXAMPLES.get(getattr(inner, "format", None) or "", DID)
    return given


def test_every_query_has_a_lexicon_and_every_lexicon_is_served() -> None:
    assert set(QUERIES) == set(lexicons.load().queries())


@pytest.mark.parametrize(
    ("method", "name", "values"),
    [
        ("fm.plyr.feed.getLatestTracks", "limit", ["0", "101", "-1", "x", "1.5", "", "9" * 30]),
        ("fm.plyr.feed.getLatestTracks", "cursor", ["x", "AAAA", "%00", "A" * 4_097, "é"]),
        ("fm.plyr.feed.getLatestTracks", "tags", ["", "x" * 501]),
        ("fm.plyr.feed.getActorTracks", "sort", ["oldest", ""]),
        ("fm.plyr.feed.getActorTracks", "excludeTags", ["", "x" * 501]),
        ("fm.plyr.feed.getComments", "sort", ["oldest", "position "]),
        ("fm.plyr.feed.getComments", "limit", ["0", "101"]),
        ("fm.plyr.feed.getTrackLikes", "limit", ["0", "101"]),
        ("fm.plyr.feed.getActorTracks", "limit", ["0", "101"]),
        ("fm.plyr.feed.getTrack", "uri", ["x", "https://example.com", "at://x y/z"]),
        ("fm.plyr.feed.getTracks", "uris", ["x"]),
        ("fm.plyr.actor.getProfile", "actor", ["x", "did:", "@", "a..b"]),
        ("fm.plyr.actor.getNowPlaying", "actor", ["x"]),
        ("fm.teal.feed.getActorFeed", "authorDID", ["x"]),
        ("fm.teal.feed.getActorFeed", "limit", ["x", "9" * 30]),
    ],
)
async def test_a_bad_parameter_is_named(client: Client, method: str, name: str, values: list[str]) -> None:
    others = {key: value for key, value in required(lexicons.load().query(method)).items() if key != name}
    for value in values:
        status, answer = await client.ask(method, **others, **{name: value})
        assert (status, answer["error"]) == (400, "InvalidRequest"), value
        assert f"'{name}'" in answer["message"]


async def test_limits_are_kept_at_their_edges(stage: Stage, client: Client) -> None:
    for limit in (1, 100):
        assert await client.get("fm.plyr.feed.getLatestTracks", limit=limit) == {"tracks": []}
    assert await client.get("fm.plyr.feed.getTracks", uris=[URI] * 25) == {"tracks": []}
    assert await client.refused("fm.plyr.feed.getTracks", uris=[URI] * 26) == "InvalidRequest"
    assert await client.refused("fm.plyr.feed.getLatestTracks", limit=[1, 2]) == "InvalidRequest"
    assert await client.refused("fm.plyr.feed.getLatestTracks", tags=["t"] * 26) == "InvalidRequest"


async def test_a_cursor_of_another_method_or_sort_is_refused(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    for number in range(2):
        await stage.track(nils, tid(number), at=number)
    cursor = (await client.get("fm.plyr.feed.getActorTracks", actor=nils.did, limit=1))["cursor"]
    assert await client.get("fm.plyr.feed.getActorTracks", actor=nils.did, cursor=cursor)
    refused = await client.refused("fm.plyr.feed.getActorTracks", actor=nils.did, cursor=cursor, sort="popular")
    assert refused == "InvalidRequest"
    assert await client.refused("fm.plyr.feed.getLatestTracks", cursor=cursor) == "InvalidRequest"


async def test_unknown_parameters_are_ignored(client: Client) -> None:
    assert await client.get("fm.plyr.feed.getLatestTracks", more="x") == {"tracks": []}


def _refusable(schema: QuerySchema) -> tuple[int, ...]:
    """What a query may answer to whoever has not signed in."""
    return (200, 400, 401) if "AuthMissing" in schema.errors else (200, 400)


@pytest.mark.parametrize("path", sorted(SERVED))
async def test_no_parameter_of_whatever_form_makes_an_error_of_ours(
    stage: Stage, client: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.track(await stage.person(did=DID))
    schema = SERVED[path]
    names = list(schema.definition.parameters.properties) if schema.definition.parameters else ["x"]
    for name in names:
        base = "&".join(f"{key}={value}" for key, value in required(schema).items() if key != name)
        for value in HOSTILE:
            status, answer, _ = await raw(client, f"{path}?{base}&{name}={value}")
            assert status in _refusable(schema), (name, value, answer)
            status, answer, _ = await raw(client, f"{path}?{base}&{name}={value}&{name}={value}&=&&;")
            assert status in _refusable(schema), (name, value, answer)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_random_requests_never_make_an_error_of_ours(client: Client) -> None:
    chance = random.Random(7)
    alphabet = "abc%0fé/:&=+?#@\x7f~\\\"<>{}|^`.,;!$'()*"
    for _ in range(300):
        path = "/xrpc/" + "".join(chance.choices(alphabet, k=chance.randrange(30)))
        async with client.session.get(path.replace("#", "%23")) as response:
            assert response.status in (200, 400, 404, 501), path
    for asked, schema in sorted(SERVED.items()):
        for _ in range(30):
            query = "".join(chance.choices(alphabet + "urisactorlimitcursor", k=chance.randrange(60)))
            async with client.session.get(f"{asked}?{query}") as response:
                assert response.status in _refusable(schema), query


async def test_an_unknown_method_is_not_implemented_and_an_unknown_path_not_found(client: Client) -> None:
    for verb in ("GET", "POST"):
        status, answer, _ = await raw(client, "/xrpc/fm.plyr.feed.getNothing", verb)
        assert (status, answer["error"]) == (501, "MethodNotImplemented")
    for path in ("/xrpc/nothing", "/xrpc/", "/xrpc", "/nothing", "/xrpc/a/b", "/xrpc/%00", "/xrpc/%ff"):
        status, answer, _ = await raw(client, path)
        assert (status, answer["error"]) == (404, "NotFound"), path


@pytest.mark.parametrize("path", [LATEST, "/xrpc/_health", "/.well-known/did.json", "/"])
async def test_a_wrong_verb_is_refused_and_the_right_ones_named(client: Client, path: str) -> None:
    for verb in ("POST", "PUT", "DELETE", "PATCH"):
        status, answer, headers = await raw(client, path, verb, data=b"{}")
        assert (status, answer["error"]) == (405, "MethodNotAllowed")
        assert "GET" in headers["Allow"]


async def test_head_is_answered_like_get_without_a_body(client: Client) -> None:
    status, body, headers = await raw(client, LATEST, "HEAD")
    assert (status, body) == (200, None)
    assert headers["Content-Type"] == "application/json"
    assert headers["Content-Length"] == str(len('{"tracks":[]}'))


async def test_any_web_page_may_read(client: Client) -> None:
    for path in (LATEST, "/xrpc/fm.plyr.feed.getTrack", "/xrpc/fm.none.none", "/.well-known/did.json", "/nothing"):
        _, _, headers = await raw(client, path)
        assert headers["Access-Control-Allow-Origin"] == "*"
        asks = {"Origin": "https://x.example.com", "Access-Control-Request-Headers": "authorization"}
        status, body, headers = await raw(client, path, "OPTIONS", headers=asks)
        assert (status, body, headers["Access-Control-Allow-Origin"]) == (204, None, "*")
        assert "Authorization" in headers["Access-Control-Allow-Headers"]
        assert "GET" in headers["Access-Control-Allow-Methods"]


async def test_a_request_line_that_is_too_long_is_refused(client: Client) -> None:
    async with client.session.get(LATEST, params={"x": "y" * 20_000}) as response:
        assert response.status == 400
        assert b"Traceback" not in await response.read()
    status, answer, _ = await raw(client, f"{LATEST}?" + "&".join(["a=b"] * 300))
    assert (status, answer["error"]) == (400, "InvalidRequest")


async def test_what_is_no_http_gets_a_refusal_and_the_next_request_an_answer(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    base = client.session._base_url
    assert base is not None
    for data in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"\r\n\r\n\x00"):
        reader, writer = await asyncio.open_connection(base.host, base.port)
        writer.write(data)
        writer.write_eof()
        answer = await reader.read()
        assert b"Traceback" not in answer
        assert b" 500 " not in answer.split(b"\r\n")[0]
        writer.close()
        await writer.wait_closed()
    assert await client.get("fm.plyr.feed.getLatestTracks") == {"tracks": []}
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@drawn(st.text(st.sampled_from("a=&+;%2fC3A4éß/") | st.characters()))
@example("a=%C3%A4+b&&c&=d&a=2")
@example("a=\udcff%41")
def test_a_query_is_read_as_others_read_it(query: str) -> None:
    assert given(query) == parse_qs(query, keep_blank_values=True, errors="surrogateescape")


async def test_an_address_that_hides_a_null_is_searched_like_any_other(client: Client) -> None:
    assert (await client.get("fm.plyr.search.searchAll", q="plyr.fm/u/a.example/album/%00"))["albums"] == []
