"""A client that reads through its PDS: it signs in there, and is known here by the token that the PDS makes for it."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import ClientSession

from protocol.crypto import PrivateKey
from tests.appview.signing import bearer, encoded, token
from tests.e2e.music import LIKE, TRACK, like, track
from tests.e2e.pds import Account, Pds, Written
from tests.e2e.polling import eventually
from tests.e2e.system import Answer, AppView, System, pairs

GET_TRACK = "fm.plyr.feed.getTrack"
Name = Callable[[str], str]


class Proxied:
    """The AppView, read through the PDS of an account."""

    def __init__(self, http: ClientSession, account: Account, system: System) -> None:
        self._http = http
        self._account = account
        self.service = f"did:web:localhost%3A{urlsplit(system.url).port}"

    async def get(self, method: str, **params: Any) -> tuple[Answer, str | None]:
        """The answer and the rev up to which the account's own repo is in it."""
        headers = {"atproto-proxy": f"{self.service}#plyr_appview", **bearer(self._account.token)}
        url = f"{self._account.pds.info.url}/xrpc/{method}"
        async with self._http.get(url, params=list(pairs(params)), headers=headers) as answer:
            body = await answer.json()
            assert answer.status == 200, body
            return body, answer.headers.get("atproto-repo-rev")


async def _read_here(appview: AppView, written: Written) -> None:
    async def check() -> None:
        await appview.get(GET_TRACK, uri=written.uri)

    await eventually(check)


async def test_a_client_of_a_pds_sees_its_like_and_its_uri_here(
    system: System, appview: AppView, pds: Pds, other_pds: Pds, http: ClientSession, name: Name
) -> None:
    artist, fan = await pds.create_account(name("artist")), await other_pds.create_account(name("fan"))
    song = await artist.create(TRACK, track("Teardrop"))
    await _read_here(appview, song)
    proxied = Proxied(http, fan, system)
    answer, _ = await proxied.get(GET_TRACK, uri=song.uri)
    assert answer["track"]["viewer"] == {}

    liked = await fan.create(LIKE, like(song))

    async def shown() -> None:
        answer, rev = await proxied.get(GET_TRACK, uri=song.uri)
        assert (answer["track"].get("viewer"), answer["track"]["likeCount"]) == ({"like": liked.uri}, 1)
        assert rev == liked.rev

    await eventually(shown)
    own = Proxied(http, artist, system)
    assert (await own.get(GET_TRACK, uri=song.uri))[0]["track"]["viewer"] == {}
    assert "viewer" not in (await appview.get(GET_TRACK, uri=song.uri))["track"]

    await fan.delete(liked.uri)

    async def gone() -> None:
        answer, _ = await proxied.get(GET_TRACK, uri=song.uri)
        assert (answer["track"]["viewer"], answer["track"]["likeCount"]) == ({}, 0)

    await eventually(gone)


async def test_a_client_of_a_pds_sees_its_likes_on_pages_and_among_the_likes_of_a_track(
    system: System, appview: AppView, pds: Pds, other_pds: Pds, http: ClientSession, name: Name
) -> None:
    artist, fan = await pds.create_account(name("artist")), await other_pds.create_account(name("fan"))
    liked, other = [await artist.create(TRACK, track(title)) for title in ("Karmacoma", "Sly")]
    own = await fan.create(LIKE, like(liked))
    proxied = Proxied(http, fan, system)

    async def shown() -> None:
        answer, rev = await proxied.get("fm.plyr.feed.getTracks", uris=[other.uri, liked.uri])
        told = [(view["uri"], view.get("viewer"), view["likeCount"]) for view in answer["tracks"]]
        assert told == [(other.uri, {}, 0), (liked.uri, {"like": own.uri}, 1)]
        assert rev == own.rev

    await eventually(shown)
    answer, _ = await proxied.get("fm.plyr.feed.getActorLikes", actor=fan.did)
    assert [(view["uri"], view["viewer"]) for view in answer["tracks"]] == [(liked.uri, {"like": own.uri})]
    answer, rev = await proxied.get("fm.plyr.feed.getTrackLikes", uri=liked.uri)
    assert [(view["uri"], view["actor"]["did"]) for view in answer["likes"]] == [(own.uri, fan.did)]
    assert rev == own.rev


