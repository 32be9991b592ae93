"""Service tokens as a PDS makes them, and as it never would."""

from __future__ import annotations

import base64
import itertools
import time
from typing import Any

import orjson

from protocol.crypto import PrivateKey
from runtime import db
from tests.appview.stage import Person

SERVICE = "did:web:appview.example.com"
ALGORITHMS = {"k256": "ES256K", "p256": "ES256"}

_numbers = itertools.count()


def claims(person: Person, method: str, **changes: Any) -> dict[str, Any]:
    """What a PDS puts into a token; a change to None leaves the claim out."""
    now = int(time.time())
    said = {
        "iss": person.did,
        "aud": SERVICE,
        "lxm": method,
        "iat": now,
        "exp": now + 60,
        "jti": f"{next(_numbers):032x}",
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def token(key: PrivateKey, said: object, header: object = None, *, high_s: bool = False) -> str:
    """The JWT that says this, signed with the key."""
    header = {"typ": "JWT", "alg": ALGORITHMS[key.curve]} if header is None else header
    signed = f"{encoded(orjson.dumps(header))}.{encoded(orjson.dumps(said))}"
    signature = key.sign(signed.encode())
    if high_s:
        order = {
            "k256": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
            "p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        }[key.curve]
        signature = signature[:32] + (order - int.from_bytes(signature[32:])).to_bytes(32)
    return f"{signed}.{encoded(signature)}"


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def give_key(pool: db.Pool, person: Person, key: PrivateKey) -> None:
    """What the indexer notes of an account's DID document."""
    await pool.execute("UPDATE identity SET signing_key = $2 WHERE account_id = $1", person.id, key.public.did_key())
