"""Each parameter's limits, read from its lexicon: what is beyond them is refused by the parameter's name, what is at
their edge is answered."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

import pytest

import lexicons
from lexicons.language import Array, Boolean, Integer, String
from tests.appview.contract.cases import CASES, Case
from tests.appview.contract.conftest import asking
from tests.appview.contract.town import Town
from tests.appview.stage import Client

FIRST = {case.nsid: case for case in reversed(CASES)}  # one way to ask each method
NUMBERS = (-(2**62), -1, 0, 2**31, 2**62)
IN_NO_FORMAT = ("x y", "//", "at://x y", "\u2028")


def wrong(schema: Boolean | Integer | String) -> Iterator[str]:
    """Values that the schema does not allow."""
    match schema:
        case Boolean():
            yield from ("yes", "1", "")
        case Integer():
            yield from ("x", "1.5", "", "1e3", "9" * 30)
            yield from (str(schema.minimum - 1),) if schema.minimum is not None else ()
            yield from (str(schema.maximum + 1),) if schema.maximum is not None else ()
        case String():
            yield from _wrong_texts(schema)


def _wrong_texts(schema: String) -> Iterator[str]:
    yield "a\x00b"
    if schema.format:
        yield from (*IN_NO_FORMAT, "")
    if schema.enum:
        yield from ("nonsense", "")
    if schema.min_length:
        yield ""
    if schema.max_length:
        yield "x" * (schema.max_length + 1)
    if schema.max_graphemes:
        yield "é" * (schema.max_graphemes + 1)


def edges(schema: Boolean | Integer | String) -> Iterator[str]:
    """Values that the schema just allows."""
    match schema:
        case Boolean():
            yield from ("true", "false")
        case Integer():
            yield from (str(edge) for edge in (schema.minimum, schema.maximum) if edge is not None)
        case String():
            yield from schema.enum or ()
            if schema.max_graphemes and not schema.format:
                yield "x" * schema.max_graphemes


def _properties(nsid: str) -> dict[str, Boolean | Integer | String | Array]:
    params = lexicons.load().query(nsid).definition.parameters
    return dict(params.properties) if params else {}


async def _is_refused(client: Client, case: Case, town: Town, name: str, value: Any) -> None:
    status, answer = await client.ask(case.nsid, **{**case.asked(town), name: value})
    assert (status, answer["error"]) == (400, "InvalidRequest"), (name, value, answer)
    assert f"'{name}'" in answer["message"]


@asking
@pytest.mark.parametrize("nsid", FIRST)
async def test_what_a_parameter_may_not_be_is_refused_by_its_name(client: Client, town: Town, nsid: str) -> None:
    case = FIRST[nsid]
    for name, schema in _properties(nsid).items():
        if isinstance(schema, Array):
            assert isinstance(schema.items, Boolean | Integer | String)
            for value in wrong(schema.items):
                await _is_refused(client, case, town, name, [value])
            assert schema.max_length, f"{nsid}: the array {name} has no bound"
            good = next(iter(case.asked(town).get(name, ["x"])))
            await _is_refused(client, case, town, name, [good] * (schema.max_length + 1))
        else:
            assert isinstance(schema, Boolean | Integer | String)
            for value in wrong(schema):
                await _is_refused(client, case, town, name, value)
            await _is_refused(client, case, town, name, ["1", "1"])
        if name == "cursor":
            for value in ("x", "AAAA", "A" * 5_000, "é", "-1"):
                await _is_refused(client, case, town, name, value)


@asking
@pytest.mark.parametrize("nsid", FIRST)
async def test_what_a_parameter_may_just_be_is_answered(client: Client, town: Town, nsid: str) -> None:
    case = FIRST[nsid]
    for name, schema in _properties(nsid).items():
        inner = schema.items if isinstance(schema, Array) else schema
        assert isinstance(inner, Boolean | Integer | String)
        for value in edges(inner):
            await client.get(nsid, **{**case.asked(town), name: value})


@asking
@pytest.mark.parametrize("nsid", FIRST)
async def test_what_is_required_and_missing_is_named(client: Client, town: Town, nsid: str) -> None:
    params = lexicons.load().query(nsid).definition.parameters
    for name in params.required if params else ():
        others = {key: value for key, value in FIRST[nsid].asked(town).items() if key != name}
        status, answer = await client.ask(nsid, **others)
        assert (status, answer["error"]) == (400, "InvalidRequest")
        assert answer["message"] == f"Parameter '{name}' is required"


def _made_up(cursor: str) -> Iterator[str]:
    """The cursor with other numbers in it: behind its head of five bytes they are of eight each."""
    data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for start in range(5, len(data) - 7, 8):
        for number in NUMBERS:
            changed = data[:start] + struct.pack(">q", number) + data[start + 8 :]
            yield base64.urlsafe_b64encode(changed).rstrip(b"=").decode()


@asking
@pytest.mark.parametrize("case", [case for case in CASES if case.items], ids=str)
async def test_a_cursor_with_made_up_numbers_is_read_or_refused(client: Client, town: Town, case: Case) -> None:
    asked = case.asked(town)
    first = await client.get(case.nsid, **asked, limit=1)
    for cursor in _made_up(first["cursor"]):
        status, answer = await client.ask(case.nsid, **asked, cursor=cursor)
        assert status == 200 or (status, answer["error"]) == (400, "InvalidRequest"), (cursor, answer)
