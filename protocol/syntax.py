"""Identifiers and string formats of the protocol: parse once into a type, or raise.

Every type is a `str` (an `AtUri` is a tuple of them), so it travels through SQL, JSON and dict keys unchanged. Only
`parse` checks; constructing a type directly is for text that has been checked before, such as a row of our own.
Pure and safe in any thread. Nothing is resolved here: a syntactically valid handle may belong to nobody.
Spec: https://atproto.com/specs/{did,handle,nsid,record-key,tid,at-uri-scheme,lexicon}
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self, TypeAlias


class SyntaxInvalid(ValueError):
    """A text is not what its place asks for; the message names the kind and quotes the beginning of the text."""

    def __init__(self, kind: str, value: str) -> None:
        shown = value if len(value) <= 80 else value[:80] + "..."
        super().__init__(f"not a valid {kind}: {shown!r}")


_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_TOP_LABEL = r"[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_NAME_LABEL = r"[a-zA-Z][a-zA-Z0-9]{0,62}"
_DID = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]").fullmatch
_HANDLE = re.compile(rf"(?:{_LABEL}\.)+{_TOP_LABEL}").fullmatch
_NSID = re.compile(rf"{_TOP_LABEL}(?:\.{_LABEL})+\.{_NAME_LABEL}").fullmatch
_RECORD_KEY = re.compile(r"(?!\.\.?\Z)[a-zA-Z0-9_~.:-]{1,512}").fullmatch
_TID = re.compile(r"[2-7a-j][2-7a-z]{12}").fullmatch

# Most at-uris; so short that no part of one is too long.
_USUAL_URI = re.compile(
    rf"at://(did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-])/({_TOP_LABEL}(?:\.{_LABEL})+\.{_NAME_LABEL})/"
    r"((?!\.\.?\Z)[a-zA-Z0-9_~.:-]+)"
).fullmatch
_USUAL_URI_MAX = 253

_TID_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
_TID_TO_BASE32 = str.maketrans(_TID_DIGITS, "0123456789abcdefghijklmnopqrstuv")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def canonical_did(text: str) -> str:
    """A did:web's port may be written %3a: one account is not to be two."""
    return text.replace("%3a", "%3A") if "%3a" in text else text


class Did(str):
    """A decentralized identifier of any method, at most 2,048 characters, its escapes in one form (%3A, never %3a)."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: str) -> Self:
        if _DID(value) and len(value) <= 2048:
            return cls(canonical_did(value))
        raise SyntaxInvalid("DID", value)

    @property
    def method(self) -> str:
        return self[4 : self.index(":", 4)]


class Handle(str):
    """A domain name that names an account, at most 253 characters, held in lower case."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: str) -> Self:
        if len(value) <= 253 and _HANDLE(value):
            return cls(value.lower())
        raise SyntaxInvalid("handle", value)


class Nsid(str):
    """The name of a schema, such as `fm.plyr.track`, at most 317 characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: str) -> Self:
        if len(value) <= 317 and _NSID(value):
            return cls(value)
        raise SyntaxInvalid("NSID", value)


class RecordKey(str):
    """The last part of a record's address, 1 to 512 characters, any of the four kinds."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: str) -> Self:
        if _RECORD_KEY(value):
            return cls(value)
        raise SyntaxInvalid("record key", value)


