"""The published vectors of every identifier and string format, round trips, and what the formats mean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.syntax import (
    AtUri,
    Did,
    Handle,
    Nsid,
    RecordKey,
    SyntaxInvalid,
    Tid,
    is_cid_string,
    is_datetime,
    is_language,
    is_uri,
    parse_at_identifier,
    parse_datetime,
)

VECTORS = Path(__file__).parents[1] / "fixtures" / "atproto-interop" / "syntax"


def _is(parse: Any) -> Any:
    def check(text: str) -> bool:
        try:
            parse(text)
        except SyntaxInvalid:
            return False
        return True

    return check


CHECKS = {
    "atidentifier": _is(parse_at_identifier),
    "aturi": _is(AtUri.parse),
    "cid": is_cid_string,
    "datetime": is_datetime,
    "did": _is(Did.parse),
    "handle": _is(Handle.parse),
    "language": is_language,
    "nsid": _is(Nsid.parse),
    "recordkey": _is(RecordKey.parse),
    "tid": _is(Tid.parse),
    "uri": is_uri,
}


def _vectors() -> list[Any]:
    found = []
    for path in sorted(VECTORS.glob("*.txt")):
        kind, verdict = path.stem.split("_")[0], path.stem.split("_")[-1]
        lines = path.read_text(encoding="utf-8").split("\n")
        texts = [line for line in lines if line and not line.startswith("#")]
        found += [pytest.param(kind, text, verdict == "valid", id=f"{path.stem}:{text[:40]}") for text in texts]
    return found


def test_every_vector_file_is_covered() -> None:
    assert {path.stem.split("_")[0] for path in VECTORS.glob("*.txt")} == set(CHECKS)


@pytest.mark.parametrize(("kind", "text", "valid"), _vectors())
def test_the_vector_is_judged_as_published(kind: str, text: str, valid: bool) -> None:
    assert CHECKS[kind](text) is valid


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_a_trailing_newline_is_never_let_through(kind: str) -> None:
    valid = next(p.values[1] for p in _vectors() if p.values[0] == kind and p.values[2])
    assert not CHECKS[kind](f"{valid}\n")


labels = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
handles = st.lists(labels, min_size=2, max_size=4).map(".".join)
dids = st.from_regex(r"did:(plc|web):[a-z0-9.%:]{0,30}[a-z0-9]", fullmatch=True)
nsids = st.builds(
    lambda domain, name: ".".join([*domain, name]),
    st.lists(labels, min_size=2, max_size=3),
    st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{0,20}", fullmatch=True),
)
rkeys = st.from_regex(r"[a-zA-Z0-9_~:-][a-zA-Z0-9_~.:-]{0,40}", fullmatch=True)


@given(st.one_of(dids, handles), nsids, rkeys)
def test_an_at_uri_survives_text_and_back(authority: str, collection: str, rkey: str) -> None:
    text = f"at://{authority}/{collection}/{rkey}"
    uri = AtUri.parse(text)
    assert str(uri) == text
    assert uri == (authority, collection, rkey)
    assert AtUri.of(Did(authority), Nsid(collection), RecordKey(rkey)) == uri


@given(st.integers(0, 2**53 - 1), st.integers(0, 1023))
def test_a_tid_keeps_its_time_and_sorts_by_it(micros: int, clock: int) -> None:
    tid = Tid.from_micros(micros, clock)
    assert Tid.parse(tid).micros == micros
    if micros:
        assert Tid.from_micros(micros - 1, 1023) < tid


def test_a_known_tid_has_its_known_time() -> None:
    assert Tid.from_micros(0, 0) == "2222222222222"
    digits = ["234567abcdefghijklmnopqrstuvwxyz".index(letter) for letter in "3jzfcijpj2z2a"]
    assert Tid.parse("3jzfcijpj2z2a").micros == sum(d * 32**i for i, d in enumerate(reversed(digits))) // 1024
    assert Tid.parse("3jzfcijpj2z2a").time == datetime(2023, 6, 30, 15, 3, 1, 887007, tzinfo=UTC)


@pytest.mark.parametrize(("micros", "clock"), [(-1, 0), (2**53, 0), (0, 1024), (0, -1)])
def test_a_tid_of_no_possible_time_is_refused(micros: int, clock: int) -> None:
    with pytest.raises(SyntaxInvalid):
        Tid.from_micros(micros, clock)


def test_a_handle_is_held_in_lower_case() -> None:
    assert Handle.parse("XX.LCS.MIT.EDU") == "xx.lcs.mit.edu"


def test_a_did_has_one_form() -> None:
    assert Did.parse("did:web:localhost%3a80") == "did:web:localhost%3A80"


def test_the_method_of_a_did_is_its_second_part() -> None:
    assert Did.parse("did:web:example.com%3A80").method == "web"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1985-04-12T23:20:50.1235678912345Z", datetime(1985, 4, 12, 23, 20, 50, 123567, tzinfo=UTC)),
        ("1985-04-12T23:20:50.123-07:00", datetime(1985, 4, 13, 6, 20, 50, 123000, tzinfo=UTC)),
        ("0000-06-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0000-12-31T23:30:00-01:00", datetime(1, 1, 1, 0, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+01:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59-01:00", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_datetime_comes_in_utc_and_within_what_can_be_stored(text: str, time: datetime) -> None:
    assert parse_datetime(text) == time
    assert parse_datetime(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00+24:00"])
def test_a_day_or_hour_that_does_not_exist_is_no_datetime(text: str) -> None:
    assert not is_datetime(text)


@given(st.text())
def test_any_text_is_judged_without_another_error(text: str) -> None:
    for check in CHECKS.values():
        assert check(text) in (True, False)


def test_the_error_quotes_only_the_beginning_of_a_long_text() -> None:
    with pytest.raises(SyntaxInvalid, match="not a valid DID") as caught:
        Did.parse("x" * 100_000)
    assert len(str(caught.value)) < 200
