"""Where handles lead: by DNS, by their web server, by a trusted host; and what follows from no answer."""

from collections.abc import Mapping
from typing import Any

import pytest

from protocol.fetch import AddressRefused, FetchFailed, Quota, Unreachable, XrpcError
from protocol.handles import HandleResolver, HandleUnresolvable
from protocol.syntax import Handle
from tests.protocol.webhost import FixedNames, fetcher, host

DID, OTHER = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"
HANDLE = Handle("alice.example.com")


class Web:
    """Answers for the web servers of handles."""

    def __init__(self, answer: str | FetchFailed) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def get_text(self, url: str, params: Mapping[str, str] | None = None) -> str:
        self.asked.append(url)
        if isinstance(self.answer, FetchFailed):
            raise self.answer
        return self.answer


def resolver(answer: str | FetchFailed, *texts: str) -> tuple[HandleResolver, Web, FixedNames]:
    names, web = FixedNames(), Web(answer)
    names.records["_atproto.alice.example.com"] = list(texts)
    unused: Any = web
    return HandleResolver(unused, names), web, names


def failed(status: int) -> XrpcError:
    return XrpcError(status, "", "", Quota(None, None, None))


async def test_a_record_in_dns_is_enough() -> None:
    found, web, _ = resolver(OTHER, "v=spf1 -all", f"did={DID}", f"did={DID}")
    assert await found.resolve(HANDLE) == DID
    assert web.asked == []


async def test_differing_records_lead_nowhere_whatever_the_web_server_says() -> None:
    found, web, _ = resolver(DID, f"did={DID}", f"did={OTHER}")
    assert await found.resolve(HANDLE) is None
    assert web.asked == []


async def test_a_record_that_is_no_did_leads_nowhere() -> None:
    found, _, _ = resolver(DID, "did=nonsense")
    assert await found.resolve(HANDLE) is None


async def test_without_a_record_the_web_server_is_asked() -> None:
    found, web, _ = resolver(f" {DID}\n")
    assert await found.resolve(HANDLE) == DID
    assert web.asked == ["https://alice.example.com/.well-known/atproto-did"]


@pytest.mark.parametrize("answer", ["<html>", "", DID + " and more", failed(404), failed(403), AddressRefused("x")])
async def test_a_web_server_that_names_no_did_leads_nowhere(answer: str | FetchFailed) -> None:
    found, _, _ = resolver(answer)
    assert await found.resolve(HANDLE) is None


@pytest.mark.parametrize("fault", [failed(500), failed(503), failed(429), Unreachable("timeout")])
async def test_a_web_server_that_fails_says_nothing(fault: FetchFailed) -> None:
    found, _, _ = resolver(fault)
    with pytest.raises(HandleUnresolvable):
        await found.resolve(HANDLE)


async def test_a_domain_that_does_not_exist_leads_nowhere() -> None:
    async with fetcher() as (door, names):
        assert await HandleResolver(door, names).resolve(Handle("gone.example.com")) is None
        names.broken.add("slow.example.com")
        with pytest.raises(HandleUnresolvable):
            await HandleResolver(door, names).resolve(Handle("slow.example.com"))


async def test_name_servers_that_fail_say_nothing_unless_the_web_server_knows() -> None:
    found, web, names = resolver(failed(404))
    names.broken.add("_atproto.alice.example.com")
    with pytest.raises(HandleUnresolvable):
        await found.resolve(HANDLE)
    web.answer = DID
    assert await found.resolve(HANDLE) == DID


@pytest.mark.parametrize("handle", ["a.local", "a.localhost", "a.onion", "a.internal", "x.example", "b.arpa"])
async def test_a_name_that_means_something_here_only_is_not_asked_for(handle: str) -> None:
    found, web, _ = resolver(DID)
    assert await found.resolve(Handle(handle)) is None
    assert web.asked == []


async def test_a_trusted_host_is_asked_instead() -> None:
    async with host() as server, fetcher() as (door, names):
        found = HandleResolver(door, names, server.origin)
        server.says("/xrpc/com.atproto.identity.resolveHandle", {"did": DID})
        assert await found.resolve(Handle("alice.test")) == DID
        assert server.asked == ["/xrpc/com.atproto.identity.resolveHandle?handle=alice.test"]
        for nothing in ({}, [], {"did": 7}, {"did": "x"}):
            server.says("/xrpc/com.atproto.identity.resolveHandle", nothing)
            assert await found.resolve(Handle("alice.test")) is None
        server.says("/xrpc/com.atproto.identity.resolveHandle", {"error": "InvalidRequest"}, status=400)
        assert await found.resolve(Handle("alice.test")) is None
        server.says("/xrpc/com.atproto.identity.resolveHandle", {}, status=502)
        with pytest.raises(HandleUnresolvable):
            await found.resolve(Handle("alice.test"))
