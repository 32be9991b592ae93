"""Signing in: a good token makes a viewer, every bad one is refused by its name."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from appview import tokens
from appview.auth import _Seen
from appview.errors import Unauthorized
from protocol.crypto import Curve, PrivateKey
from protocol.syntax import Did
from runtime.settings import Settings
from tests.appview.signing import SERVICE, bearer, claims, encoded, give_key, token
from tests.appview.stage import Client, Person, Stage, tid
from tests.protocol.webhost import Host

METHOD = "fm.plyr.feed.getTrack"
KEY = PrivateKey.generate("k256", b"the account's")
OTHER = PrivateKey.generate("k256", b"another's")
STRANGER = "did:plc:" + "s" * 24


@pytest.fixture
def settings(database_url: str, plc: Host) -> Settings:
    return Settings.load(
        {},
        answer_hold=0,
        database_url=SecretStr(database_url),
        read_pool_size=4,
        service_url="https://appview.example.com",
        plc_url=plc.origin,
        trust_loopback=True,
        viewer_wait=0.5,
        viewer_fetches=2,
    )


@pytest_asyncio.fixture
async def nils(stage: Stage) -> Person:
    """An account with a key and a track that it likes."""
    nils = await stage.person("nils.example.com")
    await give_key(stage.pool, nils, KEY)
    uri, _ = await stage.track(nils)
    await stage.like(nils, uri, tid(5))
    return nils


async def ask(client: Client, headers: dict[str, str], person: Person) -> tuple[int, Any]:
    status, answer, received = await client.send(METHOD, headers, uri=person.uri(tid(0)))
    assert received["Access-Control-Allow-Origin"] == "*"
    assert ("WWW-Authenticate" in received) == (status == 401)
    return status, answer


async def accepted(client: Client, text: str, person: Person) -> Any:
    """The `viewer` of the track."""
    status, answer = await ask(client, bearer(text), person)
    assert status == 200, answer
    return answer["track"].get("viewer")


async def refused(client: Client, text: str, person: Person) -> str:
    status, answer = await ask(client, bearer(text), person)
    assert status == 401, answer
    return answer["error"]


def document(did: str, key: PrivateKey | None) -> dict[str, Any]:
    """A DID document with that key."""
    method = {"id": f"{did}#atproto", "type": "Multikey", "controller": did}
    keys = [{**method, "publicKeyMultibase": key.public.multikey()}] if key else []
    return {"id": did, "verificationMethod": keys}


@pytest.mark.parametrize("curve", ["k256", "p256"])
@pytest.mark.parametrize("high_s", [False, True])
async def test_whoever_holds_the_accounts_key_is_its_viewer(
    stage: Stage, client: Client, nils: Person, curve: Curve, high_s: bool
) -> None:
    key = PrivateKey.generate(curve, b"x")
    await give_key(stage.pool, nils, key)
    text = token(key, claims(nils, METHOD), high_s=high_s)
    assert await accepted(client, text, nils) == {"like": nils.uri(tid(5), "fm.plyr.like")}


async def test_the_service_may_be_named_with_its_fragment_and_the_key_with_its_own(
    client: Client, nils: Person
) -> None:
    said = claims(nils, METHOD, aud=f"{SERVICE}#plyr_appview")
    for kid in ("#atproto", f"{nils.did}#atproto"):
        header = {"typ": "JWT", "alg": "ES256K", "kid": kid}
        assert await accepted(client, token(KEY, {**said, "jti": kid}, header), nils)


async def test_nobody_in_particular_is_told_nothing_in_particular(client: Client, nils: Person) -> None:
    status, answer = await ask(client, {}, nils)
    assert (status, "viewer" in answer["track"]) == (200, False)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic bmlsczp4", "DPoP abc", "Bearer a b", "Bearer ä"])
async def test_what_is_no_bearer_token_is_refused(client: Client, nils: Person, header: str) -> None:
    status, answer = await ask(client, {"Authorization": header}, nils)
    assert (status, answer["error"]) == (401, "AuthMissing")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("BadJwtAudience", {"aud": "did:web:other.example.com"}),
        ("BadJwtAudience", {"aud": f"{SERVICE}#atproto_labeler"}),
        ("BadJwtAudience", {"aud": [SERVICE]}),
        ("BadJwtAudience", {"aud": None}),
        ("BadJwtLexiconMethod", {"lxm": "fm.plyr.feed.getTracks"}),
        ("BadJwtLexiconMethod", {"lxm": METHOD.lower()}),
        ("BadJwtLexiconMethod", {"lxm": None}),
        ("BadJwtIss", {"iss": None}),
        ("BadJwtIss", {"iss": "nils.example.com"}),
        ("BadJwtIss", {"iss": f"{STRANGER}#plyr_labeler"}),
        ("BadJwtIss", {"iss": STRANGER}),
        ("BadJwtIss", {"iss": "did:example:nobody"}),
        ("BadJwtIss", {"iss": "did:web:10.0.0.1"}),
        ("JwtExpired", {"exp": int(time.time()) - 1}),
        ("JwtExpired", {"exp": -5}),
        ("BadJwt", {"exp": int(time.time()) + 86_400}),
        ("BadJwt", {"exp": 1e300}),
        ("BadJwt", {"exp": "4000000000"}),
        ("BadJwt", {"exp": True}),
        ("BadJwt", {"exp": None}),
        ("BadJwt", {"jti": None}),
        ("BadJwt", {"jti": ""}),
        ("BadJwt", {"jti": 7}),
    ],
)
async def test_a_claim_that_is_wrong_is_refused_by_name(
    client: Client, nils: Person, name: str, changes: dict[str, Any]
) -> None:
    assert await refused(client, token(KEY, claims(nils, METHOD, **changes)), nils) == name


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("BadJwtSignature", {"typ": "JWT", "alg": "none"}),
        ("BadJwtSignature", {"typ": "JWT"}),
        ("BadJwtSignature", {"typ": "JWT", "alg": "ES256"}),
        ("BadJwtSignature", {"typ": "JWT", "alg": "HS256"}),
        ("BadJwtSignature", {"typ": "JWT", "alg": ["ES256K"]}),
        ("BadJwtSignature", {"typ": "JWT", "alg": "ES256K", "kid": "#atproto_label"}),
        ("BadJwtType", {"typ": "at+jwt", "alg": "ES256K"}),
        ("BadJwtType", {"typ": "dpop+jwt", "alg": "ES256K"}),
        ("BadJwtType", {"typ": 5, "alg": "ES256K"}),
        ("BadJwt", {"typ": "JWT", "alg": "ES256K", "crit": ["b64"]}),
        ("BadJwt", []),
        ("BadJwt", "JWT"),
    ],
)
async def test_a_header_that_is_wrong_is_refused_by_name(
    client: Client, nils: Person, name: str, header: object
) -> None:
    assert await refused(client, token(KEY, claims(nils, METHOD), header), nils) == name


async def test_a_token_without_a_good_signature_is_refused(client: Client, nils: Person) -> None:
    signed = token(KEY, claims(nils, METHOD)).rpartition(".")[0]
    for signature in ("", encoded(bytes(64)), encoded(b"\xff" * 64), "A", encoded(KEY.sign(b"something else"))):
        assert await refused(client, f"{signed}.{signature}", nils) in ("BadJwtSignature", "BadJwt")
    assert await refused(client, token(OTHER, claims(nils, METHOD)), nils) == "BadJwtSignature"


async def test_what_is_not_three_parts_of_json_is_refused(client: Client, nils: Person) -> None:
    for text in ("abc", "a.b", "a.b.c.d", "..", "e30.e30.", "bnVsbA.bnVsbA.AA", f"{encoded(b'{')}.{encoded(b'{}')}.AA"):
        assert await refused(client, text, nils) in ("BadJwt", "BadJwtAudience")


async def test_a_token_serves_once(client: Client, nils: Person) -> None:
    said = claims(nils, METHOD)
    text = token(KEY, said)
    assert await accepted(client, text, nils)
    assert await refused(client, text, nils) == "JwtReplayed"
    assert await refused(client, token(KEY, said, high_s=True), nils) == "JwtReplayed"
    assert await accepted(client, token(KEY, claims(nils, METHOD)), nils)


async def test_of_many_requests_with_one_token_one_is_answered(client: Client, nils: Person) -> None:
    text = token(KEY, claims(nils, METHOD))
    statuses = [status for status, _ in await asyncio.gather(*(ask(client, bearer(text), nils) for _ in range(8)))]
    assert sorted(statuses) == [200, *[401] * 7]


async def test_a_token_that_was_refused_has_not_served(client: Client, nils: Person) -> None:
    said = claims(nils, METHOD)
    assert await refused(client, token(OTHER, said), nils) == "BadJwtSignature"
    assert await accepted(client, token(KEY, said), nils)


async def test_the_key_of_somebody_who_is_not_indexed_is_asked_for(client: Client, nils: Person, plc: Host) -> None:
    stranger = Person(0, STRANGER, None)
    plc.says(f"/{STRANGER}", document(STRANGER, OTHER))
    for _ in range(2):
        status, answer, headers = await client.send(
            METHOD, bearer(token(OTHER, claims(stranger, METHOD))), uri=nils.uri(tid(0))
        )
        assert (status, answer["track"]["viewer"], "Atproto-Repo-Rev" in headers) == (200, {}, False)
    assert plc.asked == [f"/{STRANGER}"]


async def test_a_key_that_has_changed_is_asked_for_once_at_a_time(client: Client, nils: Person, plc: Host) -> None:
    plc.says(f"/{nils.did}", document(nils.did, OTHER))
    assert await accepted(client, token(OTHER, claims(nils, METHOD)), nils)
    for _ in range(3):
        forged = PrivateKey.generate("k256")
        assert await refused(client, token(forged, claims(nils, METHOD)), nils) == "BadJwtSignature"
    assert plc.asked == [f"/{nils.did}"]


async def test_a_key_that_was_given_up_opens_nothing_while_the_new_one_is_not_indexed_yet(
    stage: Stage, client: Client, nils: Person, plc: Host
) -> None:
    ida = Person(0, STRANGER, None)
    plc.says(f"/{STRANGER}", document(STRANGER, KEY))
    status, _ = await ask(client, bearer(token(KEY, claims(ida, METHOD))), nils)
    assert status == 200
    plc.says(f"/{STRANGER}", document(STRANGER, OTHER))
    ida = await stage.person(did=STRANGER)
    await stage.pool.execute("UPDATE identity SET stale = true WHERE account_id = $1", ida.id)
    plc.asked.clear()
    old = [token(KEY, claims(ida, METHOD)) for _ in range(2)]
    assert await asyncio.gather(*(refused(client, each, nils) for each in old)) == ["BadJwtSignature"] * 2
    assert await refused(client, token(KEY, claims(ida, METHOD)), nils) == "BadJwtSignature"
    assert len(plc.asked) <= 2
    status, _ = await ask(client, bearer(token(OTHER, claims(ida, METHOD))), nils)
    assert status == 200


async def test_a_document_without_a_key_lets_nobody_in(client: Client, nils: Person, plc: Host) -> None:
    plc.says(f"/{STRANGER}", document(STRANGER, None))
    assert await refused(client, token(OTHER, claims(Person(0, STRANGER, None), METHOD)), nils) == "BadJwtIss"


async def test_an_inactive_account_is_refused_whatever_its_key(stage: Stage, client: Client, nils: Person) -> None:
    ida = await stage.person()
    await give_key(stage.pool, ida, OTHER)
    for change in ("active = false", "active = true, deleted = true"):
        await stage.pool.execute(f"UPDATE account SET {change} WHERE id = $1", ida.id)
        assert await refused(client, token(OTHER, claims(ida, METHOD)), nils) == "BadJwtIss"


async def test_a_directory_that_hangs_holds_up_few_and_not_for_long(client: Client, nils: Person, plc: Host) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise AssertionError

    strangers = [Person(0, "did:plc:" + letter * 24, None) for letter in "abcde"]
    for stranger in strangers:
        plc.on(f"/{stranger.did}", hang)
    answers = await asyncio.gather(
        *(ask(client, bearer(token(OTHER, claims(stranger, METHOD))), nils) for stranger in strangers)
    )
    assert {(status, answer["error"]) for status, answer in answers} == {(503, "ServiceUnavailable")}
    assert len(plc.asked) == 2
    assert await accepted(client, token(KEY, claims(nils, METHOD)), nils)


async def test_a_directory_that_is_broken_makes_no_token_bad(client: Client, nils: Person, plc: Host) -> None:
    plc.says(f"/{STRANGER}", {}, status=500)
    status, answer = await ask(client, bearer(token(OTHER, claims(Person(0, STRANGER, None), METHOD))), nils)
    assert (status, answer["error"]) == (503, "ServiceUnavailable")


async def test_an_answer_says_how_far_the_viewers_repo_is_indexed(stage: Stage, client: Client, nils: Person) -> None:
    await stage.pool.execute("UPDATE repo SET rev = $2 WHERE account_id = $1", nils.id, tid(7))
    for unsigned, told in ((None, tid(7)), (tid(3), tid(7)), (tid(9), tid(9))):
        await stage.pool.execute("UPDATE repo SET unsigned_rev = $2 WHERE account_id = $1", nils.id, unsigned)
        _, _, headers = await client.send(METHOD, bearer(token(KEY, claims(nils, METHOD))), uri=nils.uri(tid(0)))
        assert headers["Atproto-Repo-Rev"] == told
    status, _, headers = await client.send(METHOD, bearer(token(KEY, claims(nils, METHOD))), uri=nils.uri(tid(1)))
    assert (status, headers["Atproto-Repo-Rev"]) == (400, tid(9))


def test_the_memory_of_tokens_is_bounded_and_forgets_what_has_expired() -> None:
    seen = _Seen(3)
    made = [
        tokens.Token(Did(STRANGER), expires, str(number), None, b"", b"") for number, expires in enumerate((5, 9, 7, 8))
    ]
    assert [seen.add(each, 1.0) for each in made] == [True] * 4
    assert [seen.add(each, 2.0) for each in made[1:]] == [False] * 3
    assert seen.add(made[0], 8.5)
    assert len(seen._names) == len(seen._by_expiry) <= 2


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("typ", "alg", "kid", "iss", "aud", "lxm", "exp", "jti", "crit"), json)
)


@given(header=fields | json, said=fields | json, signature=st.binary(max_size=70))
def test_whatever_a_token_says_it_is_read_or_refused_by_name(header: object, said: object, signature: bytes) -> None:
    parts = [orjson.dumps(part, option=orjson.OPT_NON_STR_KEYS) for part in (header, said)]
    text = ".".join(encoded(part) for part in (*parts, signature))
    try:
        read = tokens.read(f"Bearer {text}", Did(SERVICE), METHOD, time.time())
    except Unauthorized:
        return
    assert not read.proven_by(KEY.public)


@given(st.text(max_size=60) | st.from_regex(r"\A[Bb]earer [A-Za-z0-9_.-]{1,60}\Z"))
def test_whatever_stands_in_the_header_is_read_or_refused_by_name(text: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(text, Did(SERVICE), METHOD, time.time())
