"""How much a client may ask for, who a client is, and what it is told."""

from __future__ import annotations

import ipaddress
import time

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from pydantic import SecretStr

from appview.errors import RateLimitExceeded, ServiceUnavailable
from appview.limits import Limiter, client_of
from appview.queries.base import Viewer
from appview.reads import Reads
from protocol.crypto import PrivateKey
from protocol.syntax import Did
from runtime.settings import Settings, SettingsInvalid
from tests.appview.signing import bearer, claims, give_key, token
from tests.appview.stage import Client, Person, Stage
from tests.protocol.webhost import Host

LATEST = "fm.plyr.feed.getLatestTracks"
KEY = PrivateKey.generate("k256", b"x")
PROXY = "127.0.0.1/32"


@pytest.fixture
def settings(database_url: str, plc: Host) -> Settings:
    return Settings.load(
        {},
        answer_hold=0,
        database_url=SecretStr(database_url),
        service_url="https://appview.example.com",
        rate_limit=3,
        trusted_proxies=PROXY,
        read_pool_size=4,
        plc_url=plc.origin,
        trust_loopback=True,
    )


def behind(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def test_one_request_too_many_is_refused_and_told_when_to_come_again(client: Client) -> None:
    before = time.time()
    for left in (2, 1, 0):
        status, _, headers = await client.send(LATEST, {})
        assert (status, headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == (200, "3", str(left))
        assert headers["RateLimit-Policy"] == "3;w=60"
        assert before + 58 <= int(headers["RateLimit-Reset"]) <= time.time() + 61
        assert "Retry-After" not in headers
    for _ in range(2):
        status, answer, headers = await client.send(LATEST, {})
        assert (status, answer["error"], headers["RateLimit-Remaining"]) == (429, "RateLimitExceeded", "0")
        assert 1 <= int(headers["Retry-After"]) <= 61
        assert headers["Access-Control-Allow-Origin"] == "*"


async def test_now_playing_and_what_programs_ask_are_not_counted(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    await stage.subscribed()
    for _ in range(4):
        _, _, headers = await client.send("fm.plyr.actor.getNowPlaying", {}, actor=nils.did)
        assert "RateLimit-Limit" not in headers
        for path in ("/xrpc/_health", "/readyz", "/.well-known/did.json"):
            async with client.session.get(path) as response:
                assert response.status == 200
    assert (await client.send(LATEST, {}))[0] == 200


async def test_the_page_for_people_is_counted(client: Client) -> None:
    statuses = []
    for _ in range(4):
        async with client.session.get("/") as response:
            statuses.append(response.status)
    assert statuses == [200, 200, 200, 429]


async def test_each_client_of_a_trusted_proxy_has_a_budget_of_its_own(client: Client) -> None:
    for _ in range(4):
        status, _, _ = await client.send(LATEST, behind("198.51.100.1"))
    assert status == 429
    assert (await client.send(LATEST, behind("198.51.100.2")))[0] == 200


async def test_an_address_that_a_client_makes_up_is_not_its_own(client: Client) -> None:
    """A proxy may add its header behind the client's, instead of to it."""
    statuses = []
    for number in range(4):
        headers = CIMultiDict([("X-Forwarded-For", f"192.0.2.{number}"), ("X-Forwarded-For", "198.51.100.1")])
        statuses.append((await client.send(LATEST, headers))[0])
    assert statuses == [200, 200, 200, 429]


async def test_a_viewer_is_charged_wherever_it_comes_from_and_its_address_is_not(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    await give_key(stage.pool, nils, KEY)
    statuses = [
        (await client.send(LATEST, {**bearer(token(KEY, claims(nils, LATEST))), **behind(f"198.51.100.{number}")}))[0]
        for number in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    assert (await client.send(LATEST, behind("198.51.100.1")))[0] == 200


async def test_a_bad_token_is_charged_to_its_bearer(stage: Stage, client: Client) -> None:
    nils = await stage.person()
    await give_key(stage.pool, nils, KEY)
    forged = token(PrivateKey.generate("k256"), claims(nils, LATEST))
    assert [(await client.send(LATEST, bearer(forged)))[0] for _ in range(4)] == [401, 401, 401, 429]
    assert (await client.send(LATEST, {}))[0] == 200
    elsewhere = {**bearer(token(KEY, claims(nils, LATEST))), **behind("198.51.100.1")}
    assert (await client.send(LATEST, elsewhere))[0] == 200


async def test_whoever_sends_too_many_bad_tokens_causes_no_more_work(client: Client, plc: Host) -> None:
    for number in range(5):
        stranger = Person(0, f"did:plc:{number + 2}" + "a" * 23, None)
        status, answer, headers = await client.send(LATEST, bearer(token(KEY, claims(stranger, LATEST))))
        assert (status, answer["error"]) == ((401, "BadJwtIss") if number < 3 else (429, "RateLimitExceeded"))
        assert ("Retry-After" in headers) == (number >= 3)
    assert len(plc.asked) == 3


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", ("192.0.2.1", "198.51.100.1"), "198.51.100.1"),
        ("127.0.0.1", ("192.0.2.1", "198.51.100.1, 127.0.0.1"), "198.51.100.1"),
        ("127.0.0.1", ("192.0.2.1", "127.0.0.1"), "192.0.2.1"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("192.0.2.1, 198.51.100.1",), "198.51.100.1"),
        ("127.0.0.1", ("192.0.2.1, 127.0.0.1 ,127.0.0.1",), "192.0.2.1"),
        ("127.0.0.1", ("192.0.2.1, nonsense",), "127.0.0.1"),
        ("127.0.0.1", ("192.0.2.1,",), "127.0.0.1"),
        ("::ffff:127.0.0.1", ("::ffff:192.0.2.1",), "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        ("127.0.0.1", ("2001:db8:1:2::9",), "2001:db8:1:2::/64"),
        (None, ("192.0.2.1",), ""),
    ],
)
def test_a_client_is_whom_no_trusted_proxy_stands_for(
    peer: str | None, forwarded: tuple[str, ...], client: str
) -> None:
    assert client_of(peer, forwarded, [ipaddress.ip_network(PROXY)]) == client


def test_the_table_of_clients_is_bounded_and_a_minute_later_all_is_forgiven(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = Limiter(settings.model_copy(update={"rate_clients": 5}))

    def charge(number: int) -> web.Request:
        request = make_mocked_request("GET", "/")
        limiter.charge(request, Viewer(Did(f"did:web:n{number}.example.com"), number))
        return request

    for number in range(20):
        charge(number)
    assert len(limiter._budgets) == 5
    charge(19)
    charge(19)
    with pytest.raises(RateLimitExceeded):
        charge(19)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert limiter.headers(charge(19))["RateLimit-Remaining"] == "2"
    assert len(limiter._budgets) == 1


def test_names_under_a_domain_that_nobody_has_indexed_have_no_budgets_of_their_own(settings: Settings) -> None:
    limiter = Limiter(settings)
    asked = make_mocked_request("GET", "/", headers=behind("198.51.100.1"))
    for number in range(3):
        limiter.charge(asked, Viewer(Did(f"did:web:n{number}.example.com"), None))
        limiter.charge(asked, Viewer(Did(f"did:plc:{number + 2}" + "a" * 23), None))
    with pytest.raises(RateLimitExceeded):
        limiter.charge(asked, Viewer(Did("did:web:n3.example.com"), None))


async def test_that_the_database_is_away_is_charged_to_nobody(
    stage: Stage, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    nils = await stage.person()
    await give_key(stage.pool, nils, KEY)

    async def away(*_: object) -> None:
        raise ServiceUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(Reads, "rows_of", away)
        for _ in range(4):
            status, _, _ = await client.send(LATEST, bearer(token(KEY, claims(nils, LATEST))))
            assert status == 503
    assert (await client.send(LATEST, bearer(token(KEY, claims(nils, LATEST)))))[0] == 200


def test_none_is_no_limit(settings: Settings) -> None:
    limiter = Limiter(settings.model_copy(update={"rate_limit": 0}))
    request = make_mocked_request("GET", "/")
    for _ in range(10):
        limiter.charge(request)
    assert limiter.headers(request) == {}


def test_a_trusted_proxy_that_is_no_address_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="PLYR_TRUSTED_PROXIES"):
        Settings.load({}, trusted_proxies="proxy.example.com")
