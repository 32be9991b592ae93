"""What an answer's headers promise: who may keep it, whether it has changed, in how few bytes it travels."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import orjson
import pytest
import zstandard
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from appview import encoding
from protocol.crypto import PrivateKey
from runtime import db
from runtime.settings import Settings
from tests.appview.signing import bearer, claims, give_key, token
from tests.appview.stage import Client, Stage, tid

LATEST = "fm.plyr.feed.getLatestTracks"
TRACK = "fm.plyr.feed.getTrack"
KEY = PrivateKey.generate("k256", b"x")


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings.load(
        {},
        answer_hold=0,
        database_url=SecretStr(database_url),
        read_pool_size=4,
        service_url="https://appview.example.com",
    )


async def test_what_is_the_same_for_everybody_may_be_kept_for_a_moment(client: Client) -> None:
    _, _, headers = await client.send(LATEST, {})
    assert headers["Cache-Control"] == "public, max-age=2"
    assert headers["Vary"] == "Authorization, Accept-Encoding"


async def test_what_is_made_for_a_viewer_may_be_kept_by_nobody_else(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    await give_key(stage.pool, nils, KEY)
    _, _, headers = await client.send(LATEST, bearer(token(KEY, claims(nils, LATEST))))
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Vary"] == "Authorization, Accept-Encoding"


async def test_a_refusal_is_kept_by_nobody(client: Client) -> None:
    for nsid, headers in ((TRACK, {}), ("fm.none.none", {}), (LATEST, {"Authorization": "Bearer x"})):
        status, _, received = await client.send(nsid, headers)
        assert status >= 400
        assert received["Cache-Control"] == "no-store"
        assert "ETag" not in received


async def test_an_answer_that_a_client_has_is_not_sent_again_until_it_changes(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    await stage.track(nils)
    _, _, first = await client.send(LATEST, {})
    for known in (first["ETag"], f'"x", {first["ETag"]}', "*", first["ETag"].removeprefix("W/")):
        status, body, headers = await client.send(LATEST, {"If-None-Match": known})
        assert (status, body) == (304, None)
        assert {name: headers[name] for name in ("ETag", "Cache-Control", "Vary", "Access-Control-Allow-Origin")} == {
            name: first[name] for name in ("ETag", "Cache-Control", "Vary", "Access-Control-Allow-Origin")
        }
    await stage.track(nils, tid(1))
    status, answer, headers = await client.send(LATEST, {"If-None-Match": first["ETag"]})
    assert (status, len(answer["tracks"])) == (200, 2)
    assert headers["ETag"] != first["ETag"]


@pytest.mark.parametrize("known", ["", "x", '"', "W/", '"' + "x" * 2_000 + '"', ",,,", "\xff"])
async def test_a_tag_that_is_none_is_no_tag(client: Client, known: str) -> None:
    status, answer, _ = await client.send(LATEST, {"If-None-Match": known})
    assert (status, answer) == (200, {"tracks": []})


async def test_head_promises_what_get_gives(stage: Stage, client: Client) -> None:
    await stage.track(await stage.person())
    _, _, got = await client.send(LATEST, {"Accept-Encoding": "identity"})
    async with client.session.head(f"/xrpc/{LATEST}", headers={"Accept-Encoding": "identity"}) as response:
        assert await response.read() == b""
        for name in ("Content-Length", "ETag", "Cache-Control", "Vary", "Content-Type"):
            assert response.headers[name] == got[name]
    async with client.session.head(f"/xrpc/{LATEST}", headers={"If-None-Match": got["ETag"]}) as response:
        assert response.status == 304


async def _fetched(client: Client, headers: Mapping[str, str]) -> tuple[str, bytes]:
    """(Content-Encoding, the bytes as they travelled) of the newest tracks."""
    async with (
        ClientSession(client.session._base_url, auto_decompress=False) as session,
        session.get(f"/xrpc/{LATEST}", headers=headers) as response,
    ):
        return response.headers.get("Content-Encoding", "identity"), await response.read()


async def test_a_long_answer_is_compressed_as_the_client_likes_it(
    stage: Stage, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    nils = await stage.person()
    for number in range(20):
        await stage.track(nils, tid(number), at=number)
    name, plain = await _fetched(client, {"Accept-Encoding": "identity"})
    assert name == "identity"
    for beside in (encoding.BESIDE, 0):
        monkeypatch.setattr(encoding, "BESIDE", beside)
        name, body = await _fetched(client, {"Accept-Encoding": "gzip, deflate, br, zstd"})
        assert (name, zstandard.ZstdDecompressor().decompress(body)) == ("zstd", plain)
        name, body = await _fetched(client, {"Accept-Encoding": "gzip;q=1.0, zstd;q=0.5"})
        assert (name, gzip.decompress(body)) == ("gzip", plain)
        assert len(body) < len(plain) / 4
    assert len(orjson.loads(plain)["tracks"]) == 20


async def test_a_short_answer_stays_as_it_is(client: Client) -> None:
    assert await _fetched(client, {"Accept-Encoding": "gzip"}) == ("identity", b'{"tracks":[]}')


@pytest.mark.parametrize(
    ("accepted", "name"),
    [
        ("", None),
        ("identity", None),
        ("br", None),
        ("*", None),
        ("gzip", "gzip"),
        ("GZIP ; q=0.2", "gzip"),
        ("gzip;q=0", None),
        ("zstd;q=0, gzip;q=0.1", "gzip"),
        ("gzip;q=x, zstd;q=", None),
        ("gzip, zstd", "zstd"),
        ("gzip;q=nan", None),
    ],
)
def test_the_best_liked_encoding_is_chosen(accepted: str, name: str | None) -> None:
    assert encoding.choose(accepted) == name


@given(st.text())
def test_whatever_a_client_accepts_something_is_chosen(accepted: str) -> None:
    assert encoding.choose(accepted) in (None, "zstd", "gzip")


async def test_it_is_ready_for_the_database_with_which_it_was_started(
    stage: Stage, client: Client, pool: db.Pool
) -> None:
    async def ready() -> tuple[int, str]:
        async with client.session.get("/readyz") as response:
            return response.status, (await response.json()).get("message", "")

    assert await ready() == (503, "The indexer has not subscribed to a relay yet.")
    await stage.subscribed()
    assert await ready() == (200, "")
    await pool.execute("INSERT INTO migration (number, name, checksum) VALUES (9999, '9999_later', 'x')")
    assert await ready() == (503, "The database was migrated since this server was started.")
