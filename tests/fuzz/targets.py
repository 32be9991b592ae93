"""What is fed with bent bytes, and what must hold of it. Every target takes bytes, and raises when something does not.

What a target lets pass is an answer, or an error of ours by its name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

import lexicons
from appview import xrpc
from appview.cursors import Listing
from appview.errors import InvalidRequest
from appview.queries import QUERIES, feed, teal
from indexer import frames, jetstream_events
from indexer.frames import FrameInvalid, Interest
from indexer.projections import BY_COLLECTION
from indexer.reading import RecordReader
from indexer.stages import CommitFrame, RecordFrame, RecordKeyRow, RecordRow, SyncFrame
from indexer.unsigned import judge_claim
from indexer.verify import Head, VerifyLimits, verify_commit, verify_sync
from indexer.verify_repo import VerifiedRepo, verify_repo
from protocol.car import BlockInvalid, CarInvalid, CarReader, read_car
from protocol.cbor import CborInvalid, Cid, decode, encode, from_json, to_json
from protocol.crypto import KeyInvalid, PublicKey
from protocol.fetch import read_quota
from protocol.identity import DidUnresolvable, parse_document, web_url
from protocol.mst import TreeLimits
from protocol.syntax import (
    AtUri,
    Did,
    Handle,
    Nsid,
    RecordKey,
    SyntaxInvalid,
    Tid,
    is_cid_string,
    is_datetime,
    is_language,
    is_uri,
    parse_at_identifier,
    parse_datetime,
)
from protocol.text import hashtags, pg_text, slug
from tests.fuzz import seeds
from tests.fuzz.healing import KEY, heal, heal_frame
from tests.fuzz.mutating import CBOR, JSON, MARKED_CBOR, Format
from tests.protocol import naive_tree

COLLECTIONS: Final = seeds.COLLECTIONS


class _Everything(dict[str, Nsid]):
    """Every collection, by its own name."""

    def get(self, name: str, default: Any = None) -> Any:
        return Nsid(name)


LIMITS: Final = VerifyLimits(
    collections=_Everything(),
    max_blocks=1_000,
    max_bytes=2_000_000,
    max_ops=200,
    tree=TreeLimits(max_depth=64, max_nodes=1_000, max_entries=1_000),
    future=timedelta(minutes=5),
)
NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)
PUBLIC: Final = KEY.public
OURS: Final = Interest(frozenset(COLLECTIONS), {seeds.DID})
READER: Final = RecordReader(COLLECTIONS, "fm.plyr")
LISTINGS: Final = [value for module in (feed, teal) for value in vars(module).values() if isinstance(value, Listing)]
SCHEMAS: Final = [lexicons.load().query(nsid) for nsid in sorted(QUERIES)]


def frame(data: bytes) -> None:
    """A message of a relay."""
    with contextlib.suppress(FrameInvalid):
        envelope = frames.read(data)
        frames.concerns(envelope, OURS)
        parsed = frames.parse(envelope)
        if isinstance(parsed, CommitFrame | SyncFrame):
            frames.touches(parsed, OURS.collections)


def commit(data: bytes) -> None:
    """A `#commit` or `#sync` that its account has signed, whatever it says."""
    try:
        parsed = frames.decode(heal_frame(data) or data)
    except FrameInvalid:
        return
    if isinstance(parsed, CommitFrame):
        known = parsed.since and parsed.prev_data
        verify_commit(parsed, Head(parsed.since, parsed.prev_data) if known else None, PUBLIC, LIMITS, NOW)
    elif isinstance(parsed, SyncFrame):
        verify_sync(parsed, None, PUBLIC, LIMITS, NOW)


def car(data: bytes) -> None:
    """A CAR says the same whether it comes whole or in pieces, the first byte being their size."""
    size, rest = (data[0] + 1 if data else 1), data[1:]
    whole = _blocks(lambda: read_car(rest, max_blocks=500, max_bytes=1_000_000))
    reader = CarReader(max_blocks=500, max_bytes=1_000_000)

    def in_pieces() -> Any:
        for begin in range(0, len(rest), size):
            reader.feed(rest[begin : begin + size])
        return reader.finish()

    assert _blocks(in_pieces) == whole


def _blocks(read: Callable[[], Any]) -> object:
    try:
        found = read()
    except CarInvalid:
        return None
    for cid in found.blocks._blocks:
        with contextlib.suppress(BlockInvalid):
            found.blocks.get(cid)
    return found.roots, found.blocks._blocks


def repo(data: bytes) -> None:
    """A fetched repo whose commit its account has signed; a tree that is taken is the one that its records have."""
    healed = heal(data)
    if healed is None:
        return
    try:
        read = read_car(healed.car, max_blocks=LIMITS.max_blocks, max_bytes=LIMITS.max_bytes)
    except CarInvalid:
        return
    verdict = verify_repo(seeds.DID, read, None, None, PUBLIC, LIMITS, NOW)
    if not isinstance(verdict, VerifiedRepo):
        return
    root, _ = naive_tree.build({f"{path.collection}/{path.rkey}": cid for path, cid in verdict.records.items()})
    assert root == verdict.data, "the tree is not the one of its records"
    for path in verdict.records:
        with contextlib.suppress(BlockInvalid):
            verdict.change(path)


def cbor(data: bytes) -> None:
    """What is read is written back as it was, and survives the JSON of the data model."""
    try:
        value = decode(data)
    except CborInvalid:
        return
    assert encode(value) == data
    if isinstance(value, dict):
        try:
            again = from_json(orjson.loads(to_json(value)))
        except CborInvalid:  # such as {"$link": 1}, which JSON cannot say
            return
        assert encode(again) == data


def record(data: bytes) -> None:
    """A record, the first byte being its collection: it is invalid, or its projection takes it."""
    made = row(data)
    if made is None or made.invalid is not None:
        return
    projection = BY_COLLECTION.get(made.key.collection)
    if projection is None:
        return
    parsed = projection.parse(made)
    if parsed is None:
        return
    assert len(parsed) >= len(projection.columns), "a row of the table, and what its side takes"
    if projection.contribution:
        projection.contribution(parsed)
    if projection.side:
        list(projection.side.rows(parsed))


def row(data: bytes) -> RecordRow | None:
    """The row of the fed record; None for what is no record."""
    if len(data) < 2:
        return None
    collection, raw = COLLECTIONS[data[0] % len(COLLECTIONS)], data[1:]
    reading = READER.read(collection, seeds.RKEY, raw)
    if reading.fault is not None:
        return None
    return RecordRow(
        key=RecordKeyRow(1, collection, seeds.RKEY),
        did=seeds.DID,
        cid=Cid.of_block(raw),
        rev=seeds.REV,
        indexed_at=NOW,
        unsigned=False,
        raw=raw,
        value=reading.value,
        invalid=reading.invalid,
    )


def document(data: bytes) -> None:
    """A DID document, and a DID."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    claimed = found.get("id") if isinstance(found, dict) else None
    try:
        did = Did.parse(claimed) if isinstance(claimed, str) else seeds.DID
    except SyntaxInvalid:
        did = seeds.DID
    web_url(did)
    with contextlib.suppress(DidUnresolvable):
        parsed = parse_document(did, found)
        assert parsed.pds is None or parsed.pds.startswith(("http://", "https://"))


