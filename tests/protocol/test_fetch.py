"""Requests to strangers' hosts: where they go, where they do not, and how they end."""

import asyncio
import socket
from dataclasses import replace

import pytest
from aiohttp import web

from protocol.fetch import (
    AddressRefused,
    AnswerInvalid,
    AnswerTooLarge,
    Fetcher,
    Unreachable,
    XrpcError,
    is_public,
    read_quota,
)
from tests.protocol.webhost import LIMITS, FixedNames, fetcher, host, trickle

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.2.1",
    "198.18.0.1",
    "192.88.99.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:db8::1",
    "2001:0:4136:e378::",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_public_internet_is_known_as_such(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_may_be_asked(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE[:-1])
async def test_a_name_that_leads_to_a_private_address_is_not_asked(address: str) -> None:
    async with fetcher(trust=False) as (door, names):
        names.known["evil.example.com"] = [address]
        with pytest.raises(AddressRefused):
            await door.get_json("https://evil.example.com/")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "http://example.com/",
        "http://localhost/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:secret@example.com/",
        "https:///nowhere",
    ],
)
async def test_a_url_of_the_wrong_kind_is_refused_without_a_request(url: str) -> None:
    async with fetcher(trust=False) as (door, _):
        with pytest.raises(AddressRefused):
            await door.get_json(url)


@pytest.mark.parametrize("address", ["2130706433", "127.1", "0x7f000001", "017700000001"])
async def test_an_address_in_an_odd_notation_leads_nowhere(address: str) -> None:
    async with fetcher(trust=False) as (door, _):
        with pytest.raises((AddressRefused, Unreachable)):
            await door.get_json(f"https://{address}/")


async def test_trust_in_loopback_opens_nothing_else() -> None:
    async with fetcher() as (door, names):
        names.known["intranet.example.com"] = ["10.0.0.1"]
        for url in ("https://intranet.example.com/", "http://example.com/", "http://10.0.0.1/"):
            with pytest.raises(AddressRefused):
                await door.get_json(url)


async def test_a_redirect_to_a_private_address_is_refused() -> None:
    async with host() as server, fetcher() as (door, names):
        names.known["inside.example.com"] = ["10.0.0.1"]
        for target in ("https://10.0.0.1/", "https://inside.example.com/", "http://example.com/", "ftp://example.com/"):
            server.on("/", redirect(target))
            with pytest.raises(AddressRefused):
                await door.get_json(server.origin + "/")


async def test_a_redirect_to_loopback_is_refused_where_loopback_is_not_trusted(monkeypatch) -> None:
    async with host() as server, fetcher() as (door, _):
        server.on("/", redirect("http://127.0.0.1:1/secret"))
        asked = Fetcher._check_url

        def distrust_from_the_second_on(self, url):
            asked(self, url)
            self._trust_loopback = False

        monkeypatch.setattr(Fetcher, "_check_url", distrust_from_the_second_on)
        monkeypatch.setattr(door._session.connector, "_socket_factory", lambda where: socket.socket(*where[:3]))
        with pytest.raises(AddressRefused):
            await door.get_json(server.origin + "/")


def redirect(target: str):
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    return answer


async def test_redirects_are_followed_a_bounded_number_of_times() -> None:
    async with host() as server, fetcher() as (door, _):
        server.on("/one", redirect("/two"))
        server.on("/two", redirect(server.origin + "/end"))
        server.says("/end", {"here": True})
        assert await door.get_json(server.origin + "/one") == {"here": True}
        server.on("/loop", redirect("/loop"))
        server.asked.clear()
        with pytest.raises(Unreachable, match="redirects"):
            await door.get_json(server.origin + "/loop")
        assert len(server.asked) == LIMITS.redirects + 1


async def test_a_redirect_without_a_target_is_an_error() -> None:
    async def nowhere(_: web.Request) -> web.Response:
        return web.Response(status=302)

    async with host() as server, fetcher() as (door, _):
        server.on("/", nowhere)
        with pytest.raises(Unreachable):
            await door.get_json(server.origin + "/")


async def test_parameters_are_encoded_and_text_is_read() -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=request.query["did"])

    async with host() as server, fetcher() as (door, _):
        server.on("/x", echo)
        async with door.open(server.origin + "/x", {"did": "did:web:localhost%3A1&x=1"}) as answer:
            assert await answer.read() == b"did:web:localhost%3A1&x=1"


async def test_a_body_larger_than_its_limit_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 5_000)

    async with host() as server, fetcher() as (door, _):
        server.on("/", endless)
        with pytest.raises(AnswerTooLarge):
            await door.get_json(server.origin + "/")
        async with door.open(server.origin + "/") as answer:
            with pytest.raises(AnswerTooLarge):
                assert sum([len(chunk) async for chunk in answer.chunks(200_000)])


