"""The simulated hosts over HTTP: documents, repos, blobs, status, listings and errors as the real ones give them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from protocol.crypto import PublicKey
from protocol.syntax import Did, Nsid, RecordKey
from simulator import Account, Network, Write
from simulator.codec import Cid, decode, to_json
from tests.simulator.wire import read_car, walk

LIKE = Nsid("fm.plyr.like")


def some_account(network: Network) -> Account:
    return network.world.account(network.world.scene.artists[0])


def pds_url(network: Network, account: Account) -> str:
    return network.pds_urls[account.host]


async def get(http: aiohttp.ClientSession, origin: str, method: str, **params: str) -> tuple[int, Any]:
    async with http.get(f"{origin}/xrpc/{method}", params=params, allow_redirects=False) as answer:
        if answer.content_type == "application/json":
            return answer.status, await answer.json()
        return answer.status, await answer.read()


async def test_the_directory_gives_a_document_with_handle_key_and_pds(
    network: Network, http: aiohttp.ClientSession
) -> None:
    account = some_account(network)
    async with http.get(f"{network.plc_url}/{account.did}") as answer:
        assert answer.content_type == "application/did+ld+json"
        document = await answer.json(content_type=None)
    assert document["alsoKnownAs"] == [f"at://{account.handle}"]
    (method,) = document["verificationMethod"]
    assert (method["id"], method["controller"]) == (f"{account.did}#atproto", account.did)
    assert PublicKey.from_multikey(method["publicKeyMultibase"]) == account.key.public
    assert document["service"][0]["serviceEndpoint"] == pds_url(network, account)


async def test_the_directory_knows_unregistered_from_tombstoned(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    network.world.tombstone(account.did)
    async with http.get(f"{network.plc_url}/{account.did}") as answer:
        assert answer.status == 410
    async with http.get(f"{network.plc_url}/did:plc:nobody") as answer:
        assert answer.status == 404


async def test_a_did_web_account_is_proved_by_its_own_host(network: Network, http: aiohttp.ClientSession) -> None:
    account = await network.create_web_account("web.test", curve="p256", host=1)
    assert account.did.startswith("did:web:localhost%3A")
    origin = f"http://127.0.0.1:{account.did.rsplit('%3A', 1)[1]}"
    async with http.get(f"{origin}/.well-known/did.json") as answer:
        document = await answer.json()
    assert document["id"] == account.did
    assert document["service"][0]["serviceEndpoint"] == network.pds_urls[1]
    async with http.get(f"{origin}/.well-known/atproto-did") as answer:
        assert await answer.text() == account.did
    async with http.get(f"{network.plc_url}/{account.did}") as answer:
        assert answer.status == 404


async def test_every_pds_resolves_every_handle(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    for url in network.pds_urls:
        answer = await get(http, url, "com.atproto.identity.resolveHandle", handle=account.handle.upper())
        assert answer == (200, {"did": account.did})
    status, body = await get(http, network.pds_urls[0], "com.atproto.identity.resolveHandle", handle="nobody.test")
    assert (status, body["error"]) == (400, "InvalidRequest")
    async with http.get(
        f"{network.pds_urls[0]}/.well-known/atproto-did", headers={"Host": f"{account.handle}:80"}
    ) as found:
        assert await found.text() == account.did
    async with http.get(f"{network.pds_urls[0]}/.well-known/atproto-did") as found:
        assert found.status == 404


async def test_a_pds_gives_out_a_whole_repo(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    _, car = await get(http, pds_url(network, account), "com.atproto.sync.getRepo", did=account.did)
    root, blocks = read_car(car)
    commit = decode(blocks[root])
    assert (commit["did"], commit["rev"]) == (account.did, account.active_repo.head.rev)
    found = {path: blocks[cid] for path, cid in walk(commit["data"], blocks).items()}
    assert found == account.active_repo.records


async def test_a_pds_proves_a_record(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    path, record = next(iter(account.active_repo.records.items()))
    collection, rkey = path.split("/")
    origin = pds_url(network, account)
    method = "com.atproto.sync.getRecord"
    _, car = await get(http, origin, method, did=account.did, collection=collection, rkey=rkey)
    assert read_car(car)[1][Cid.of_block(record)] == record


async def test_a_pds_gives_out_records_as_json(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    origin = pds_url(network, account)
    paths = sorted(path for path in account.active_repo.records if path.startswith("fm.plyr.track/"))
    params = {"repo": account.handle, "collection": "fm.plyr.track"}
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        _, body = await get(http, origin, "com.atproto.repo.listRecords", limit="2", **params, **cursor)
        found += [row["uri"] for row in body["records"]]
        if "cursor" not in body:
            break
        cursor = {"cursor": body["cursor"]}
    assert found == [f"at://{account.did}/{path}" for path in paths]
    rkey = paths[0].split("/")[1]
    _, row = await get(http, origin, "com.atproto.repo.getRecord", rkey=rkey, **params)
    assert row["value"] == to_json(account.active_repo.value(paths[0]))
    status, body = await get(http, origin, "com.atproto.repo.getRecord", rkey="none", **params)
    assert (status, body["error"]) == (400, "RecordNotFound")


async def test_a_pds_gives_out_the_very_bytes_of_a_blob(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    cid, media = next((cid, media) for cid, media in account.blobs.items() if media.mime_type == "audio/wav")
    origin = f"{pds_url(network, account)}/xrpc/com.atproto.sync.getBlob"
    async with http.get(origin, params={"did": account.did, "cid": str(cid)}) as answer:
        assert answer.content_type == "audio/wav"
        assert Cid.of_blob(await answer.read()) == cid
    assert media.data().startswith(b"RIFF")
    async with http.get(origin, params={"did": account.did, "cid": str(Cid.of_blob(b""))}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "BlobNotFound")


async def test_latest_commit_and_status_say_where_a_repo_stands(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    head = account.active_repo.head
    for origin in (pds_url(network, account), network.directory_url):
        answer = await get(http, origin, "com.atproto.sync.getLatestCommit", did=account.did)
        assert answer == (200, {"cid": str(head.cid), "rev": head.rev})
        answer = await get(http, origin, "com.atproto.sync.getRepoStatus", did=account.did)
        assert answer == (200, {"did": account.did, "active": True, "rev": head.rev})


@pytest.mark.parametrize(
    ("act", "error", "status"),
    [
        ("deactivate", "RepoDeactivated", "deactivated"),
        ("suspend", "RepoSuspended", "suspended"),
        ("take_down", "RepoTakendown", "takendown"),
        ("delete", "RepoNotFound", None),
    ],
)
async def test_a_repo_that_is_not_active_is_refused_by_name(
    network: Network, http: aiohttp.ClientSession, act: str, error: str, status: str | None
) -> None:
    account = some_account(network)
    origin = pds_url(network, account)
    getattr(network.world, act)(account.did)
    for method in ("getRepo", "getLatestCommit"):
        code, body = await get(http, origin, f"com.atproto.sync.{method}", did=account.did)
        assert (code, body["error"]) == (400, error)
    code, body = await get(http, origin, "com.atproto.sync.getRepoStatus", did=account.did)
    if status is None:
        assert (code, body["error"]) == (400, "RepoNotFound")
    else:
        assert body == {"did": account.did, "active": False, "status": status}
    _, listed = await get(http, origin, "com.atproto.sync.listRepos")
    row = next((row for row in listed["repos"] if row["did"] == account.did), None)
    assert (row and (row["active"], row["status"])) == (status and (False, status))


async def test_an_account_that_moved_is_deactivated_where_it_was(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    old = account.host
    network.world.migrate(account.did, 1 - old)
    code, body = await get(http, network.pds_urls[old], "com.atproto.sync.getRepo", did=account.did)
    assert (code, body["error"]) == (400, "RepoDeactivated")
    code, _ = await get(http, network.pds_urls[1 - old], "com.atproto.sync.getRepo", did=account.did)
    assert code == 200
    async with http.get(f"{network.plc_url}/{account.did}") as answer:
        document = await answer.json(content_type=None)
    assert document["service"][0]["serviceEndpoint"] == network.pds_urls[1 - old]


async def test_the_relay_sends_those_who_want_a_repo_to_its_pds(network: Network, http: aiohttp.ClientSession) -> None:
    account = some_account(network)
    async with http.get(
        f"{network.directory_url}/xrpc/com.atproto.sync.getRepo", params={"did": account.did}, allow_redirects=False
    ) as answer:
        assert answer.status == 302
        assert answer.headers["Location"].startswith(pds_url(network, account))
    _, body = await get(http, network.directory_url, "com.atproto.sync.listHosts")
    assert [f"http://{row['hostname']}" for row in body["hosts"]] == sorted(network.pds_urls)


async def test_listings_page_through_everybody_once(network: Network, http: aiohttp.ClientSession) -> None:
    listings: list[tuple[str, str, dict[str, str]]] = [
        (network.directory_url, "com.atproto.sync.listRepos", {}),
        (network.directory_url, "com.atproto.sync.listReposByCollection", {"collection": "app.bsky.feed.post"}),
        *((url, "com.atproto.sync.listRepos", {}) for url in network.pds_urls),
    ]
    seen: list[list[Did]] = []
    for origin, method, params in listings:
        found: list[Did] = []
        cursor: dict[str, str] = {}
        while True:
            _, body = await get(http, origin, method, limit="2", **params, **cursor)
            found += [row["did"] for row in body["repos"]]
            if "cursor" not in body:
                break
            cursor = {"cursor": body["cursor"]}
        seen.append(found)
    everybody = sorted(network.world.accounts)
    assert seen[0] == everybody
    assert seen[1] == sorted(network.world.scene.strangers)
    assert sorted(seen[2] + seen[3]) == everybody


async def test_the_collection_directory_forgets_who_has_nothing_left(
    network: Network, http: aiohttp.ClientSession
) -> None:
    did = network.world.scene.strangers[0]
    like = Write("create", LIKE, RecordKey("one"), {"createdAt": "2025-01-01T00:00:00Z"})
    method = "com.atproto.sync.listReposByCollection"

    async def likers() -> list[str]:
        _, body = await get(http, network.directory_url, method, collection=LIKE)
        return [row["did"] for row in body["repos"]]

    assert did not in await likers()
    await network.write(did, [like])
    assert did in await likers()
    await network.write(did, [Write("delete", LIKE, RecordKey("one"))])
    assert did not in await likers()


@pytest.mark.parametrize(
    ("method", "params", "code", "error"),
    [
        ("com.atproto.sync.getRepo", {}, 400, "InvalidRequest"),
        ("com.atproto.sync.getRepo", {"did": "nonsense"}, 400, "InvalidRequest"),
        ("com.atproto.sync.getRepo", {"did": "did:plc:nobody"}, 400, "RepoNotFound"),
        ("com.atproto.sync.listRepos", {"limit": "many"}, 400, "InvalidRequest"),
        ("com.atproto.sync.listRepos", {"limit": "0"}, 400, "InvalidRequest"),
        ("com.atproto.sync.subscribeRepos", {"cursor": "now"}, 400, "InvalidRequest"),
        ("com.atproto.nothing", {}, 501, "MethodNotImplemented"),
    ],
)
async def test_a_wrong_request_gets_a_named_error(
    network: Network, http: aiohttp.ClientSession, method: str, params: dict[str, str], code: int, error: str
) -> None:
    for origin in (network.pds_urls[0], network.directory_url):
        status, body = await get(http, origin, method, **params)
        assert (status, body["error"]) == (code, error)
