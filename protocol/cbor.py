"""DAG-CBOR and its JSON form: blocks' bytes to values and back, exactly.

libipld does the fast work. It gives a link and a byte string that looks like one as the same value, and it takes
numbers that are written longer than need be; both show when its value, encoded again, differs from the input, and
then a strict reader of our own decides. The data model is narrower than CBOR: no floats, integers of 64 bits with
sign, links of CIDv1. U+0000 in text is legal. Pure and safe in any thread; time and memory are linear in the input.
Spec: https://atproto.com/specs/data-model, https://ipld.io/specs/codecs/dag-cbor/spec/
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Self, TypeAlias, cast

import libipld
import orjson


class CborInvalid(ValueError):
    """Bytes, JSON or a value that the protocol's data model does not know; the message says what and where."""


# Deeper than any record that is meant well, and within what orjson can write.
MAX_DEPTH = 128
_TOO_DEEP = f"deeper than {MAX_DEPTH} levels"

DAG_CBOR = 0x71
RAW = 0x55
_SHA256_CBOR = b"\x01\x71\x12\x20"
_SHA256_RAW = b"\x01\x55\x12\x20"
_INT64 = range(-(1 << 63), 1 << 63)


class Cid(bytes):
    """A content identifier, version 1, in binary; `str` of it is base32. Constructing it directly does not check."""

    __slots__ = ()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises `CborInvalid` unless `raw` is one whole CIDv1."""
        if (len(raw) == 36 and raw[:4] in (_SHA256_CBOR, _SHA256_RAW)) or _is_cid(raw):
            return cls(raw)
        raise CborInvalid("not a CIDv1")

    @classmethod
    def parse(cls, text: str) -> Self:
        """From base32 text (`b...`), the only form that the protocol writes. Raises `CborInvalid`."""
        if not text.startswith("b") or len(text) > 256:
            raise CborInvalid("a CID is written in base32, beginning with b")
        try:
            cid = cls.from_bytes(libipld.decode_multibase(text)[1])
        except ValueError as error:
            raise CborInvalid(f"not a CID: {text!r}") from error
        if str(cid) != text:
            raise CborInvalid(f"not the canonical text of a CID: {text!r}")
        return cid

    @classmethod
    def of_block(cls, data: bytes) -> Self:
        """The address of a DAG-CBOR block: dag-cbor, SHA-256."""
        return cls(_SHA256_CBOR + hashlib.sha256(data).digest())

    @property
    def codec(self) -> int:
        """Multicodec number of the content: `DAG_CBOR`, `RAW`, or another."""
        return read_varint(self, 1)[0]

    def __str__(self) -> str:
        return libipld.encode_multibase("b", bytes(self))

    def __repr__(self) -> str:
        return f"Cid({str(self)!r})"


Value: TypeAlias = "bool | int | str | bytes | list[Value] | dict[str, Value] | None"


def decode(data: bytes) -> Value:
    """The one value that `data` is: links as `Cid`, byte strings as `bytes`. Raises `CborInvalid` and nothing else."""
    try:
        value = libipld.decode_dag_cbor(data)
        exact = libipld.encode_dag_cbor(value) == data
    except (ValueError, RecursionError) as error:
        raise CborInvalid(str(error)) from error
    if exact:
        return _restore(value, 0)
    return _StrictReader(data).read_whole()


def _restore(value: Any, depth: int) -> Value:
    """Puts links back among the bytes of a value that libipld read from exactly the bytes that it would write.

    libipld writes all bytes that look like a CID as a link, so where it wrote what it had read, they all were links.
    """
    kind: object = value.__class__
    if kind is dict or kind is list:
        if depth >= MAX_DEPTH:
            raise CborInvalid(_TOO_DEEP)
        for place, item in value.items() if kind is dict else enumerate(value):
            if item.__class__ is not str:
                value[place] = _restore(item, depth + 1)
    elif kind is int:
        return _in_int64(value)
    elif kind is bytes:
        return Cid.from_bytes(value) if libipld.encode_dag_cbor(value)[0] == 0xD8 else value
    elif kind is float:
        raise CborInvalid("a float")
    return value


def _in_int64(number: int) -> int:
    if number not in _INT64:
        raise CborInvalid("an integer of more than 64 bits with sign")
    return number


def read_varint(data: bytes, offset: int) -> tuple[int, int]:
    """An unsigned LEB128 number of at most nine bytes, shortest form, and the offset after it."""
    number = 0
    for count, byte in enumerate(data[offset : offset + 9]):
        number |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            if byte == 0 and count:
                break
            return number, offset + count + 1
    raise CborInvalid("not a varint")


def _is_cid(raw: bytes) -> bool:
    try:
        version, offset = read_varint(raw, 0)
        _, offset = read_varint(raw, offset)
        _, offset = read_varint(raw, offset)
        length, offset = read_varint(raw, offset)
    except CborInvalid:
        return False
    return version == 1 and len(raw) == offset + length


class _StrictReader:
    """Reads DAG-CBOR and takes nothing that is not written in the one canonical way."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    def read_whole(self) -> Value:
        value = self._value(0)
        if self._offset != len(self._data):
            raise CborInvalid("bytes after the value")
        return value

    def _take(self, count: int) -> bytes:
        taken = self._data[self._offset : self._offset + count]
        if len(taken) != count:
            raise CborInvalid("ends too early")
        self._offset += count
        return taken

    def _head(self) -> tuple[int, int]:
        """Major type, and the number that belongs to it."""
        first = self._take(1)[0]
        major, number = first >> 5, first & 31
        if number < 24:
            return major, number
        if number > 27:
            raise CborInvalid("an indefinite length")
        size = 1 << number - 24
        if major == 7:
            raise CborInvalid("a float, or a simple value that is none of true, false and null")
        number = int.from_bytes(self._take(size))
        if number < (24 if size == 1 else 1 << 4 * size):
            raise CborInvalid("a number that is written longer than need be")
        return major, number

    def _value(self, depth: int) -> Value:
        major, number = self._head()
        if major in (4, 5):
            if depth >= MAX_DEPTH:
                raise CborInvalid(_TOO_DEEP)
            return self._map(number, depth) if major == 5 else [self._value(depth + 1) for _ in range(number)]
        if major <= 1:
            return _in_int64(number if major == 0 else -1 - number)
        if major <= 3:
            return self._take(number) if major == 2 else self._text(number)
        return self._link(number) if major == 6 else _simple(number)

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError as error:
            raise CborInvalid("text that is not UTF-8") from error

    def _map(self, length: int, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        previous = (-1, b"")
        for _ in range(length):
            major, size = self._head()
            if major != 3:
                raise CborInvalid("a map key that is not text")
            key = self._text(size)
            order = (size, key.encode())
            if order <= previous:
                raise CborInvalid("map keys that repeat or are out of order")
            previous = order
            found[key] = self._value(depth + 1)
        return found

    def _link(self, tag: int) -> Cid:
        major, size = self._head()
        raw = self._take(size)
        if tag != 42 or major != 2 or raw[:1] != b"\x00":
            raise CborInvalid("a tag that is not a link")
        return Cid.from_bytes(raw[1:])


def _simple(number: int) -> bool | None:
    if number not in (20, 21, 22):
        raise CborInvalid("a simple value that is none of true, false and null")
    return None if number == 22 else number == 21


def encode(value: Value) -> bytes:
    """The canonical bytes of a value. Raises `CborInvalid` for what the data model lacks."""
    out = bytearray()
    _write(out, value, 0)
    return bytes(out)


def _write(out: bytearray, value: Value, depth: int) -> None:
    match value:
        case list() | dict():
            _write_container(out, value, depth)
        case bool() | None:
            out.append(0xF6 if value is None else 0xF5 if value else 0xF4)
        case int():
            number = _in_int64(value)
            _write_head(out, 0 if number >= 0 else 1, number if number >= 0 else -1 - number)
        case str():
            _write_string(out, 3, _utf8(value))
        case Cid():
            _write_head(out, 6, 42)
            _write_string(out, 2, b"\x00" + value)
        case bytes():
            _write_string(out, 2, value)
        case _:
            raise CborInvalid(f"the data model has no {type(value).__name__}")


def _write_container(out: bytearray, value: list[Value] | dict[str, Value], depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise CborInvalid(_TOO_DEEP)
    _write_head(out, 4 if isinstance(value, list) else 5, len(value))
    if isinstance(value, list):
        for item in value:
            _write(out, item, depth + 1)
        return
    for key, item in sorted(((_utf8(key), item) for key, item in value.items()), key=_map_order):
        _write_string(out, 3, key)
        _write(out, item, depth + 1)


def _map_order(entry: tuple[bytes, Value]) -> tuple[int, bytes]:
    return len(entry[0]), entry[0]


def _write_head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major << 5 | number)
        return
    code = 0 if number < 1 << 8 else 1 if number < 1 << 16 else 2 if number < 1 << 32 else 3
    out.append(major << 5 | 24 + code)
    out += number.to_bytes(1 << code)


def _write_string(out: bytearray, major: int, data: bytes) -> None:
    _write_head(out, major, len(data))
    out += data


def _utf8(text: object) -> bytes:
    if not isinstance(text, str):
        raise CborInvalid("a map key that is not text")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise CborInvalid("text with a lone surrogate") from error


def to_json(value: Value) -> bytes:
    """The JSON form, UTF-8: links as `{"$link"}`, bytes as `{"$bytes"}`, U+0000 escaped, integers in full."""
    try:
        return orjson.dumps(value, default=_json_object)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise CborInvalid(str(error)) from error


def _json_object(value: Any) -> dict[str, str]:
    if isinstance(value, Cid):
        return {"$link": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).rstrip(b"=").decode()}
    raise TypeError(f"the data model has no {type(value).__name__}")


