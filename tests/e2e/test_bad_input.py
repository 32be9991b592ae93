"""What a real PDS lets through, and what no honest host would send: taken as it is meant, or refused; never fatal."""

from collections.abc import Callable

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.firehose import encode_frame, subscribe
from tests.e2e.forgery import with_seq, with_wrong_signature
from tests.e2e.music import PLAY, TRACK, play, track
from tests.e2e.pds import Pds, Written, creation, deletion, update_of
from tests.e2e.polling import eventually
from tests.e2e.relay import Relay
from tests.e2e.stored import records
from tests.e2e.system import Answer, AppView, System

Name = Callable[[str], str]


async def shown(appview: AppView, written: Written) -> Answer:
    async def check() -> Answer:
        return (await appview.get("fm.plyr.feed.getTrack", uri=written.uri))["track"]

    return await eventually(check)


async def test_a_string_with_a_nul_is_shown_without_it_and_kept_with_it(appview: AppView, pds: Pds, name: Name) -> None:
    artist = await pds.create_account(name("nul"))
    written = await artist.create(TRACK, track("be\x00fore", description="a\x00b #t\x00ag", album="\x00"))
    view = await shown(appview, written)
    assert view["cid"] == written.cid
    assert view["title"] == "be\ufffdfore"
    assert view["record"]["title"].replace("\x00", "\ufffd") == "be\ufffdfore"


async def test_a_record_of_950_kilobytes_is_shown_whole(appview: AppView, pds: Pds, name: Name) -> None:
    artist = await pds.create_account(name("huge"))
    written = await artist.create(TRACK, track("Long sleeve notes", sleeveNotes="n" * 950_000))
    view = await shown(appview, written)
    assert view["title"] == "Long sleeve notes"
    assert len(view["record"]["sleeveNotes"]) == 950_000


async def test_a_weird_record_key_is_an_address_like_any_other(appview: AppView, pds: Pds, name: Name) -> None:
    artist = await pds.create_account(name("weird"))
    written = await artist.create(TRACK, track("Weird"), rkey="my:weird_key-1.~")
    assert (await shown(appview, written))["uri"] == written.uri
    await artist.delete(written.uri)

    async def gone() -> None:
        assert await appview.refusal("fm.plyr.feed.getTrack", uri=written.uri) == (400, "TrackNotFound")

    await eventually(gone)


async def test_the_largest_integer_and_deep_nesting_are_shown_as_they_are(
    appview: AppView, pds: Pds, name: Name
) -> None:
    artist = await pds.create_account(name("deep"))
    nested: object = "bottom"
    for _ in range(30):
        nested = {"in": [nested]}
    written = await artist.create(TRACK, track("Deep", duration=2**53 - 1, nested=nested))
    after = await artist.create(TRACK, track("After"))
    await shown(appview, after)
    view = await shown(appview, written)
    assert view["record"]["nested"] == nested
    assert view["duration"] == 2**53 - 1


async def test_a_path_created_and_deleted_in_one_commit_leaves_nothing_and_its_neighbours_stay(
    appview: AppView, system: System, pds: Pds, name: Name
) -> None:
    artist = await pds.create_account(name("fickle"))
    kept = await artist.create(TRACK, track("Kept"), rkey="3mkept2222222")
    await shown(appview, kept)
    await artist.apply_writes(
        [
            creation(TRACK, track("Fickle"), rkey="3mfickle22222"),
            deletion(TRACK, rkey="3mfickle22222"),
            creation(PLAY, play("Spying Glass"), rkey="3mplay2222222"),
            update_of(TRACK, track("Kept, once"), rkey="3mkept2222222"),
            update_of(TRACK, track("Kept, twice"), rkey="3mkept2222222"),
        ]
    )

    async def check() -> None:
        page = await appview.get("fm.plyr.feed.getActorTracks", actor=artist.did)
        assert [view["title"] for view in page["tracks"]] == ["Kept, twice"]
        feed = await appview.get("fm.teal.feed.getActorFeed", authorDID=artist.did)
        assert [each["trackName"] for each in feed["plays"]] == ["Spying Glass"]

    await eventually(check)
    assert f"at://{artist.did}/{TRACK}/3mfickle22222" not in await records(system.dsn, artist.did)
    await shown(appview, await artist.create(TRACK, track("The chain goes on")))


async def test_an_invalid_record_hides_the_valid_version_that_it_replaced(
    appview: AppView, system: System, pds: Pds, name: Name
) -> None:
    artist = await pds.create_account(name("invalid"))
    written = await artist.create(TRACK, track("Valid"))
    await shown(appview, written)
    # The reference PDS knows no fm.plyr lexicon, so it takes a title of the wrong type.
    invalid = await artist.put(TRACK, written.rkey, track("Valid") | {"title": 7})

    async def gone() -> None:
        assert await appview.refusal("fm.plyr.feed.getTrack", uri=written.uri) == (400, "TrackNotFound")

    await eventually(gone)
    assert await records(system.dsn, artist.did) == {invalid.uri: invalid.cid}


