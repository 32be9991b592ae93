"""The simulated network's codec against the published vectors."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cbor2
import pytest

from simulator import codec

FIXTURES = Path(__file__).parents[1] / "fixtures" / "atproto-interop"
MODEL = json.loads((FIXTURES / "data-model" / "data-model-fixtures.json").read_text(encoding="utf-8"))


def _from_json(value: Any) -> Any:
    match value:
        case {"$link": link}:
            return codec.Cid.parse(link)
        case {"$bytes": text}:
            return base64.b64decode(text + "==")
        case dict():
            return {key: _from_json(item) for key, item in value.items()}
        case list():
            return [_from_json(item) for item in value]
        case _:
            return value


@pytest.mark.parametrize("vector", MODEL, ids=range(len(MODEL)))
def test_a_published_value_is_written_as_published(vector: dict[str, Any]) -> None:
    block = codec.encode(_from_json(vector["json"]))
    assert block == base64.b64decode(vector["cbor_base64"] + "==")
    assert str(codec.Cid.of_block(block)) == vector["cid"]
    assert codec.to_json(codec.decode(block)) == vector["json"]


def test_a_float_is_refused() -> None:
    with pytest.raises(cbor2.CBOREncodeError):
        codec.encode({"volume": 0.5})


def test_a_value_beside_the_data_model_is_refused() -> None:
    with pytest.raises(cbor2.CBOREncodeError):
        codec.encode({"volume": object()})


def test_a_car_holds_its_header_and_then_each_block_after_its_length() -> None:
    block = codec.encode("x" * 200)
    cid = codec.Cid.of_block(block)
    car = codec.write_car(cid, {cid: block})
    assert codec.decode(car[1 : 1 + car[0]]) == {"version": 1, "roots": [cid]}
    section = car[1 + car[0] :]
    assert (section[0] & 0x7F) + (section[1] << 7) == len(cid.raw) + len(block)
    assert section[2:] == cid.raw + block
