"""Cursors: what was encoded comes back, and nothing else is read."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appview.cursors import END_OF_TIME, EPOCH, Listing
from appview.errors import InvalidRequest

EVERYTHING = Listing("everything", END_OF_TIME, 0, UUID(int=0), "")
TIMES = Listing("times", END_OF_TIME, "")

KEYS = st.tuples(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-(2**62), 2**62),
    st.uuids(),
    st.text().filter(lambda text: "\x00" not in text),
)


@given(KEYS)
def test_a_key_comes_back_as_it_was(key: tuple[datetime, int, UUID, str]) -> None:
    assert EVERYTHING.after(EVERYTHING.encode(key)) == key


def test_without_a_cursor_a_page_begins_before_everything() -> None:
    assert TIMES.after(None) == (END_OF_TIME, "")


@pytest.mark.parametrize("number", [-(2**63), -(2**62) - 1, 2**62 + 1, 2**63 - 1])
def test_a_number_that_would_overflow_when_it_is_counted_on_from_is_refused(number: int) -> None:
    with pytest.raises(InvalidRequest, match="Parameter 'cursor'"):
        EVERYTHING.after(EVERYTHING.encode((EPOCH, number, UUID(int=0), "")))


@given(st.text())
def test_a_made_up_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="Parameter 'cursor'"):
        TIMES.after(text)


@given(st.binary(max_size=40))
def test_bytes_behind_a_good_head_are_read_or_refused_and_never_anything_else(rest: bytes) -> None:
    head = base64.urlsafe_b64decode(EVERYTHING.encode((EPOCH, 0, UUID(int=0), "abc")) + "==")[:5]
    cursor = base64.urlsafe_b64encode(head + rest).rstrip(b"=").decode()
    try:
        key = EVERYTHING.after(cursor)
    except InvalidRequest:
        return
    assert EVERYTHING.encode(key) == cursor


@pytest.mark.parametrize(
    "change", [lambda text: text + "=", lambda text: text + "A", lambda text: text[:-1], str.lower]
)
def test_a_changed_cursor_is_refused_or_another_place(change: object) -> None:
    cursor = TIMES.encode((EPOCH, "at://x"))
    assert callable(change)
    try:
        assert TIMES.after(change(cursor)) != (EPOCH, "at://x")
    except InvalidRequest:
        return


def test_a_cursor_of_another_listing_is_refused() -> None:
    other = Listing("other times", END_OF_TIME, "")
    with pytest.raises(InvalidRequest):
        TIMES.after(other.encode((EPOCH, "at://x")))
