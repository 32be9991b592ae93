"""CARs whole and in pieces, made by another codec, and all that is not one."""

from __future__ import annotations

from collections.abc import Sequence

import cbor2
import libipld
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.car import BlockInvalid, BlockMap, BlockMissing, Car, CarInvalid, CarReader, read_car
from protocol.cbor import Cid

from .naive_tree import cid_of, link

LIMITS = {"max_blocks": 1000, "max_bytes": 1_000_000}


def _varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _section(data: bytes) -> bytes:
    return _varint(len(data)) + data


def _header(*roots: bytes, version: object = 1) -> bytes:
    return _section(cbor2.dumps({"roots": [link(root) for root in roots], "version": version}, canonical=True))


def _car(roots: Sequence[bytes], blocks: Sequence[bytes]) -> bytes:
    return _header(*roots) + b"".join(_section(cid_of(block) + block) for block in blocks)


def _fed(data: bytes, size: int) -> Car:
    reader = CarReader(**LIMITS)
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
    return reader.finish()


blocks = st.lists(st.binary(max_size=400), min_size=1, max_size=12, unique=True)


@given(blocks, st.integers(1, 300))
def test_a_car_is_read_alike_whole_and_in_pieces(contents: list[bytes], size: int) -> None:
    data = _car([cid_of(contents[0])], contents)
    for car in (read_car(data, **LIMITS), _fed(data, size)):
        assert car.roots == (cid_of(contents[0]),)
        assert len(car.blocks) == len(contents)
        assert [car.blocks.get(cid_of(block)) for block in contents] == contents


def test_another_reader_finds_the_same_blocks() -> None:
    contents = [cbor2.dumps({"n": n}) for n in range(20)]
    data = _car([cid_of(contents[0])], contents)
    header, found = libipld.decode_car(data)
    assert header["roots"] == list(map(bytes, read_car(data, **LIMITS).roots))
    assert all(cid in read_car(data, **LIMITS).blocks for cid in found)


@given(blocks, st.data())
def test_any_bytes_are_a_car_or_refused_by_name_and_the_pieces_do_not_matter(
    contents: list[bytes], data: st.DataObject
) -> None:
    intact = _car([cid_of(contents[0])], contents)
    place = data.draw(st.integers(0, len(intact) - 1))
    broken = intact[:place] + data.draw(st.binary(max_size=4)) + intact[place + data.draw(st.integers(0, 4)) :]
    size = data.draw(st.integers(1, 100))
    try:
        whole = read_car(broken, **LIMITS)
    except CarInvalid:
        with pytest.raises(CarInvalid):
            _fed(broken, size)
        return
    assert _fed(broken, size).roots == whole.roots
    assert len(_fed(broken, size).blocks) == len(whole.blocks)


@given(st.binary(max_size=100))
def test_random_bytes_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(CarInvalid):
        read_car(data, **LIMITS)


ROOT = cid_of(b"\xa0")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00", id="an empty header"),
        pytest.param(_header(), id="no roots"),
        pytest.param(_header(ROOT, version=2), id="version 2"),
        pytest.param(_section(b"\xa0"), id="a header without fields"),
        pytest.param(_section(b"\x80"), id="a header that is a list"),
        pytest.param(_section(b"\xff"), id="a header that is not cbor"),
        pytest.param(_section(cbor2.dumps({"roots": [link(ROOT), 1], "version": 1}, canonical=True)), id="a root 1"),
        pytest.param(_header(*[ROOT] * 200), id="a header too large"),
        pytest.param(_header(ROOT) + b"\x80", id="half a length"),
        pytest.param(_header(ROOT) + b"\x80" * 20, id="a length without end"),
        pytest.param(_header(ROOT) + b"\x80\x00", id="a length written too long"),
        pytest.param(_header(ROOT) + b"\x00", id="an empty section"),
        pytest.param(_header(ROOT) + _section(ROOT)[:-1], id="half a block"),
        pytest.param(_header(ROOT) + _section(ROOT[:-1]), id="half a cid"),
        pytest.param(_header(ROOT) + _section(b"\x12\x20" + bytes(32)), id="a cid of version 0"),
        pytest.param(_header(ROOT) + b"\xff" * 8 + b"\x7f", id="an endless block"),
    ],
)
def test_what_is_not_a_car_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(CarInvalid):
        read_car(data, **LIMITS)
    with pytest.raises(CarInvalid):
        _fed(data, 1)


def test_the_limits_of_bytes_and_blocks_hold() -> None:
    data = _car([ROOT], [bytes([n]) for n in range(10)])
    assert len(read_car(data, max_blocks=10, max_bytes=len(data)).blocks) == 10
    with pytest.raises(CarInvalid, match="bytes"):
        read_car(data, max_blocks=10, max_bytes=len(data) - 1)
    with pytest.raises(CarInvalid, match="blocks"):
        read_car(data, max_blocks=9, max_bytes=len(data))


def test_a_block_that_announces_more_than_the_limit_is_refused_before_it_comes() -> None:
    reader = CarReader(max_blocks=10, max_bytes=10_000)
    reader.feed(_header(ROOT))
    with pytest.raises(CarInvalid, match="larger"):
        reader.feed(_varint(10_001) + ROOT)


def test_a_header_that_announces_more_than_a_header_is_refused_before_it_comes() -> None:
    with pytest.raises(CarInvalid, match="larger"):
        CarReader(**LIMITS).feed(_varint(5_000))


def test_a_block_is_hashed_when_it_is_used_and_not_before() -> None:
    lie = _section(ROOT + b"\xa1")
    car = read_car(_header(ROOT) + lie + _section(cid_of(b"x") + b"x"), **LIMITS)
    assert car.blocks.get(cid_of(b"x")) == b"x"
    for _ in range(2):
        with pytest.raises(BlockInvalid):
            car.blocks.get(ROOT)


def test_a_block_under_another_hash_is_not_used() -> None:
    other = b"\x01\x71\x00\x01\xa0"
    car = read_car(_header(ROOT) + _section(other + b"\xa0"), **LIMITS)
    assert other in car.blocks
    with pytest.raises(BlockInvalid):
        car.blocks.get(other)


def test_a_block_that_is_absent_is_named() -> None:
    with pytest.raises(BlockMissing, match=str(ROOT)):
        BlockMap().get(ROOT)


def test_of_two_blocks_under_one_cid_the_first_counts() -> None:
    car = read_car(_header(ROOT) + _section(ROOT + b"\xa0") + _section(ROOT + b"lie"), **LIMITS)
    assert car.blocks.get(ROOT) == b"\xa0"


def test_a_raw_block_is_read_by_its_hash() -> None:
    raw = Cid(b"\x01\x55" + cid_of(b"audio")[2:])
    car = read_car(_header(ROOT) + _section(raw + b"audio"), **LIMITS)
    assert car.blocks.get(raw) == b"audio"
