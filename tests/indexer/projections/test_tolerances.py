"""Violations that do not hide a record, as the lexicons report them."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.projections import violations_that_hide
from lexicons import Violation

from .records import (
    ALPHA_PLAY,
    BSKY_PROFILE,
    COMMENT,
    LIKE,
    PLAY,
    STATUS,
    TEAL_PROFILE,
    TRACK,
    comment,
    like,
    play,
    row,
    status,
    track,
)

SUBJECT = "at://did:plc:a/fm.plyr.track/b"


@pytest.mark.parametrize(
    ("collection", "value"),
    [
        (PLAY, play(recordingMbId="garbage", releaseMbId="", trackMbId="x y")),
        (PLAY, play(artists=[{"artistName": "A", "artistMbId": "11111111-1111-4111-9111-111111111111"}])),
        (ALPHA_PLAY, play(artists=None, artistNames=["A"], recordingMbId="")),
        (PLAY, play(playedTime="1770000000")),
        (TRACK, track(tags=["t"] * 30)),
        (TRACK, track(tags=["t" * 600])),
        (TRACK, track(tags="rock, pop")),
    ],
)
def test_what_apps_are_known_to_write_is_forgiven(collection: str, value: dict[str, Any]) -> None:
    assert row(collection, value).invalid is None


@pytest.mark.parametrize(
    "value",
    [
        status(item={"trackName": "", "artists": []}),
        status(item={"trackName": "A", "artists": [], "recordingMbId": "x"}),
        status(time="1770000000", expiry="1770000600"),
        status(item={"trackName": "A", "artists": [], "playedTime": "1770000000"}),
        status(item={"trackName": "A", "artists": [], "uri": "none", "cid": 7, "author": {"did": "x"}}),
    ],
)
def test_what_apps_are_known_to_write_in_a_status_is_forgiven(value: dict[str, Any]) -> None:
    assert row(STATUS, value, rkey="self").invalid is None


@pytest.mark.parametrize(
    ("collection", "value"),
    [(TRACK, track()), (LIKE, like(SUBJECT)), (COMMENT, comment(SUBJECT)), (PLAY, play()), (ALPHA_PLAY, play())],
)
def test_a_record_key_that_is_no_tid_is_forgiven(collection: str, value: dict[str, Any]) -> None:
    assert row(collection, value, rkey="my:weird_key-1.~").invalid is None


@pytest.mark.parametrize(
    ("collection", "value", "path"),
    [
        (TRACK, track(title=None), "title"),
        (TRACK, track(audioUrl="no address"), "audioUrl"),
        (LIKE, {"createdAt": "2026-01-01T00:00:00Z"}, "subject"),
        (COMMENT, comment(SUBJECT, text=""), "text"),
        (PLAY, play(playedTime="yesterday"), "playedTime"),
        (PLAY, play(trackName=""), "trackName"),
        (PLAY, play(recordingMbId=7), "recordingMbId"),
        (STATUS, status(), "record"),
        (BSKY_PROFILE, {"displayName": "x"}, "record"),
        (TEAL_PROFILE, {"displayName": "x" * 1_000}, "displayName"),
    ],
)
def test_everything_else_hides_the_record_and_is_named(collection: str, value: dict[str, Any], path: str) -> None:
    reason = row(collection, value).invalid
    assert reason is not None
    assert path in reason


def test_a_status_with_a_word_for_a_time_is_hidden() -> None:
    assert row(STATUS, status(expiry="soon"), rkey="self").invalid is not None


def test_the_reason_is_short_however_many_rules_are_broken() -> None:
    violations = [Violation(f"field{number}", "type", "must be a text") for number in range(40)]
    reason = violations_that_hide(TRACK, violations, {})
    assert reason is not None
    assert "field4: must be a text; and 35 more" in reason
    assert "field5" not in reason


def test_a_collection_without_a_projection_forgives_nothing() -> None:
    assert violations_that_hide("fm.teal.actor.profileStatus", [Violation("", "rkey", "must be a TID")], {}) is not None
