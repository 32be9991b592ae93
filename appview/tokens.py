"""Service tokens as they are on the wire: what one says, before anybody has proved it. Pure.

A token is a JWT of the kind that a PDS makes for its accounts, and carries what it is for: one service (`aud`), one
method (`lxm`), once (`jti`), for a short time (`exp`). Spec: https://atproto.com/specs/xrpc#inter-service-authentication-jwt
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Final, cast

import orjson

from appview.errors import (
    AuthMissing,
    BadJwt,
    BadJwtAudience,
    BadJwtIss,
    BadJwtLexiconMethod,
    BadJwtSignature,
    BadJwtType,
    JwtExpired,
)
from protocol.crypto import Curve, PublicKey
from protocol.syntax import Did, SyntaxInvalid

LIFE_MAX: Final = 3_600.0  # seconds

_BEARER = re.compile(r"Bearer +([A-Za-z0-9_.-]+)", re.IGNORECASE).fullmatch
_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)").fullmatch
_ALGORITHMS: Final[dict[Curve, str]] = {"k256": "ES256K", "p256": "ES256"}
_ACCOUNT_KEY: Final = "#atproto"


@dataclass(frozen=True, slots=True)
class Token:
    """What a token claims. `expires`: seconds since 1970; `jti` is the name under which it serves once."""

    issuer: Did
    expires: float
    jti: str
    _algorithm: object
    _signed: bytes = field(repr=False)
    _signature: bytes = field(repr=False)

    def proven_by(self, key: PublicKey) -> bool:
        """Whether the holder of this key has made the token."""
        return self._algorithm == _ALGORITHMS[key.curve] and key.verify(
            self._signed, self._signature, allow_high_s=True
        )


def read(authorization: str, service: Did, method: str, now: float) -> Token:
    """The token of an Authorization header, if it is for this method of this service and has not expired.

    `now`: seconds since 1970. Raises AuthMissing, BadJwt, BadJwtType, BadJwtAudience, BadJwtLexiconMethod, BadJwtIss,
    JwtExpired, and BadJwtSignature for what no account's key can have signed.
    """
    bearer = _BEARER(authorization)
    if bearer is None:
        raise AuthMissing
    parts = _PARTS(bearer[1])
    if parts is None:
        raise BadJwt("The token is not made of three parts.")
    header, claims = _object(parts[1]), _object(parts[2])
    _check_type(header)
    if claims.get("aud") not in (service, f"{service}#plyr_appview"):
        raise BadJwtAudience
    if claims.get("lxm") != method:
        raise BadJwtLexiconMethod
    issuer = _issuer(claims.get("iss"))
    if header.get("alg") not in _ALGORITHMS.values():
        raise BadJwtSignature("The token is signed with neither ES256K nor ES256.")
    if header.get("kid", _ACCOUNT_KEY) not in (_ACCOUNT_KEY, issuer + _ACCOUNT_KEY):
        raise BadJwtSignature("The token is signed with another key than that of an account.")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise BadJwt("The token has no jti.")
    signed = f"{parts[1]}.{parts[2]}".encode()
    return Token(issuer, _expiry(claims.get("exp"), now), jti, header.get("alg"), signed, _decode(parts[3]))


def _check_type(header: dict[str, Any]) -> None:
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise BadJwtType
    if "crit" in header:
        raise BadJwt("The token asks for what is not understood here.")


def _issuer(claimed: object) -> Did:
    try:
        return Did.parse(claimed if isinstance(claimed, str) else "")
    except SyntaxInvalid:
        raise BadJwtIss("The issuer of the token is not a DID.") from None


def _expiry(claimed: object, now: float) -> float:
    if isinstance(claimed, bool) or not isinstance(claimed, int | float):
        raise BadJwt("The token does not say when it expires.")
    if claimed <= now:
        raise JwtExpired
    if claimed > now + LIFE_MAX:
        raise BadJwt("The token is good for more than an hour.")
    return claimed


def _object(part: str) -> dict[str, Any]:
    try:
        value = orjson.loads(_decode(part))
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise BadJwt("A part of the token is not a JSON object.")
    return cast("dict[str, Any]", value)


def _decode(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise BadJwt("A part of the token is not base64url.") from None
