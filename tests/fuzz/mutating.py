"""Mutations that keep an input readable: a value in it becomes another, is doubled, moved, wrapped or left out.

libFuzzer knows bytes alone, and most of what it does to CBOR or JSON ends at the first length. A `Format` reads the
values of an input and writes them again; what it can't read is left to libFuzzer, and so is every other mutation.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any, Final, NamedTuple

import cbor2

from simulator.codec import Cid, encode

_LONG: Final = 300
_DEEP: Final = 200
_SCALARS: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 255, 2**31, -(2**31) - 1, 2**53, 2**63 - 1, -(2**63), 10**15),
    *(
        "",
        "\x00",
        "a" * _LONG,
        "\ud7ff\uffff",
        "\u0301" * 20,
        "👩‍👩‍👧‍👦",
        "did:plc:z",
        "at://",
        "$link",
        "self",
        "0",
        " ",
    ),
    *("2026-02-30T25:61:61Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "0000-01-01T00:00:00Z"),
    *("1985-04-12T23:20:50.123456789-12:00", "https://a.example/\x7f", "video/mp4", "en-GB-oed", "bafkreiaaaa"),
)
_BYTES: Final[tuple[Any, ...]] = (b"", b"\x00" * 37, Cid.of_block(b""), Cid.of_blob(b""), Cid(b"\x01\x71\x12\x20"))


class Format(NamedTuple):
    """`prefix`: bytes before the values that are no part of them. `special`: values that the format alone has."""

    prefix: int
    read: Callable[[bytes], list[Any]]
    write: Callable[[list[Any]], bytes]
    special: tuple[Any, ...] = ()


def _read_cbor(data: bytes) -> list[Any]:
    stream = io.BytesIO(data)
    values: list[Any] = []
    while stream.tell() < len(data):
        values.append(cbor2.load(stream, tag_hook=lambda tag, _: Cid(tag.value[1:])))
    return values


CBOR: Final = Format(0, _read_cbor, lambda values: b"".join(map(encode, values)), _BYTES)
MARKED_CBOR: Final = CBOR._replace(prefix=1)
JSON: Final = Format(0, lambda data: [json.loads(data)], lambda values: json.dumps(values[0]).encode())


def mutated(data: bytes, format_: Format, rng: Random) -> bytes | None:
    """The input with one to four values changed; None when it can't be read."""
    try:
        values = format_.read(data[format_.prefix :])
        for _ in range(rng.randrange(1, 5)):
            _change(values, rng, (*_SCALARS, *format_.special))
        return data[: format_.prefix] + format_.write(values)
    except Exception:  # noqa: BLE001 - bytes that are bent already
        return None


def _change(values: list[Any], rng: Random, scalars: tuple[Any, ...]) -> None:
    """Change a value somewhere within. Raises LookupError where there is none."""
    holder, key = _place(values, rng)
    value = holder[key]
    match rng.randrange(8):
        case 0:
            del holder[key]
        case 1:
            other, at = _place(values, rng)
            holder[key] = deepcopy(other[at])
        case 2 if isinstance(holder, dict):
            holder[str(rng.choice(scalars))] = holder.pop(key)
        case 3 if isinstance(value, list) and value:
            flat = not any(isinstance(item, list | dict) for item in value)  # a product of products takes all memory
            holder[key] = (value * (rng.choice((2, _LONG)) if flat else 2))[:_LONG]
        case 4:
            for _ in range(rng.choice((1, 1, 1, _DEEP))):
                holder[key] = rng.choice(([holder[key]], {"a": holder[key]}))
        case 5 | 6 if isinstance(value, str):
            at = rng.randrange(len(value) + 1)
            holder[key] = value[:at] + str(rng.choice(scalars)) + value[at + rng.randrange(3) :]
        case _:
            holder[key] = rng.choice(scalars)


def _place(holder: Any, rng: Random) -> tuple[Any, Any]:
    """A (container, key) in which a value stands, found on a way down. Raises LookupError in an empty container."""
    key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    value = holder[key]
    return _place(value, rng) if isinstance(value, list | dict) and value and rng.random() < 0.8 else (holder, key)
