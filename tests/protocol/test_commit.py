"""Commits signed with another codec, and blocks that are none."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import commit as commits
from protocol.cbor import Cid
from protocol.commit import CommitInvalid, SignedCommit, parse_commit
from protocol.crypto import Curve, PrivateKey

from .naive_tree import cid_of, link

KEY = PrivateKey.generate("k256", b"account")
DATA = cid_of(b"tree")
FIELDS: dict[str, Any] = {"did": "did:plc:abc", "version": 3, "data": link(DATA), "rev": "3jzfcijpj2z2a", "prev": None}


def _block(key: PrivateKey = KEY, **changed: Any) -> bytes:
    fields = {**FIELDS, **changed}
    sig = key.sign(cbor2.dumps({name: value for name, value in fields.items() if name != "sig"}, canonical=True))
    return cbor2.dumps({"sig": sig, **fields}, canonical=True)


def _parsed(block: bytes) -> SignedCommit:
    return parse_commit(cid_of(block), block)


@pytest.mark.parametrize("curve", ["k256", "p256"])
@pytest.mark.parametrize("prev", [None, cid_of(b"previous")])
def test_a_commit_is_read_and_its_signature_is_its_keys(curve: Curve, prev: Cid | None) -> None:
    key = PrivateKey.generate(curve, b"account")
    commit = _parsed(_block(key, prev=link(prev)))
    assert (commit.did, commit.rev, commit.data, commit.prev) == ("did:plc:abc", "3jzfcijpj2z2a", DATA, prev)
    assert commit.cid == cid_of(_block(key, prev=link(prev)))
    assert commit.verify(key.public)
    assert not commit.verify(PrivateKey.generate(curve, b"other").public)


def test_a_changed_field_spoils_the_signature() -> None:
    commit = _parsed(_block(sig=KEY.sign(cbor2.dumps(FIELDS, canonical=True))))
    assert commit.verify(KEY.public)
    for changed in ({"did": "did:plc:abd"}, {"rev": "3jzfcijpj2z2b"}, {"data": link(cid_of(b"other"))}):
        assert not _parsed(_block(sig=commit.sig, **changed)).verify(KEY.public)


def _without(name: str) -> bytes:
    fields = cbor2.loads(_block())
    del fields[name]
    return cbor2.dumps(fields, canonical=True)


@pytest.mark.parametrize(
    "block",
    [
        *(pytest.param(_without(name), id=f"without {name}") for name in [*FIELDS, "sig"]),
        pytest.param(_block(version=2), id="version 2"),
        pytest.param(_block(version=True), id="version true"),
        pytest.param(_block(extra=1), id="another field"),
        pytest.param(_block(did="abc"), id="no DID"),
        pytest.param(_block(did=1), id="a DID that is a number"),
        pytest.param(_block(rev="abc"), id="no TID"),
        pytest.param(_block(data=bytes(DATA)), id="a root that is bytes"),
        pytest.param(_block(data=None), id="no root"),
        pytest.param(_block(prev="x"), id="a previous commit that is text"),
        pytest.param(_block(sig=b"x" * 63), id="a short signature"),
        pytest.param(_block(sig=link(DATA)), id="a signature that is a link"),
        pytest.param(_block() + b"\x00", id="something after it"),
        pytest.param(_block()[:-1], id="cut off"),
        pytest.param(_block()[:-1] + b"\x18\x03", id="not canonical"),
        pytest.param(b"\x80", id="a list"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_commit_is_refused_by_name(block: bytes) -> None:
    with pytest.raises(CommitInvalid):
        _parsed(block)


@given(st.integers(0, len(_block()) - 1), st.integers(0, 255))
def test_a_commit_with_one_broken_byte_is_refused_or_not_signed(place: int, byte: int) -> None:
    block = bytearray(_block())
    if block[place] == byte:
        return
    block[place] = byte
    try:
        commit = _parsed(bytes(block))
    except CommitInvalid:
        return
    assert not commit.verify(KEY.public)


dids = st.from_regex(r"did:[a-z]{1,9}:[a-zA-Z0-9._:%-]{0,300}[a-z0-9]", fullmatch=True)
blocks = st.builds(
    lambda did, prev, sig: _block(did=did, prev=link(prev), sig=sig),
    dids | st.sampled_from(["did:plc:crevm3jzfcijpj2z2acsigX", "did:web:" + "a" * 247, "did:web:" + "a" * 248]),
    st.sampled_from([None, cid_of(b"previous"), Cid(b"\x01\x55" + DATA[2:])]),
    st.binary(min_size=64, max_size=64) | st.just(b"csigX@" * 10 + b"pre\x18"),
)


@given(blocks, st.data())
def test_a_commit_is_the_same_whether_it_is_decoded_or_known_by_its_form(block: bytes, data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(block) - 1))
        block = block[:place] + data.draw(st.binary(max_size=2)) + block[place + data.draw(st.integers(0, 2)) :]
    assert _outcome(parse_commit, block) == _outcome(commits._decoded, block)


def _outcome(parse: Any, block: bytes) -> SignedCommit | None:
    try:
        return parse(cid_of(block), block)
    except CommitInvalid:
        return None


def test_a_usual_commit_is_known_by_its_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "decode", None)
    assert _parsed(_block()).verify(KEY.public)
