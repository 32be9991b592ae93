"""Blobs that are real: sounds and pictures made from a few numbers, the same bytes whenever they are asked for.

A sound is a WAV of a quarter to half a second that carries its title, so that hardly two are the same bytes; a picture
is a PNG of one colour. Pure.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from typing import Final, Protocol

SAMPLES_PER_SECOND: Final = 8_000


class Media(Protocol):
    """Something that can be stored as a blob."""

    @property
    def mime_type(self) -> str: ...

    def data(self) -> bytes:
        """The bytes; the same at every call."""
        ...


@dataclass(frozen=True, slots=True)
class Tone:
    """A sine tone. `pitch` [Hz], 50 to 2000; `milliseconds`: how long it sounds."""

    title: str
    pitch: int
    milliseconds: int

    @property
    def mime_type(self) -> str:
        return "audio/wav"

    def data(self) -> bytes:
        period = SAMPLES_PER_SECOND // self.pitch
        wave = bytes(128 + round(90 * math.sin(2 * math.pi * at / period)) for at in range(period))
        samples = SAMPLES_PER_SECOND * self.milliseconds // 1000 & ~1
        sound = (wave * (samples // period + 1))[:samples]
        shape = struct.pack("<HHIIHH", 1, 1, SAMPLES_PER_SECOND, SAMPLES_PER_SECOND, 1, 8)
        name = _riff(b"INAM", self.title.encode() + b"\x00")
        body = _riff(b"fmt ", shape) + _riff(b"LIST", b"INFO" + name) + _riff(b"data", sound)
        return _riff(b"RIFF", b"WAVE" + body)


@dataclass(frozen=True, slots=True)
class Swatch:
    """A square of one colour. `colour`: red, green, blue, 0 to 255 each; `side` [px]."""

    colour: tuple[int, int, int]
    side: int

    @property
    def mime_type(self) -> str:
        return "image/png"

    def data(self) -> bytes:
        header = struct.pack(">IIBBBBB", self.side, self.side, 8, 2, 0, 0, 0)
        rows = (b"\x00" + bytes(self.colour) * self.side) * self.side
        chunks = _png(b"IHDR", header) + _png(b"IDAT", zlib.compress(rows, 0)) + _png(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + chunks


def _riff(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) & 1)


def _png(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
