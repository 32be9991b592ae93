"""Fields that records have, and what columns take of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from indexer.projections import fields
from protocol.cbor import Cid

from .records import BLOB, CID, LIKE, NOW, like, row


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-02-01T10:00:00.123Z", datetime(2026, 2, 1, 10, 0, 0, 123_000, UTC)),
        ("2026-02-01T10:00:00+02:00", datetime(2026, 2, 1, 8, 0, tzinfo=UTC)),
        ("1770000000", datetime(2026, 2, 2, 2, 40, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("2026", None),
        ("99999999999999999999", None),
        (1_770_000_000, None),
        (None, None),
    ],
)
def test_a_moment_is_a_datetime_or_unix_seconds(written: object, meant: datetime | None) -> None:
    assert fields.moment(written) == meant


@pytest.mark.parametrize("written", ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_a_moment_at_the_ends_of_time_is_one_that_postgres_knows(written: str) -> None:
    found = fields.moment(written)
    assert found
    assert datetime.min.replace(tzinfo=UTC) < found < datetime.max.replace(tzinfo=UTC)


def test_what_claims_to_come_later_than_its_indexing_is_sorted_by_the_indexing_and_shown_as_claimed() -> None:
    ahead = (NOW + timedelta(days=400)).isoformat()
    assert fields.times(row(LIKE, like("at://x", createdAt=ahead))) == (NOW + timedelta(days=400), NOW)
    behind = NOW - timedelta(days=400)
    assert fields.times(row(LIKE, like("at://x", createdAt=behind.isoformat()))) == (behind, behind)


def test_text_that_postgres_cannot_hold_is_replaced_and_empty_text_is_none() -> None:
    assert fields.text("a\x00b") == "a\ufffdb"
    assert fields.text("a\ud800b") == "a\ufffdb"
    assert fields.text("") is None
    assert fields.text(7) is None
    assert fields.name("  \n ") is None
    assert fields.name(" Robert ") == "Robert"


def test_a_boolean_is_no_integer() -> None:
    assert fields.integer(True) is None
    assert fields.integer(2**63 - 1) == 2**63 - 1


def test_a_blob_is_a_link_with_type_and_size() -> None:
    assert fields.blob(BLOB) == (str(BLOB["ref"]), "audio/mpeg", 1234)
    assert fields.blob({**BLOB, "ref": "text"}) is None
    assert fields.blob({"cid": CID, "mimeType": "audio/mpeg"}) is None
    assert fields.blob(None) is None


def test_a_subject_is_a_strong_reference_that_an_index_can_hold() -> None:
    assert fields.subject({"uri": "at://did:plc:a/b.c.d/e", "cid": CID}) == ("at://did:plc:a/b.c.d/e", CID)
    assert fields.subject({"uri": "at://" + "a" * fields.SUBJECT_MAX, "cid": CID}) is None
    assert fields.subject({"uri": "at://did:plc:a/b.c.d/e"}) is None
    assert fields.subject("at://did:plc:a/b.c.d/e") is None


def test_a_uri_names_the_collection_as_the_repo_does() -> None:
    made = row(LIKE, like("at://x"))
    staged = made._replace(value={**made.value, "$type": "fm.plyr.stg.like"})
    assert fields.uri(made) == f"at://{made.did}/fm.plyr.like/{made.key.rkey}"
    assert fields.uri(staged) == f"at://{made.did}/fm.plyr.stg.like/{made.key.rkey}"


def test_json_that_functions_look_into_has_no_nul_and_keeps_its_backslashes() -> None:
    assert fields.storable_json({"a\x00": ["\x00", {"b": "\\u0000"}], "n": 2**60}) == (
        '{"a\ufffd":["\ufffd",{"b":"\\\\u0000"}],"n":1152921504606846976}'
    )
    assert fields.storable_json({"a": "\\u0000"}) == '{"a":"\\\\u0000"}'
    cid = Cid.of_block(b"x")
    assert fields.storable_json([cid]) == f'[{{"$link":"{cid}"}}]'