@pytest.mark.parametrize(
    "frame",
    [
        lambda seq: encode_frame({"op": 1, "t": "#novelty"}, {"seq": seq, "did": "did:plc:x"}),
        lambda seq: encode_frame({"op": 1, "t": "#commit"}, {"seq": seq, "repo": 7, "ops": {"path": TRACK}}),
        lambda _: encode_frame({"op": 1, "t": "#commit"}, {"seq": "no number"}),
        lambda seq: encode_frame({"op": 7}, {"seq": seq}),
        lambda _: b"",
        lambda _: b"\xff" * 1_000,
        lambda _: b"\x81" * 100_000,
    ],
    ids=["unknown type", "wrong fields", "wrong number", "unknown op", "empty", "garbage", "endless nesting"],
)
async def test_a_frame_that_makes_no_sense_does_not_stop_the_stream(
    appview: AppView, pds: Pds, relay: Relay, name: Name, frame: Callable[[int], bytes]
) -> None:
    artist = await pds.create_account(name("sober"))
    await relay.inject(frame(await relay.skip()))
    await shown(appview, await artist.create(TRACK, track("Still here")))


async def test_a_truncated_commit_does_not_stop_the_stream(
    appview: AppView, pds: Pds, relay: Relay, http: ClientSession, name: Name
) -> None:
    artist = await pds.create_account(name("cut"))
    async with subscribe(http, relay.info.firehose) as firehose:
        first = await artist.create(TRACK, track("First"))
        frame = await firehose.next_commit(artist.did)
    whole = with_seq(frame, await relay.skip())
    for length in (1, 20, len(whole) // 2, len(whole) - 1):
        await relay.inject(whole[:length])
    await shown(appview, first)
    await shown(appview, await artist.create(TRACK, track("Second")))


async def wrong_signatures(http: ClientSession, system: System) -> float:
    """How many commits the indexer has rejected for their signature."""
    async with http.get(system.metrics_url) as answer:
        families = list(text_string_to_metric_families(await answer.text()))
    labels = {"outcome": "rejected", "reason": "signature_invalid"}
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "plyr_indexer_events_total" and labels.items() <= sample.labels.items()
    )


async def test_a_commit_with_a_wrong_signature_changes_nothing_and_the_true_one_still_counts(
    appview: AppView, system: System, pds: Pds, relay: Relay, http: ClientSession, name: Name
) -> None:
    victim, witness = await pds.create_account(name("victim")), await pds.create_account(name("witness"))
    written, seen = await victim.create(TRACK, track("Wanted")), await witness.create(TRACK, track("Marker"))
    await shown(appview, written)
    await shown(appview, seen)
    rejected_before = await wrong_signatures(http, system)
    await relay.stall()
    try:
        async with subscribe(http, pds.info.firehose) as firehose:
            await victim.delete(written.uri)
            deleted = await firehose.next_commit(victim.did)
            await witness.delete(seen.uri)
            marker = await firehose.next_commit(witness.did)
        await relay.inject(with_wrong_signature(deleted, await relay.skip()))
        await relay.inject(with_seq(marker, await relay.skip()))

        async def marker_is_applied() -> None:
            assert await appview.refusal("fm.plyr.feed.getTrack", uri=seen.uri) == (400, "TrackNotFound")

        await eventually(marker_is_applied)

        async def forgery_is_rejected() -> None:
            assert await wrong_signatures(http, system) == rejected_before + 1

        await eventually(forgery_is_rejected)
        assert (await appview.get("fm.plyr.feed.getTrack", uri=written.uri))["track"]["title"] == "Wanted"
    finally:
        await relay.resume()

    async def true_one_is_applied() -> None:
        assert await appview.refusal("fm.plyr.feed.getTrack", uri=written.uri) == (400, "TrackNotFound")

    await eventually(true_one_is_applied)


async def test_parameters_that_are_wrong_are_named_and_an_unknown_method_is_not_implemented(appview: AppView) -> None:
    status, body = await appview.ask("fm.plyr.feed.getLatestTracks", limit="many")
    assert (status, body["error"]) == (400, "InvalidRequest")
    assert "limit" in body["message"]
    status, body = await appview.ask("fm.plyr.feed.getTrack")
    assert (status, body["error"]) == (400, "InvalidRequest")
    assert "uri" in body["message"]
    assert await appview.refusal("fm.plyr.feed.noSuchMethod") == (501, "MethodNotImplemented")
