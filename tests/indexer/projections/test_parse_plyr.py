"""Records of fm.plyr and profiles to rows, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from indexer.projections import bsky_profile, plyr_comment, plyr_like, plyr_profile, plyr_track, teal_profile
from protocol.cbor import Cid, encode

from .records import (
    ALPHA_PROFILE,
    BLOB,
    BSKY_PROFILE,
    CID,
    COMMENT,
    LIKE,
    NOW,
    PLYR_PROFILE,
    TEAL_PROFILE,
    TRACK,
    comment,
    did,
    like,
    row,
    track,
    uri,
)

CREATED_AT = datetime(2026, 2, 1, 10, 0, 0, 123_000, UTC)


def parsed(**fields: Any) -> plyr_track.Track:
    found = plyr_track.parse(row(TRACK, track(**fields)))
    assert found is not None
    return found


def test_a_track_with_everything() -> None:
    made = row(
        TRACK,
        track(
            audioUrl="https://audio.example.com/1.mp3",
            album="Mezzanine",
            duration=379,
            imageUrl="https://images.example.com/1.png",
            description="slow #TripHop",
            tags=["Bristol"],
            features=[{"did": str(did(7)), "handle": "stale.example.com"}, {"did": str(did(7))}],
            supportGate={"type": "any"},
            labels={"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "sexual"}]},
        ),
    )
    assert made.invalid is None
    found = plyr_track.parse(made)
    assert found is not None
    assert found._replace(record="") == plyr_track.Track(
        account_id=1,
        sort_at=CREATED_AT,
        created_at=CREATED_AT,
        indexed_at=NOW,
        duration=379,
        audio_size=1234,
        rkey="3kaaaaaaaaa2a",
        uri=uri(1, TRACK, "3kaaaaaaaaa2a"),
        cid=str(Cid.of_block(encode(made.value))),
        title="Angel",
        artist="Massive Attack",
        file_type="mp3",
        audio_cid=str(BLOB["ref"]),
        audio_mime="audio/mpeg",
        audio_url="https://audio.example.com/1.mp3",
        album="Mezzanine",
        image="https://images.example.com/1.png",
        description="slow #TripHop",
        support_gate="any",
        tags=["bristol", "triphop"],
        features=[str(did(7))],
        self_labels=["sexual"],
        record="",
    )


def test_a_track_of_the_older_shape_has_a_url_alone() -> None:
    found = parsed(audioBlob=None, audioUrl="https://gone.example.com/1.mp3")
    assert (found.audio_url, found.audio_cid, found.audio_mime, found.audio_size) == (
        "https://gone.example.com/1.mp3",
        None,
        None,
        None,
    )


def test_a_track_that_cannot_be_played_makes_no_row() -> None:
    assert plyr_track.parse(row(TRACK, track(audioBlob=None))) is None
    assert plyr_track.parse(row(TRACK, track(audioBlob=None, audioUrl=""))) is None


def test_fields_that_are_absent_or_empty_are_null() -> None:
    found = parsed(album="", description="")
    absent = (found.album, found.description, found.duration, found.image, found.support_gate)
    assert absent == (None,) * 5
    assert (found.tags, found.features, found.self_labels) == ([], [], [])


@pytest.mark.parametrize(
    ("given", "description", "found"),
    [
        ([" Trip  Hop ", "trip hop", "DUB"], "", ["trip hop", "dub"]),
        (["dub"], "#dub #Bristol and #dub", ["dub", "bristol"]),
        (None, "#one #two", ["one", "two"]),
        ([str(number) + "x" for number in range(12)], "#late", [str(number) + "x" for number in range(10)]),
        (["", "  ", "a"], "", ["a"]),
        (["x" * 60], "", ["x" * 50]),
        (["x" * 49 + " y"], "", ["x" * 49]),
        (["👩‍👩‍👧‍👦" * 3], "", ["👩‍👩‍👧‍👦" * 3]),
        (["a\x00b"], "", ["a\ufffdb"]),
        ("rock, pop", "#dub", ["dub"]),
        ([1, None, {"a": 1}, "dub"], "", ["dub"]),
        (["z" * 900_000], "", ["z" * 50]),
        ([" " * (number % 100) for number in range(plyr_track.TAGS_READ - 1)] + ["a", "b"], "#c", ["a"]),
    ],
)
def test_tags_are_the_union_of_both_fields_normalised(given: Any, description: str, found: list[str]) -> None:
    assert plyr_track.tags({"tags": given, "description": description}) == found


def test_a_tag_fits_an_index_however_it_is_written() -> None:
    [found] = plyr_track.tags({"tags": ["e" + "\u0301" * 5_000]})
    assert len(found.encode()) <= plyr_track.TAG_BYTES


def test_the_record_is_kept_as_it_is_in_the_repo() -> None:
    found = parsed(title="a\x00b", other={"deep": [Cid.parse(CID), b"\x01"]}, big=2**62)
    assert found.title == "a\ufffdb"
    assert '"title":"a\\u0000b"' in found.record
    assert f'{{"deep":[{{"$link":"{CID}"}},{{"$bytes":"AQ"}}]}}' in found.record
    assert f'"big":{2**62}' in found.record


def test_a_like_of_anything_makes_a_row_that_counts_until_settled() -> None:
    subject = "at://did:plc:unknown/any.thing.atAll/x"
    found = plyr_like.parse(row(LIKE, like(subject)))
    assert found == plyr_like.Like(
        account_id=1,
        sort_at=CREATED_AT,
        created_at=CREATED_AT,
        indexed_at=NOW,
        canonical=True,
        rkey="3kaaaaaaaaa2a",
        uri=uri(1, LIKE, "3kaaaaaaaaa2a"),
        subject=subject,
    )


def test_a_comment_has_its_position_and_the_time_of_its_edit() -> None:
    found = plyr_comment.parse(
        row(COMMENT, comment("at://did:plc:a/b.c.d/e", timestampMs=2**62, updatedAt="2026-02-02T00:00:00Z"))
    )
    assert found is not None
    assert (found.timestamp_ms, found.subject, found.subject_cid) == (2**62, "at://did:plc:a/b.c.d/e", CID)
    assert found.updated_at == datetime(2026, 2, 2, tzinfo=UTC)


def test_profiles_keep_names_and_blobs_and_drop_empty_ones() -> None:
    image = {**BLOB, "mimeType": "image/png"}
    found = bsky_profile.parse(row(BSKY_PROFILE, {"displayName": " ", "avatar": image}, rkey="self"))
    assert (found.display_name, found.description, found.avatar_cid) == (None, None, str(BLOB["ref"]))
    plyr = plyr_profile.parse(row(PLYR_PROFILE, {"avatar": "https://a.example/b", "createdAt": "x"}, rkey="self"))
    assert (plyr.avatar, plyr.bio, plyr.created_at) == ("https://a.example/b", None, NOW)


def test_teals_profile_has_two_generations_and_a_featured_item_by_mbid() -> None:
    mbid = "0B0BE1A4-4B9E-4C0E-9E5C-0F0F0F0F0F0F"
    value = {"displayName": "T", "featuredItem": {"mbid": f"mbid:{mbid}", "type": "artist"}}
    stable = teal_profile.parse(row(TEAL_PROFILE, value, rkey="self"))
    alpha = teal_profile.parse(row(ALPHA_PROFILE, {**value, "featuredItem": {"mbid": "x", "type": "y"}}, rkey="self"))
    assert (stable.alpha, stable.featured_mbid, stable.featured_type) == (False, mbid.lower(), "artist")
    assert (alpha.alpha, alpha.featured_mbid, alpha.featured_type) == (True, None, None)
