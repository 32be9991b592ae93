"""DID documents: what is read from them, where they come from, and how often they are asked for."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import libipld
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.crypto import PrivateKey
from protocol.identity import (
    DidDocument,
    DidNotFound,
    DidTombstoned,
    DidUnresolvable,
    Directory,
    DirectoryLimits,
    IdentityFailed,
    parse_document,
    web_url,
)
from protocol.syntax import Did
from tests.protocol.webhost import fetcher, host

DID = Did("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
OTHER = Did("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb")
KEY = PrivateKey.generate("k256", b"identity").public
P256 = PrivateKey.generate("p256", b"identity").public
LIMITS = DirectoryLimits(cache=3, ttl=60.0, negative_ttl=60.0, plc_rate=10_000.0, plc_concurrency=4)


def document(did: str = DID, **fields: Any) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did,
        "alsoKnownAs": ["at://Alice.Example.com"],
        "verificationMethod": [method(did)],
        "service": [service("https://pds.example.com")],
    } | fields


def method(did: str = DID, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{did}#atproto",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": KEY.multikey(),
    } | fields


def service(endpoint: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint} | fields


def test_a_document_gives_handle_host_and_key() -> None:
    assert parse_document(DID, document()) == DidDocument(DID, "alice.example.com", "https://pds.example.com", KEY)


@pytest.mark.parametrize("identifier", ["#atproto", f"{DID}#atproto"])
def test_a_key_is_found_by_either_form_of_its_id(identifier: str) -> None:
    assert parse_document(DID, document(verificationMethod=[method(id=identifier)])).signing_key == KEY


@pytest.mark.parametrize(
    "wrong",
    [
        method(id="#other"),
        method(id=f"{OTHER}#atproto"),
        method(controller=OTHER),
        method(controller=None),
        method(type="JsonWebKey2020"),
        method(publicKeyMultibase="zGarbage"),
        method(publicKeyMultibase=7),
        method(publicKeyMultibase="z" + "1" * 100_000),
        "#atproto",
        None,
    ],
)
def test_a_method_that_is_not_a_valid_key_of_the_account_is_passed_over(wrong: Any) -> None:
    assert parse_document(DID, document(verificationMethod=[wrong])).signing_key is None
    assert parse_document(DID, document(verificationMethod=[wrong, method()])).signing_key == KEY


def test_the_first_of_two_valid_keys_counts() -> None:
    both = [method(publicKeyMultibase=P256.multikey()), method()]
    assert parse_document(DID, document(verificationMethod=both)).signing_key == P256


@pytest.mark.parametrize(
    ("key", "kind"), [(KEY, "EcdsaSecp256k1VerificationKey2019"), (P256, "EcdsaSecp256r1VerificationKey2019")]
)
def test_keys_of_the_legacy_types_are_read(key, kind: str) -> None:
    legacy = method(type=kind, publicKeyMultibase=libipld.encode_multibase("z", key.compressed))
    assert parse_document(DID, document(verificationMethod=[legacy])).signing_key == key


@pytest.mark.parametrize(
    ("names", "handle"),
    [
        (["https://example.com", "at://not a handle", "at://x", "at://bob.test", "at://eve.test"], "bob.test"),
        (["at://bob.test/extra"], None),
        ([7, None], None),
        ("at://bob.test", None),
        (None, None),
    ],
)
def test_the_handle_is_the_first_valid_name(names: Any, handle: str | None) -> None:
    assert parse_document(DID, document(alsoKnownAs=names)).handle == handle


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://PDS.example.com/", "https://pds.example.com"),
        ("https://pds.example.com:443", "https://pds.example.com"),
        ("https://pds.example.com:8443", "https://pds.example.com:8443"),
        ("http://localhost:2583", "http://localhost:2583"),
        ("https://[2606:4700::1]:8443", "https://[2606:4700::1]:8443"),
        ("https://pds.example.com/xrpc", None),
        ("https://pds.example.com?x=1", None),
        ("https://user@pds.example.com", None),
        ("https://pds.example.com:99999", None),
        ("https://[bad", None),
        ("https://my_pds.example.com", "https://my_pds.example.com"),
        ("https://a\x00b.example.com", None),
        ("https://a b.example.com", None),
        ("https://a%00b.example.com", None),
        ("https://päds.example.com", None),
        ("https://[fe80::1%a\x00b]", None),
        ("https://[v1.a\x00b]", None),
        ("https://:443", None),
        ("ftp://pds.example.com", None),
        ("pds.example.com", None),
        ("", None),
        ("https://" + "a" * 400, None),
        (["https://pds.example.com"], None),
        (None, None),
    ],
)
def test_the_host_is_an_origin_or_nothing(endpoint: Any, origin: str | None) -> None:
    assert parse_document(DID, document(service=[service(endpoint)])).pds == origin


def test_a_service_of_another_kind_is_not_the_host() -> None:
    labeler = service("https://x.example.com", id="#atproto_labeler")
    wrong_type = service("https://x.example.com", type="AtprotoLabeler")
    assert parse_document(DID, document(service=[labeler, wrong_type])).pds is None
    full = service("https://pds.example.com", id=f"{DID}#atproto_pds")
    assert parse_document(DID, document(service=[labeler, full])).pds == "https://pds.example.com"


@pytest.mark.parametrize("wrong", [None, [], "x", {}, {"id": 7}, document(OTHER)])
def test_what_is_not_the_document_of_the_did_is_refused(wrong: Any) -> None:
    with pytest.raises(DidUnresolvable):
        parse_document(DID, wrong)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["#atproto", "#atproto_pds", DID, "Multikey"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
ENTRY = st.dictionaries(
    st.sampled_from(["id", "type", "controller", "publicKeyMultibase", "serviceEndpoint"]),
    JSON | st.sampled_from(["#atproto", "#atproto_pds", DID, "Multikey", "AtprotoPersonalDataServer", "https://x"]),
)
FIELDS = st.sampled_from(["alsoKnownAs", "verificationMethod", "service"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(FIELDS, JSON | st.lists(ENTRY, max_size=3)))
def test_no_document_raises_an_unnamed_error(fields: dict[str, Any]) -> None:
    parse_document(DID, {"id": DID} | fields)


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:example.com", "https://example.com/.well-known/did.json"),
        ("did:web:Sub.Example.com", "https://sub.example.com/.well-known/did.json"),
        ("did:web:localhost%3A3000", "http://localhost:3000/.well-known/did.json"),
        ("did:web:localhost%3a3000", "http://localhost:3000/.well-known/did.json"),
        ("did:web:localhost", "http://localhost/.well-known/did.json"),
        ("did:web:example.com%3A8080", None),
        ("did:web:example.com:path", None),
        ("did:web:example", None),
        ("did:web:127.0.0.1", None),
        ("did:web:%31.example.com", None),
        ("did:web:", None),
        ("did:key:z6Mk", None),
    ],
)
def test_a_did_web_is_a_domain_without_a_path_and_a_port_for_localhost_only(did: str, url: str | None) -> None:
    assert web_url(did) == url


@asynccontextmanager
async def directory(limits: DirectoryLimits = LIMITS):
    async with host() as plc, fetcher() as (door, _):
        yield Directory(plc.origin, door, limits), plc


async def test_a_document_is_asked_for_once_while_it_is_good() -> None:
    async with directory() as (found, plc):
        plc.says(f"/{DID}", document())
        first = await asyncio.gather(*(found.resolve(DID) for _ in range(10)))
        assert await found.resolve(DID) == first[0]
        assert len(plc.asked) == 1


async def test_a_refresh_passes_the_cache() -> None:
    async with directory() as (found, plc):
        plc.says(f"/{DID}", document())
        await found.resolve(DID)
        plc.says(f"/{DID}", document(alsoKnownAs=["at://new.test"]))
        assert (await found.resolve(DID)).handle == "alice.example.com"
        assert (await found.resolve(DID, refresh=True)).handle == "new.test"
        assert (await found.resolve(DID)).handle == "new.test"


async def test_a_refresh_does_not_join_a_request_that_began_before_it() -> None:
    gate, answers = asyncio.Event(), iter([document(), document(alsoKnownAs=["at://new.test"])])

    async def slow(_: web.Request) -> web.Response:
        answer = next(answers)
        await gate.wait()
        return web.json_response(answer)

    async with directory() as (found, plc):
        plc.on(f"/{DID}", slow)
        early = asyncio.create_task(found.resolve(DID))
        await plc.was_asked.wait()
        late = [asyncio.create_task(found.resolve(DID, refresh=True)) for _ in range(3)]
        await asyncio.sleep(0)
        gate.set()
        assert (await early).handle == "alice.example.com"
        assert {(await each).handle for each in late} == {"new.test"}
        assert len(plc.asked) == 2


async def test_one_who_stops_waiting_does_not_end_the_others_request() -> None:
    gate = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await gate.wait()
        return web.json_response(document())

    async with directory() as (found, plc):
        plc.on(f"/{DID}", slow)
        impatient, patient = (asyncio.create_task(found.resolve(DID)) for _ in range(2))
        await plc.was_asked.wait()
        impatient.cancel()
        gate.set()
        assert (await patient).did == DID


@pytest.mark.parametrize(
    ("status", "error"), [(404, DidNotFound), (410, DidTombstoned), (500, DidUnresolvable), (429, DidUnresolvable)]
)
async def test_the_directory_s_answers_have_their_meaning(status: int, error: type[IdentityFailed]) -> None:
    async with directory() as (found, plc):
        plc.says(f"/{DID}", {"message": "no"}, status=status)
        with pytest.raises(error):
            await found.resolve(DID)
        with pytest.raises(error):
            await found.resolve(DID)
        assert len(plc.asked) == 1, "failures are remembered too"


async def test_a_failure_is_remembered_for_less_time_than_a_document() -> None:
    limits = DirectoryLimits(cache=3, ttl=60.0, negative_ttl=0.0, plc_rate=10_000.0, plc_concurrency=4)
    async with directory(limits) as (found, plc):
        with pytest.raises(DidNotFound):
            await found.resolve(DID)
        plc.says(f"/{DID}", document())
        assert (await found.resolve(DID)).did == DID


async def test_what_is_held_is_bounded() -> None:
    async with directory() as (found, plc):
        dids = [Did(f"did:plc:{letter * 24}") for letter in "abcde"]
        for did in dids:
            plc.says(f"/{did}", document(did))
            await found.resolve(did)
        assert len(found._cache) == LIMITS.cache
        assert not found._flights


async def test_requests_to_the_directory_are_bounded_in_rate_and_number() -> None:
    limits = DirectoryLimits(cache=100, ttl=60.0, negative_ttl=60.0, plc_rate=50.0, plc_concurrency=2)
    under_way = most = 0

    async def count(request: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.1)
        under_way -= 1
        return web.json_response(document(request.path[1:]))

    async with directory(limits) as (found, plc):
        dids = [Did(f"did:plc:{letter * 24}") for letter in "abcdef"]
        for did in dids:
            plc.on(f"/{did}", count)
        begin = asyncio.get_running_loop().time()
        await asyncio.gather(*map(found.resolve, dids))
        assert asyncio.get_running_loop().time() - begin >= 5 / 50
        assert most == 2


async def test_a_did_web_is_read_from_its_own_host() -> None:
    async with directory() as (found, server):
        port = server.origin.rsplit(":", 1)[1]
        for escape in ("%3A", "%3a"):
            did = Did.parse(f"did:web:localhost{escape}{port}")
            server.says("/.well-known/did.json", document(f"did:web:localhost{escape}{port}"))
            resolved = await found.resolve(did, refresh=True)
            assert (resolved.did, resolved.signing_key) == (f"did:web:localhost%3A{port}", KEY)
        assert server.asked == ["/.well-known/did.json"] * 2


async def test_a_did_of_another_kind_is_not_found_and_nobody_is_asked() -> None:
    async with directory() as (found, plc):
        for did in ("did:web:example.com:path", "did:key:zabc", "did:plc:short"):
            with pytest.raises(DidNotFound):
                await found.resolve(Did(did))
        assert plc.asked == []


async def test_an_unreachable_directory_means_nothing() -> None:
    async with fetcher() as (door, _):
        with pytest.raises(DidUnresolvable):
            await Directory("http://localhost:1", door, LIMITS).resolve(DID)


async def test_refusals_of_requests_at_once_are_one_pause() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({}, status=429, headers={"Retry-After": "1"})

    async with directory() as (found, plc):
        dids = [Did(f"did:plc:{letter * 24}") for letter in "abcd"]
        for did in dids:
            plc.on(f"/{did}", refuse)
        await asyncio.gather(*(found.resolve(did) for did in dids), return_exceptions=True)
        plc.says(f"/{DID}", document())
        begun = asyncio.get_running_loop().time()
        assert (await found.resolve(DID, refresh=True)).did == DID
        assert 0.5 < asyncio.get_running_loop().time() - begun < 2.0
