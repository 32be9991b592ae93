"""Published values, what is refused and by which name, and agreement with an independent codec."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cbor2
import libipld
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.cbor import MAX_DEPTH, CborInvalid, Cid, Value, _StrictReader, decode, encode, from_json, to_json

VECTORS = Path(__file__).parents[1] / "fixtures" / "atproto-interop" / "data-model"
LINK = Cid.of_block(b"\xa0")


def _load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", _load("data-model-fixtures.json"), ids=lambda v: v["cid"])
def test_json_and_cbor_of_a_published_value_are_one(vector: dict[str, Any]) -> None:
    data = base64.b64decode(vector["cbor_base64"] + "==")
    value = from_json(vector["json"])
    assert encode(value) == data
    assert decode(data) == value
    assert _StrictReader(data).read_whole() == value
    assert str(Cid.of_block(data)) == vector["cid"]
    assert orjson.loads(to_json(value)) == vector["json"]


@pytest.mark.parametrize("vector", _load("data-model-valid.json"), ids=lambda v: v["note"])
def test_a_valid_published_value_is_taken(vector: dict[str, Any]) -> None:
    assert decode(encode(from_json(vector["json"]))) == vector["json"]


@pytest.mark.parametrize("vector", _load("data-model-invalid.json"), ids=lambda v: v["note"])
def test_an_invalid_published_value_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(CborInvalid):
        from_json(vector["json"])


def _link_of(raw: bytes) -> bytes:
    return bytes([0xD8, 0x2A, 0x58, len(raw) + 1, 0]) + raw


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "end"),
        ("0101", "multiple|after"),
        ("1801", "longer than need be"),
        ("190001", "longer than need be"),
        ("780161", "longer than need be"),
        ("9801f6", "longer than need be"),
        ("d9002a5825000171122000" + "00" * 31, "longer than need be"),
        ("fb3ff8000000000000", "float"),
        ("fb7ff8000000000000", "NaN|float"),
        ("fa3fc00000", "float"),
        ("f93e00", "float|Unsupported"),
        ("a2616101616102", "sorted|order"),
        ("a2616201616102", "sorted|order"),
        ("a262616101616202", "sorted|order"),
        ("a10101", "string|text"),
        ("f7", "simple|Unsupported"),
        ("f820", "simple|Unsupported|float"),
        ("9f01ff", "[Ii]ndefinite"),
        ("c101", "tag"),
        ("62c328", "utf-8|UTF-8"),
        ("63eda080", "utf-8|UTF-8"),
        ("1bffffffffffffffff", "64 bits"),
        ("3b8000000000000000", "64 bits"),
        ("9b00ffffffffffffff", "early|remaining"),
        ("ba7fffffff", "early|remaining"),
        ("7b7fffffffffffffff", "early|end"),
    ],
)
def test_what_is_not_canonical_is_refused_by_both_readers(data: str, reason: str) -> None:
    for read in (decode, lambda raw: _StrictReader(raw).read_whole()):
        with pytest.raises(CborInvalid):
            read(bytes.fromhex(data))
    with pytest.raises(CborInvalid, match=reason):
        decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    "raw",
    [LINK + b"x", LINK[:-1], b"\x12\x20" + bytes(32), b"\x02" + LINK[1:], b"\x01", b"", b"\x01\xf1\x80\x00\x12\x00"],
)
def test_a_link_that_is_not_one_whole_cid_is_refused(raw: bytes) -> None:
    for read in (decode, lambda data: _StrictReader(data).read_whole()):
        with pytest.raises(CborInvalid):
            read(_link_of(raw))


def test_a_link_without_its_leading_zero_is_refused() -> None:
    with pytest.raises(CborInvalid):
        decode(b"\xd8\x2a\x58\x24" + LINK)


@pytest.mark.parametrize("raw", [bytes(LINK), bytes(LINK) + b"x", b"\x12\x20" + bytes(32), b"\x01\x02\x03", b""])
def test_bytes_that_look_like_a_link_stay_bytes(raw: bytes) -> None:
    value: Value = {"bytes": raw, "link": LINK}
    found = decode(encode(value))
    assert isinstance(found, dict)
    assert type(found["bytes"]) is bytes
    assert type(found["link"]) is Cid
    assert found == value
    assert b'"$bytes"' in to_json(found)
    assert b'"$link"' in to_json(found)


@pytest.mark.parametrize("head", [b"\x81", b"\xa1\x61a"])
@pytest.mark.parametrize("leaf", [b"\xf6", b"\x58\x24" + LINK])
def test_depth_is_bounded(head: bytes, leaf: bytes) -> None:
    deepest = decode(head * MAX_DEPTH + leaf)
    assert encode(deepest) == head * MAX_DEPTH + leaf
    assert orjson.loads(to_json(deepest))
    for depth in (MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(CborInvalid):
            decode(head * depth + leaf)
    with pytest.raises(CborInvalid, match="deeper"):
        encode([deepest])
    with pytest.raises(CborInvalid, match="deeper"):
        from_json({"a": orjson.loads(to_json(deepest))})


def test_nul_and_a_megabyte_and_the_largest_integers_survive() -> None:
    value: Value = {"nul": "a\x00b", "long": "ö" * 500_000, "max": 2**63 - 1, "min": -(2**63), "beyond": 2**53 + 1}
    assert decode(encode(value)) == value
    text = to_json(value)
    assert b"a\\u0000b" in text
    assert b"9007199254740993" in text
    assert from_json(orjson.loads(text)) == value


@pytest.mark.parametrize(
    "value", [1.0, {1: 2}, "\ud800", {"\udfff": 1}, object(), (1, 2), 2**63, -(2**63) - 1, [2.5], {"a": {1}}]
)
def test_what_the_data_model_lacks_is_not_encoded(value: Any) -> None:
    with pytest.raises(CborInvalid):
        encode(value)


@pytest.mark.parametrize(
    "obj",
    [
        None,
        [],
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": 1e300},
        {"a": {"$bytes": "!"}},
        {"a": {"$bytes": "é"}},
        {"a": {"$link": "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR"}},
        {"a": {"$link": str(LINK).upper()}},
        {"a": {"$link": "b" * 10_000}},
        {"a": {"$link": str(LINK), "$bytes": "aa"}},
        {"$link": str(LINK)},
        {"a": {"$type": "blob", "ref": {"$link": str(LINK)}, "mimeType": "a/b", "size": True}},
        {"a": {"$type": "blob", "ref": {"$link": str(LINK)}, "mimeType": "a/b", "size": -1}},
        {"a": b"bytes"},
    ],
)
def test_json_of_no_value_is_refused(obj: Any) -> None:
    with pytest.raises(CborInvalid):
        from_json(obj)


def test_a_cid_goes_to_text_and_back() -> None:
    assert Cid.parse(str(LINK)) == LINK
    assert LINK.codec == 0x71
    raw = Cid.parse("bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity")
    assert raw.codec == 0x55
    assert Cid.from_bytes(bytes(raw)) == raw


@pytest.mark.parametrize("text", ["", "b", "zdj7WWeQ43G6JJvLWQWZpyHuAMq6uYWRjkBXFad11vE2LHhQ7", "bé", str(LINK) + "a"])
def test_a_text_of_no_cid_is_refused(text: str) -> None:
    with pytest.raises(CborInvalid):
        Cid.parse(text)


links = st.binary(max_size=8).map(Cid.of_block)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(), st.binary(), links, links.map(bytes)
)
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(), inner, max_size=5))
)


def _wrapped(value: Any) -> Any:
    """The value as cbor2 knows it."""
    if isinstance(value, Cid):
        return cbor2.CBORTag(42, b"\x00" + value)
    if isinstance(value, list):
        return [_wrapped(item) for item in value]
    if isinstance(value, dict):
        return {key: _wrapped(item) for key, item in value.items()}
    return value


def _kinds(value: Any) -> Any:
    """The value with the types of its leaves, since a link equals its bytes."""
    if isinstance(value, list):
        return [_kinds(item) for item in value]
    if isinstance(value, dict):
        return {key: _kinds(item) for key, item in value.items()}
    return type(value), value


@given(values)
def test_what_is_encoded_is_decoded_and_an_independent_codec_agrees(value: Value) -> None:
    data = encode(value)
    assert data == cbor2.dumps(_wrapped(value), canonical=True)
    assert _kinds(decode(data)) == _kinds(value)
    assert _kinds(_StrictReader(data).read_whole()) == _kinds(value)


@given(st.dictionaries(st.text(), values))
def test_json_carries_everything_but_reserved_keys(value: dict[str, Value]) -> None:
    def reserved(inner: Any) -> bool:
        if isinstance(inner, list):
            return any(reserved(item) for item in inner)
        return isinstance(inner, dict) and (
            any(key.startswith("$") for key in inner) or any(reserved(item) for item in inner.values())
        )

    if not reserved(value):
        assert _kinds(from_json(orjson.loads(to_json(value)))) == _kinds(value)


@given(st.one_of(st.binary(max_size=60), st.tuples(values.map(encode), st.integers(0, 200), st.integers(0, 255))))
def test_any_bytes_are_decoded_or_refused_by_name_and_the_readers_agree(source: Any) -> None:
    data = source
    if isinstance(source, tuple):
        intact, place, byte = source
        data = intact[: place % len(intact)] + bytes([byte]) + intact[place % len(intact) + 1 :]
    try:
        value = decode(data)
    except CborInvalid:
        with pytest.raises(CborInvalid):
            _StrictReader(data).read_whole()
        return
    assert encode(value) == data
    assert _kinds(_StrictReader(data).read_whole()) == _kinds(value)


def test_libipld_still_gives_links_as_bytes_and_writes_lookalikes_as_links() -> None:
    assert libipld.decode_dag_cbor(encode(LINK)) == bytes(LINK)
    assert libipld.encode_dag_cbor(bytes(LINK)) == encode(LINK)