async def test_what_is_not_json_is_an_error() -> None:
    async def text(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    async with host() as server, fetcher() as (door, _):
        server.on("/", text)
        with pytest.raises(AnswerInvalid):
            await door.get_json(server.origin + "/")


async def test_a_compressed_answer_is_refused() -> None:
    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    async with host() as server, fetcher() as (door, _):
        server.on("/", bomb)
        with pytest.raises(AnswerInvalid):
            await door.get_json(server.origin + "/")


async def test_an_xrpc_error_has_its_name_status_and_headers() -> None:
    async def limited(_: web.Request) -> web.Response:
        headers = {"Retry-After": "7", "RateLimit-Remaining": "0", "RateLimit-Reset": "30"}
        return web.json_response({"error": "RateLimitExceeded", "message": "slow"}, status=429, headers=headers)

    async with host() as server, fetcher() as (door, _):
        server.on("/", limited)
        with pytest.raises(XrpcError) as raised:
            await door.get_json(server.origin + "/")
    error = raised.value
    assert (error.status, error.name, error.message) == (429, "RateLimitExceeded", "slow")
    assert error.quota == (0, 30.0, 7.0)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"error": 7, "message": null}', b"\xff"])
async def test_an_error_without_a_name_is_still_an_xrpc_error(body: bytes) -> None:
    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=502, body=body)

    async with host() as server, fetcher() as (door, _):
        server.on("/", broken)
        with pytest.raises(XrpcError) as raised:
            await door.get_json(server.origin + "/")
        assert (raised.value.status, raised.value.name) == (502, "")


def test_a_quota_is_read_from_whatever_a_host_sends() -> None:
    assert read_quota({"RateLimit-Remaining": "3", "RateLimit-Reset": "1800000060"}, 1_800_000_000) == (3, 60.0, None)
    assert read_quota({"RateLimit-Remaining": "3", "RateLimit-Reset": "5"}, 1_800_000_000) == (3, 5.0, None)
    assert read_quota({"Retry-After": "Fri, 15 Jan 2027 08:01:00 GMT"}, 1_800_000_000).retry_after == 60.0
    assert read_quota({"Retry-After": "Fri, 15 Jan 2027 07:00:00 GMT"}, 1_800_000_000).retry_after == 0.0
    for bad in ("", "-1", "nan", "inf", "1e400", "Wed, 99 Oct 2026 07:28:00 GMT", "9" * 30, "\u0663"):
        assert read_quota({"Retry-After": bad, "RateLimit-Reset": bad}, 0.0) == (None, None, None)
    assert read_quota({"Retry-After": "99999999"}, 0.0).retry_after == 86_400.0


async def test_a_host_that_is_silent_is_given_up() -> None:
    async def sleep(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    limits = replace(LIMITS, first_byte=0.2, request=0.5)
    async with host() as server, fetcher(limits=limits) as (door, _):
        server.on("/silent", sleep)
        server.on("/slow", trickle)
        for path in ("/silent", "/slow"):
            with pytest.raises(Unreachable):
                await door.get_json(server.origin + path)


async def test_an_answer_that_breaks_off_is_an_error() -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x")
        request.transport.close()
        return response

    async with host() as server, fetcher() as (door, _):
        server.on("/", break_off)
        with pytest.raises(Unreachable):
            await door.get_json(server.origin + "/")


async def test_a_host_that_does_not_exist_is_unreachable() -> None:
    async with fetcher(trust=False) as (door, _):
        with pytest.raises(Unreachable):
            await door.get_json("https://nobody.example.com/")
    async with fetcher() as (door, _):
        with pytest.raises(Unreachable):
            await door.get_json("http://localhost:1/")


async def test_a_fault_of_who_reads_the_answer_stays_its_own() -> None:
    async with host() as server, fetcher() as (door, _):
        server.says("/", {})
        with pytest.raises(ValueError, match="mine"):
            async with door.open(server.origin + "/"):
                raise ValueError("mine")


async def test_one_good_address_among_private_ones_is_the_only_one_that_is_asked() -> None:
    names = FixedNames()
    names.known["mixed.example.com"] = ["10.0.0.1", "127.0.0.1"]
    async with host() as server, Fetcher(LIMITS, names, trust_loopback=True) as door:
        port = server.origin.rsplit(":", 1)[1]
        with pytest.raises(Unreachable, match=r"(?i)ssl"):
            await door.get_json(f"https://mixed.example.com:{port}/")
