"""The string formats of the Lexicon language: which texts have them, and which have a type of their own.

Every check is bounded in time by the length that its format allows, and never raises. Pure.
Spec: https://atproto.com/specs/lexicon#string-formats
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from lexicons.language import Format
from protocol.syntax import (
    AtUri,
    Did,
    Handle,
    Nsid,
    RecordKey,
    SyntaxInvalid,
    Tid,
    canonical_at_uri,
    is_cid_string,
    is_datetime,
    is_language,
    is_uri,
    parse_at_identifier,
)


def _can(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except SyntaxInvalid:
            return False
        return True

    return check


# Formats whose texts become a type of protocol.syntax; a parser raises SyntaxInvalid.
PARSERS: Mapping[Format, Callable[[str], Any]] = MappingProxyType(
    {
        "at-identifier": parse_at_identifier,
        "at-uri": AtUri.parse,
        "did": Did.parse,
        "handle": Handle.parse,
        "nsid": Nsid.parse,
        "record-key": RecordKey.parse,
        "tid": Tid.parse,
    }
)

CHECKS: Mapping[Format, Callable[[str], bool]] = MappingProxyType(
    {
        **{name: _can(parse) for name, parse in PARSERS.items()},
        "at-uri": _can(canonical_at_uri),
        "cid": is_cid_string,
        "datetime": is_datetime,
        "language": is_language,
        "uri": is_uri,
    }
)

# What to tell somebody whose text does not have the format.
MUST: Mapping[Format, str] = MappingProxyType(
    {
        "at-identifier": "must be a DID or a handle",
        "at-uri": "must be an at:// URI",
        "cid": "must be a CID",
        "datetime": "must be a datetime like 2025-01-31T12:00:00.000Z",
        "did": "must be a DID like did:plc:...",
        "handle": "must be a handle like alice.example.com",
        "language": "must be a language tag like en or pt-BR",
        "nsid": "must be an NSID like fm.plyr.track",
        "record-key": "must be a record key",
        "tid": "must be a TID",
        "uri": "must be a URI with its scheme",
    }
)