class Tid(str):
    """A timestamp identifier: 13 characters that sort by time, then by the clock that made them."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: str) -> Self:
        if _TID(value):
            return cls(value)
        raise SyntaxInvalid("TID", value)

    @classmethod
    def from_micros(cls, micros: int, clock_id: int) -> Self:
        """`micros`: microseconds since 1970, below 2**53; `clock_id`: 0 to 1023."""
        if not (0 <= micros < 1 << 53 and 0 <= clock_id < 1 << 10):
            raise SyntaxInvalid("TID", f"{micros} us, clock {clock_id}")
        number = micros << 10 | clock_id
        return cls("".join(_TID_DIGITS[number >> shift & 31] for shift in range(60, -1, -5)))

    @property
    def micros(self) -> int:
        """Microseconds since 1970; below 2**54, the most that the syntax can hold."""
        return int(self.translate(_TID_TO_BASE32), 32) >> 10

    @property
    def time(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.micros)


AtIdentifier: TypeAlias = Did | Handle


def parse_at_identifier(value: str) -> AtIdentifier:
    """A DID or a handle, whichever the text is. Raises `SyntaxInvalid`."""
    if value.startswith("did:"):
        return Did.parse(value)
    return Handle.parse(value)


class AtUri(NamedTuple):
    """`at://authority[/collection[/rkey]]`, without query or fragment, at most 8,192 characters."""

    authority: AtIdentifier
    collection: Nsid | None = None
    rkey: RecordKey | None = None

    @classmethod
    def parse(cls, value: str) -> Self:
        if len(value) <= _USUAL_URI_MAX and (usual := _USUAL_URI(value)):
            did, collection, rkey = usual.groups()
            return cls(Did(canonical_did(did)), Nsid(collection), RecordKey(rkey))
        if not value.startswith("at://") or len(value) > 8192:
            raise SyntaxInvalid("AT-URI", value)
        authority, *path = value[5:].split("/", 3)
        if len(path) > 2:
            raise SyntaxInvalid("AT-URI", value)
        try:
            return cls(
                parse_at_identifier(authority),
                Nsid.parse(path[0]) if path else None,
                RecordKey.parse(path[1]) if len(path) == 2 else None,
            )
        except SyntaxInvalid as error:
            raise SyntaxInvalid("AT-URI", value) from error

    @classmethod
    def of(cls, did: Did, collection: Nsid, rkey: RecordKey) -> Self:
        return cls(did, collection, rkey)

    def __str__(self) -> str:
        return "at://" + "/".join(part for part in self if part is not None)


def canonical_at_uri(text: str) -> str:
    """The at-uri in the form in which it is compared: a handle in lower case. Raises `SyntaxInvalid`."""
    return text if len(text) <= _USUAL_URI_MAX and _USUAL_URI(text) else str(AtUri.parse(text))


# Formats that are checked and not given a type of their own

_DATETIME = re.compile(
    r"([0-9]{4})(-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,20})?"
    r"(?:Z|(?!-00:00)[+-][0-2][0-9]:[0-5][0-9]))"
).fullmatch
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,80}:[^\s\x00-\x20\x7f]+").fullmatch
_CID = re.compile(r"(?!Qm)[a-zA-Z0-9+=]{8,256}").fullmatch
_LANGUAGE = re.compile(
    r"(?P<primary>[a-z]{2,3})(?:-[a-zA-Z]{3}){0,3}(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-zA-Z0-9]{5,8}|[0-9][a-zA-Z0-9]{3}))*)"
    r"(?P<extensions>(?:-[a-wyzA-WYZ0-9](?:-[a-zA-Z0-9]{2,8})+)*)"
    r"(?:-[xX](?:-[a-zA-Z0-9]{1,8})+)?"
    r"|[xX](?:-[a-zA-Z0-9]{1,8})+|i-[a-z]+|en-GB-oed|sgn-BE-FR|sgn-BE-NL|sgn-CH-DE"
).fullmatch
_FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
_LAST_INSTANT = datetime.max.replace(tzinfo=UTC)


def parse_datetime(text: str) -> datetime:
    """A Lexicon datetime as an aware UTC time, to the microsecond. Raises `SyntaxInvalid`.

    The format reaches from year 0 to a little past year 9999; what Python and Postgres cannot hold comes as the
    nearest time that they can.
    """
    found = _DATETIME(text) if len(text) <= 64 else None
    if found is None:
        raise SyntaxInvalid("datetime", text)
    try:
        if found[1] == "0000":
            return _in_year_zero(found[2], text)
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise SyntaxInvalid("datetime", text) from error
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return _FIRST_INSTANT if local.year == 1 else _LAST_INSTANT


def _in_year_zero(rest: str, text: str) -> datetime:
    # Year 4 has the calendar of year 0, which Python lacks.
    moment = datetime.fromisoformat("0004" + rest).astimezone(UTC)
    if moment.year < 4:
        raise SyntaxInvalid("datetime", text)
    return _FIRST_INSTANT if moment.year == 4 else moment.replace(year=1)


def is_datetime(text: str) -> bool:
    try:
        parse_datetime(text)
    except SyntaxInvalid:
        return False
    return True


def is_uri(text: str) -> bool:
    """A URI of any scheme, at most 8,192 bytes; characters outside of ASCII are let through, as the network does."""
    if len(text) > 8192 or _URI(text) is None:
        return False
    return len(text) <= 2048 or len(text.encode(errors="replace")) <= 8192


def is_cid_string(text: str) -> bool:
    """Whether the text can be a CID by its characters (not CIDv0); `cbor.Cid.parse` decides whether it is one."""
    return _CID(text) is not None


def is_record_key(text: str) -> bool:
    return _RECORD_KEY(text) is not None


def is_language(text: str) -> bool:
    """A well-formed BCP 47 tag, at most 128 characters, that repeats no variant and no extension's letter."""
    found = _LANGUAGE(text) if len(text) <= 128 else None
    if found is None:
        return False
    if found["primary"] is None:
        return True
    variants = found["variants"].lower().split("-")[1:]
    singletons = [part for part in found["extensions"].lower().split("-") if len(part) == 1]
    return len(set(variants)) == len(variants) and len(set(singletons)) == len(singletons)