async def test_a_record_of_another_pds_is_read_here_through_ones_own(
    system: System, appview: AppView, pds: Pds, other_pds: Pds, http: ClientSession, name: Name
) -> None:
    """The PDS passes that on without a token."""
    artist, reader = await pds.create_account(name("artist")), await other_pds.create_account(name("reader"))
    song = await artist.create(TRACK, track("Safe from Harm"))
    await _read_here(appview, song)
    proxied = Proxied(http, reader, system)
    for repo in (artist.did, artist.handle):
        answer, rev = await proxied.get("com.atproto.repo.getRecord", repo=repo, collection=TRACK, rkey=song.rkey)
        assert answer == await artist.get_record(TRACK, song.rkey)
        assert rev is None


async def test_every_bad_token_is_refused_by_its_name(
    system: System, appview: AppView, pds: Pds, http: ClientSession, name: Name
) -> None:
    artist = await pds.create_account(name("artist"))
    song = await artist.create(TRACK, track("Protection"))
    await _read_here(appview, song)
    service = Proxied(http, artist, system).service

    async def asked(text: str) -> tuple[int, str | None]:
        url = f"{system.url}/xrpc/{GET_TRACK}"
        async with http.get(url, params={"uri": song.uri}, headers=bearer(text)) as answer:
            return answer.status, (await answer.json()).get("error")

    def made(key: PrivateKey, header: dict[str, Any] | None = None, **changes: Any) -> str:
        now = int(time.time())
        said = {"iss": artist.did, "aud": service, "lxm": GET_TRACK, "iat": now, "exp": now + 60, "jti": "1" * 32}
        return token(key, {**said, **changes}, header)

    good = await artist.service_token(service, GET_TRACK)
    assert await asked(good) == (200, None)
    assert await asked(good) == (401, "JwtReplayed")
    assert await asked(await artist.service_token("did:web:other.example.com", GET_TRACK)) == (401, "BadJwtAudience")
    other = await artist.service_token(service, "fm.plyr.feed.getTracks")
    assert await asked(other) == (401, "BadJwtLexiconMethod")
    forger = PrivateKey.generate("k256")
    assert await asked(made(forger)) == (401, "BadJwtSignature")
    assert await asked(made(forger, {"typ": "JWT", "alg": "none"})) == (401, "BadJwtSignature")
    assert await asked(made(forger, exp=int(time.time()) - 1)) == (401, "JwtExpired")
    assert await asked(made(forger, iss="did:plc:" + "a" * 24)) == (401, "BadJwtIss")
    assert await asked(made(forger, {"typ": "at+jwt", "alg": "ES256K"})) == (401, "BadJwtType")
    assert await asked("nonsense") == (401, "BadJwt")
    tampered = (await artist.service_token(service, GET_TRACK)).split(".")
    tampered[1] = encoded(orjson.dumps({"iss": artist.did, "aud": service, "lxm": GET_TRACK, "exp": 9e9}))
    assert await asked(".".join(tampered)) == (401, "BadJwt")


async def test_a_deactivated_account_is_no_viewer(
    system: System, appview: AppView, pds: Pds, http: ClientSession, name: Name
) -> None:
    artist, leaver = await pds.create_account(name("artist")), await pds.create_account(name("leaver"))
    song = await artist.create(TRACK, track("Mezzanine"))
    await leaver.create(TRACK, track("Farewell"))
    service = Proxied(http, leaver, system).service
    tokens = [await leaver.service_token(service, GET_TRACK) for _ in range(100)]
    await leaver.deactivate()

    async def refused() -> None:
        url = f"{system.url}/xrpc/{GET_TRACK}"
        async with http.get(url, params={"uri": song.uri}, headers=bearer(tokens.pop())) as answer:
            assert (answer.status, (await answer.json()).get("error")) == (401, "BadJwtIss")

    await eventually(refused, pause=0.2)