def from_json(obj: object) -> dict[str, Value]:
    """The value whose JSON form, parsed, is `obj`. Raises `CborInvalid`, also for malformed `$type`s and blobs."""
    if not isinstance(obj, dict):
        raise CborInvalid("the outermost value is an object")
    value = _from_json(cast("dict[str, Any]", obj), 0)
    if not isinstance(value, dict):
        raise CborInvalid("the outermost value is an object")
    return value


def _from_json(obj: Any, depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise CborInvalid(_TOO_DEEP)
    match obj:
        case None | bool() | str():
            return obj
        case int():
            return _in_int64(obj)
        case float():
            if not obj.is_integer():
                raise CborInvalid("a float")
            return _in_int64(int(obj))
        case list():
            return [_from_json(item, depth + 1) for item in cast("list[Any]", obj)]
        case dict():
            return _object_from_json(cast("dict[str, Any]", obj), depth)
        case _:
            raise CborInvalid(f"JSON has no {type(obj).__name__}")


def _object_from_json(obj: dict[str, Any], depth: int) -> Value:
    if "$link" in obj or "$bytes" in obj:
        match obj:
            case {"$link": str(text)} if len(obj) == 1:
                return Cid.parse(text)
            case {"$bytes": str(text)} if len(obj) == 1:
                return _from_base64(text)
            case _:
                raise CborInvalid("$link and $bytes stand alone in their object and are text")
    value = {key: _from_json(item, depth + 1) for key, item in obj.items()}
    kind = value.get("$type", "object")
    if not isinstance(kind, str) or not kind:
        raise CborInvalid("$type is text and not empty")
    if kind == "blob":
        _check_blob(value)
    return value


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise CborInvalid("$bytes is not base64") from error


def _check_blob(value: dict[str, Value]) -> None:
    match value:
        case {"ref": Cid(), "mimeType": str(), "size": int(size)} if not isinstance(size, bool) and size >= 0:
            return
        case _:
            raise CborInvalid("a blob has a ref that is a link, a mimeType that is text and a size that is an integer")