def jetstream(data: bytes) -> None:
    """A message of a Jetstream."""
    with contextlib.suppress(FrameInvalid):
        event = jetstream_events.read(data)
        jetstream_events.concerns(event, OURS, COLLECTIONS)
        parsed = jetstream_events.parse(event)
        if isinstance(parsed, RecordFrame):
            judge_claim(parsed, None, None, LIMITS, NOW)


def syntax(data: bytes) -> None:
    """Text where an identifier, a time, a key or a tag should be."""
    text = data.decode(errors="replace")
    for parse in (Did.parse, Handle.parse, Nsid.parse, RecordKey.parse, Tid.parse, AtUri.parse):
        with contextlib.suppress(SyntaxInvalid):
            assert parse(str(parse(text))) == parse(text)
    with contextlib.suppress(SyntaxInvalid):
        parse_at_identifier(text)
    try:
        assert parse_datetime(text).tzinfo is not None
    except SyntaxInvalid:
        assert not is_datetime(text)
    for test in (is_uri, is_cid_string, is_language, hashtags, slug):
        test(text)
    assert "\x00" not in pg_text(text)
    for read in (PublicKey.from_did_key, PublicKey.from_multikey):
        with contextlib.suppress(KeyInvalid):
            read(text)
    with contextlib.suppress(CborInvalid):
        assert str(Cid.parse(text)) == text


def query(data: bytes) -> None:
    """The parameters of a request, the first byte being its method, and the text as a cursor."""
    text = data[1:].decode(errors="surrogateescape")
    with contextlib.suppress(InvalidRequest):
        xrpc._parameters(SCHEMAS[data[0] % len(SCHEMAS)] if data else SCHEMAS[0], text, 1_000)
    for listing in LISTINGS:
        with contextlib.suppress(InvalidRequest):
            assert listing.encode(listing.after(text)) == text


def answer(data: bytes) -> None:
    """The headers in which a host says how much it takes."""
    text = data.decode("latin-1")
    names = ("Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    read_quota(dict.fromkeys(names, text), NOW.timestamp())


class Target(NamedTuple):
    """`form`: how to change its inputs so that they stay readable; None: as bytes alone."""

    feed: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    form: Format | None = None


TARGETS: Final[dict[str, Target]] = {
    "frame": Target(frame, seeds.frames, CBOR),
    "commit": Target(commit, seeds.commits, CBOR),
    "car": Target(car, seeds.cars_in_pieces),
    "repo": Target(repo, seeds.cars),
    "cbor": Target(cbor, seeds.blocks, CBOR),
    "record": Target(record, seeds.records, MARKED_CBOR),
    "document": Target(document, seeds.documents, JSON),
    "jetstream": Target(jetstream, seeds.messages, JSON),
    "syntax": Target(syntax, seeds.texts),
    "query": Target(query, seeds.queries),
    "answer": Target(answer, seeds.headers),
}
