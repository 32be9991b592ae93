"""Known keys and signatures, refusals by name, and signing with both curves."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import libipld
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from protocol.crypto import _ORDER, Curve, KeyInvalid, PrivateKey, PublicKey

VECTORS = Path(__file__).parents[1] / "fixtures" / "atproto-interop" / "crypto"
CURVES: list[Curve] = ["k256", "p256"]


def _load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def _unpad(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("vector", _load("signature-fixtures.json"), ids=lambda v: v["comment"])
def test_the_signature_is_judged_as_published(vector: dict[str, Any]) -> None:
    message, signature = _unpad(vector["messageBase64"]), _unpad(vector["signatureBase64"])
    curve: Curve = "k256" if vector["algorithm"] == "ES256K" else "p256"
    key = PublicKey.from_did_key(vector["publicKeyDid"])
    assert key.curve == curve
    assert key.verify(message, signature) is vector["validSignature"]
    assert PublicKey.from_legacy_multibase(vector["publicKeyMultibase"], curve) == key
    assert key.verify(message, signature, allow_high_s=True) is (vector["tags"] != ["der-encoded"])


@pytest.mark.parametrize("vector", _load("w3c_didkey_K256.json"), ids=lambda v: v["publicDidKey"])
def test_a_k256_secret_has_its_published_did_key(vector: dict[str, str]) -> None:
    key = PrivateKey("k256", bytes.fromhex(vector["privateKeyBytesHex"])).public
    assert key.did_key() == vector["publicDidKey"]
    assert PublicKey.from_did_key(vector["publicDidKey"]) == key


@pytest.mark.parametrize("vector", _load("w3c_didkey_P256.json"), ids=lambda v: v["publicDidKey"])
def test_a_p256_secret_has_its_published_did_key(vector: dict[str, str]) -> None:
    secret = libipld.decode_multibase("z" + vector["privateKeyBytesBase58"])[1]
    assert PrivateKey("p256", secret).public.did_key() == vector["publicDidKey"]


@pytest.mark.parametrize("curve", CURVES)
@given(message=st.binary(max_size=64), seed=st.binary(max_size=8))
def test_a_signature_is_good_for_its_message_alone(curve: Curve, message: bytes, seed: bytes) -> None:
    key = PrivateKey.generate(curve, seed)
    signature = key.sign(message)
    assert signature == PrivateKey.generate(curve, seed).sign(message)
    assert key.public.verify(message, signature)
    assert not key.public.verify(message + b"x", signature)
    high = signature[:32] + (_ORDER[curve] - int.from_bytes(signature[32:])).to_bytes(32)
    assert not key.public.verify(message, high)
    assert key.public.verify(message, high, allow_high_s=True)


@pytest.mark.parametrize("curve", CURVES)
@given(signature=st.one_of(st.binary(max_size=80), st.binary(min_size=64, max_size=64)))
def test_no_bytes_in_place_of_a_signature_raise(curve: Curve, signature: bytes) -> None:
    key = PrivateKey.generate(curve, b"seed").public
    assert not key.verify(b"message", signature)
    assert not key.verify(b"message", signature, allow_high_s=True)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("r", [0, 1, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, 2**256 - 1])
def test_a_signature_at_the_edge_of_the_numbers_is_bad(curve: Curve, r: int, s: int) -> None:
    key = PrivateKey.generate(curve, b"seed").public
    assert not key.verify(b"message", r.to_bytes(32) + s.to_bytes(32), allow_high_s=True)


def test_fresh_keys_differ() -> None:
    assert PrivateKey.generate("k256").public != PrivateKey.generate("k256").public


def test_a_secret_does_not_show_in_a_representation() -> None:
    key = PrivateKey.generate("p256", b"seed")
    assert key.secret.hex() not in repr(key)
    assert repr(key.secret) not in repr(key)


@pytest.mark.parametrize("curve", CURVES)
def test_a_legacy_key_may_be_an_uncompressed_point(curve: Curve) -> None:
    key = PrivateKey.generate(curve, b"seed").public
    group = ec.SECP256K1() if curve == "k256" else ec.SECP256R1()
    point = ec.EllipticCurvePublicKey.from_encoded_point(group, key.compressed)
    raw = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    assert PublicKey.from_legacy_multibase(libipld.encode_multibase("z", raw), curve) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "did:key:",
        "did:plc:abc",
        "did:key:z",
        "did:key:zz0OIl",
        "did:key:uAAAA",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:key:z" + "1" * 100_000,
        "did:key:" + libipld.encode_multibase("z", b"\xe7\x01" + b"\x02" + b"\xff" * 32),
        "did:key:" + libipld.encode_multibase("z", b"\x80\x24" + b"\x02" + b"\xff" * 32),
        "did:key:" + libipld.encode_multibase("z", b"\xe7\x01" + b"\x02" + b"\x01" * 31),
        "did:key:é",
    ],
)
def test_what_is_no_key_is_refused_by_name(text: str) -> None:
    with pytest.raises(KeyInvalid):
        PublicKey.from_did_key(text)


@given(st.text(max_size=60))
def test_no_text_in_place_of_a_key_raises_another_error(text: str) -> None:
    for curve in CURVES:
        with pytest.raises(KeyInvalid):
            PublicKey.from_legacy_multibase("z" + text, curve)
