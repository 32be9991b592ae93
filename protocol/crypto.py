"""Keys of accounts: did:key and multikey texts, and signatures over SHA-256 on the two curves of the protocol.

K-256 is libsecp256k1 (coincurve), P-256 is OpenSSL (cryptography). Keys are immutable and safe in any thread; one
K-256 verification takes about 30 us. Private keys are here for what signs in tests and in the simulated network.
Spec: https://atproto.com/specs/cryptography
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final, Literal, Self, TypeAlias

import coincurve
import libipld
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

Curve: TypeAlias = Literal["k256", "p256"]


class KeyInvalid(ValueError):
    """A text or point is not a public key on K-256 or P-256."""


_ORDER: Final[dict[Curve, int]] = {
    "k256": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    "p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
}
# Multicodec's varint numbers for the two kinds of public key
_PREFIX: Final[dict[Curve, bytes]] = {"k256": b"\xe7\x01", "p256": b"\x80\x24"}
# The longest text of a key: an uncompressed point in base58. Decoding base58 takes quadratic time.
_MAX_MULTIBASE = 128
_SHA256 = ec.ECDSA(hashes.SHA256())
_SHA256_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point on a curve. `compressed`: 33 bytes, SEC 1. Raises `KeyInvalid` when made of anything else."""

    curve: Curve
    compressed: bytes
    _point: coincurve.PublicKey | ec.EllipticCurvePublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.compressed) != 33:
            raise KeyInvalid(f"a compressed point has 33 bytes, not {len(self.compressed)}")
        object.__setattr__(self, "_point", _load_point(self.curve, self.compressed))

    @classmethod
    def from_did_key(cls, did_key: str) -> Self:
        """`did:key:z...`, as services and the interoperability vectors write it."""
        if not did_key.startswith("did:key:"):
            raise KeyInvalid("not a did:key")
        return cls.from_multikey(did_key.removeprefix("did:key:"))

    @classmethod
    def from_multikey(cls, multibase: str) -> Self:
        """The `publicKeyMultibase` of a `Multikey` verification method: base58 of the curve's code and the point."""
        raw = _decode_base58(multibase)
        for curve, prefix in _PREFIX.items():
            if raw.startswith(prefix):
                return cls(curve, raw[len(prefix) :])
        raise KeyInvalid("neither a K-256 nor a P-256 key")

    @classmethod
    def from_legacy_multibase(cls, multibase: str, curve: Curve) -> Self:
        """The `publicKeyMultibase` of the 2019 suites: base58 of the point alone, compressed or not."""
        return cls(curve, _compress(curve, _decode_base58(multibase)))

    def multikey(self) -> str:
        return libipld.encode_multibase("z", _PREFIX[self.curve] + self.compressed)

    def did_key(self) -> str:
        return "did:key:" + self.multikey()

    def verify(self, message: bytes, signature: bytes, *, allow_high_s: bool = False) -> bool:
        """Whether `signature`, 64 bytes r and s, is this key's over SHA-256 of `message`. Raises nothing.

        Only the lower of the two possible s is taken, as commits demand; `allow_high_s` is for service tokens made
        by browsers' cryptography.
        """
        if len(signature) != 64:
            return False
        order = _ORDER[self.curve]
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        if s > order >> 1:
            if not allow_high_s or s >= order:
                return False
            s = order - s
        der = utils.encode_dss_signature(r, s)
        try:
            if isinstance(self._point, coincurve.PublicKey):
                return self._point.verify(der, message)
            self._point.verify(der, message, _SHA256)
        except (ValueError, InvalidSignature):
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A scalar of a curve. `secret`: 32 bytes. Signs deterministically (RFC 6979), low-S."""

    curve: Curve
    secret: bytes = field(repr=False)
    public: PublicKey = field(init=False)

    def __post_init__(self) -> None:
        if self.curve == "k256":
            compressed = coincurve.PrivateKey(self.secret).public_key.format()
        else:
            compressed = _compress_p256(_derive_p256(self.secret).public_key())
        object.__setattr__(self, "public", PublicKey(self.curve, compressed))

    @classmethod
    def generate(cls, curve: Curve, seed: bytes | None = None) -> Self:
        """A fresh key, or the one that belongs to `seed`."""
        material = secrets.token_bytes(64) if seed is None else hashlib.sha512(seed).digest()
        scalar = int.from_bytes(material) % (_ORDER[curve] - 1) + 1
        return cls(curve, scalar.to_bytes(32))

    def sign(self, message: bytes) -> bytes:
        """64 bytes: r and the lower s, over SHA-256 of `message`."""
        if self.curve == "k256":
            return coincurve.PrivateKey(self.secret).sign_recoverable(message)[:64]
        r, s = utils.decode_dss_signature(_derive_p256(self.secret).sign(message, _SHA256_DETERMINISTIC))
        order = _ORDER["p256"]
        return r.to_bytes(32) + min(s, order - s).to_bytes(32)


def _decode_base58(multibase: str) -> bytes:
    if not multibase.startswith("z") or len(multibase) > _MAX_MULTIBASE:
        raise KeyInvalid("a key is written in base58 multibase, beginning with z")
    try:
        return libipld.decode_multibase(multibase)[1]
    except ValueError as error:
        raise KeyInvalid("not base58") from error


def _load_point(curve: Curve, point: bytes) -> coincurve.PublicKey | ec.EllipticCurvePublicKey:
    try:
        if curve == "k256":
            return coincurve.PublicKey(point)
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise KeyInvalid(f"not a point on {curve}") from error


def _compress(curve: Curve, point: bytes) -> bytes:
    loaded = _load_point(curve, point)
    if isinstance(loaded, coincurve.PublicKey):
        return loaded.format()
    return _compress_p256(loaded)


def _compress_p256(point: ec.EllipticCurvePublicKey) -> bytes:
    return point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


def _derive_p256(secret: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())
