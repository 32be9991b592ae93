"""The harness keeps its word: the network is real; client, firehose reader and faults do what they say."""

from collections.abc import Callable

import pytest
from aiohttp import ClientSession
from cbor2 import CBORTag

from tests.e2e.firehose import encode_frame, subscribe
from tests.e2e.pds import Pds, PdsError, creation, deletion
from tests.e2e.relay import Relay

PLAY = {"trackName": "Angel", "playedTime": "2026-01-01T00:00:00.000Z"}
Name = Callable[[str], str]


async def test_a_record_is_written_read_back_and_seen_on_the_pds_firehose(
    pds: Pds, http: ClientSession, name: Name
) -> None:
    account = await pds.create_account(name("writer"))
    async with subscribe(http, pds.info.firehose) as firehose:
        written = await account.create("fm.teal.feed.play", PLAY)
        frame = await firehose.next_commit(account.did)
    assert frame.body["rev"] == written.rev
    [op] = frame.body["ops"]
    assert op["action"] == "create"
    assert op["path"] == f"fm.teal.feed.play/{written.rkey}"
    assert isinstance(op["cid"], CBORTag)
    assert (await account.get_record("fm.teal.feed.play", written.rkey))["cid"] == written.cid
    assert [record["uri"] async for record in pds.list_records(account.did, "fm.teal.feed.play")] == [written.uri]


async def test_the_relay_passes_on_what_a_pds_says_under_numbers_of_its_own(
    other_pds: Pds, relay: Relay, http: ClientSession, name: Name
) -> None:
    account = await other_pds.create_account(name("relayed"))
    async with subscribe(http, relay.info.firehose) as firehose:
        burnt = await relay.skip(1_000)
        written = await account.create("fm.teal.feed.play", PLAY)
        frame = await firehose.next_commit(account.did)
        assert frame.body["rev"] == written.rev
        assert frame.body["seq"] > burnt
        await relay.replay(1)
        again = await firehose.next_commit(account.did)
    assert again.body["rev"] == written.rev
    assert again.body["seq"] > frame.body["seq"]


async def test_an_injected_frame_reaches_the_consumers_as_it_is(relay: Relay, http: ClientSession) -> None:
    async with subscribe(http, relay.info.firehose) as firehose:
        seq = await relay.skip()
        raw = encode_frame({"op": 1, "t": "#novelty"}, {"seq": seq})
        await relay.inject(raw)
        while (frame := await firehose.next()).raw != raw:
            pass
    assert (frame.type, frame.body) == ("#novelty", {"seq": seq})


async def test_a_create_and_a_delete_of_one_path_travel_in_one_commit(
    pds: Pds, http: ClientSession, name: Name
) -> None:
    account = await pds.create_account(name("fickle"))
    async with subscribe(http, pds.info.firehose) as firehose:
        play = creation("fm.teal.feed.play", PLAY, rkey="3mfickleplay2")
        await account.apply_writes([play, deletion("fm.teal.feed.play", rkey="3mfickleplay2")])
        frame = await firehose.next_commit(account.did)
    assert [op["action"] for op in frame.body["ops"]] == ["create", "delete"]
    with pytest.raises(PdsError, match="RecordNotFound"):
        await account.get_record("fm.teal.feed.play", "3mfickleplay2")


async def test_account_states_show_on_the_firehose(pds: Pds, http: ClientSession, name: Name) -> None:
    account = await pds.create_account(name("moody"))
    async with subscribe(http, pds.info.firehose) as firehose:
        await account.deactivate()
        await firehose.until_account(account.did, active=False, status="deactivated")
        await account.activate()
        await firehose.until_account(account.did, active=True, status=None)
        await pds.takedown(account.did)
        await firehose.until_account(account.did, active=False, status="takendown")
        await pds.takedown(account.did, applied=False)
        await firehose.until_account(account.did, active=True, status=None)
        await account.sign_in()
        await account.delete_account()
        await firehose.until_account(account.did, active=False, status="deleted")


async def test_a_changed_handle_resolves_to_its_account(pds: Pds, name: Name) -> None:
    account = await pds.create_account(name("before"))
    handle = await account.update_handle(name("after"))
    assert await pds.query("com.atproto.identity.resolveHandle", handle=handle) == {"did": account.did}


async def test_a_blob_is_served_byte_for_byte(pds: Pds, http: ClientSession, name: Name) -> None:
    account = await pds.create_account(name("blobs"))
    data = b"\x00\xff audio" * 1_000
    blob = await account.upload_blob(data, "audio/mpeg")
    track = {"title": "t", "artist": "a", "fileType": "mp3", "createdAt": "2026-01-01T00:00:00.000Z", "audioBlob": blob}
    await account.create("fm.plyr.track", track)
    params = {"did": account.did, "cid": blob["ref"]["$link"]}
    async with http.get(f"{pds.info.url}/xrpc/com.atproto.sync.getBlob", params=params) as answer:
        assert await answer.read() == data


async def test_a_service_token_is_a_jwt_for_one_audience(pds: Pds, name: Name) -> None:
    account = await pds.create_account(name("viewer"))
    token = await account.service_token("did:web:example.com", "fm.plyr.feed.getTrack")
    assert len(token.split(".")) == 3
