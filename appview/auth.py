"""Who asks: an account that its PDS vouches for with a service token, proved by the account's own key.

The key is the one that is indexed with the account; of an account that is not indexed, or whose key may have changed,
it is asked for at its DID's document: of so many at once, for so long, and of one DID only so often. A token serves
once in this process. A bad one is refused by name, and is never as good as none.
Belongs to the event loop. Spec: https://atproto.com/specs/xrpc#inter-service-authentication-jwt
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import time
from collections import OrderedDict
from typing import NamedTuple

from appview import tokens
from appview.errors import BadJwtIss, BadJwtSignature, JwtReplayed
from appview.queries.base import Reads, Viewer
from appview.tokens import Token
from protocol.crypto import PublicKey
from protocol.identity import DidUnresolvable, Directory, IdentityFailed
from protocol.syntax import Did
from runtime.settings import Settings
from runtime.sql import Queries

SQL = Queries.beside(__file__)


class IssuerAway(Exception):
    """What the issuer's DID document says can't be told now; the message is for who asks."""


class _Issuer(NamedTuple):
    viewer: Viewer
    key: PublicKey | None


class Viewers:
    """Finds out who asks."""

    def __init__(self, settings: Settings, reads: Reads, directory: Directory) -> None:
        self._service = Did(settings.service_did)
        self._reads = reads
        self._keys = _Keys(settings, directory)
        self._seen = _Seen(settings.viewer_tokens)

    async def identify(self, authorization: str | None, method: str) -> Viewer | None:
        """Who signs in with this Authorization header to call this method; None without one.

        Raises Unauthorized, in all its forms, IssuerAway, and ServiceUnavailable where the database is at fault.
        """
        if authorization is None:
            return None
        token = tokens.read(authorization, self._service, method, time.time())
        issuer = await self._issuer(token.issuer)
        if not await self._proven(token, issuer):
            raise BadJwtSignature
        if not self._seen.add(token, time.time()):
            raise JwtReplayed
        return issuer.viewer

    async def _issuer(self, did: Did) -> _Issuer:
        rows = await self._reads.rows_of(SQL["issuers"], (did,))
        if not rows:
            return _Issuer(Viewer(did, None, None), None)
        [row] = rows
        if not row["active"]:
            raise BadJwtIss
        key = row["signing_key"]
        return _Issuer(Viewer(did, row["account_id"], row["rev"]), key and PublicKey.from_did_key(key))

    async def _proven(self, token: Token, issuer: _Issuer) -> bool:
        key = issuer.key or await self._named(issuer.viewer)
        if token.proven_by(key):
            return True
        try:
            current = await self._keys.anew(token.issuer)
        except BadJwtIss:
            return False
        return current is not None and current != key and token.proven_by(current)

    async def _named(self, viewer: Viewer) -> PublicKey:
        """The document's key. Of somebody indexed without one it may have changed just now: what is held won't do."""
        if viewer.account_id is not None:
            return await self._keys.current(viewer.did)
        return await self._keys.of(viewer.did)


class _Keys:
    """The keys that DID documents name."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        self._directory = directory
        self._wait = settings.viewer_wait
        self._free = settings.viewer_fetches
        self._refreshed: OrderedDict[Did, float] = OrderedDict()  # when it was begun
        self._told: OrderedDict[Did, float] = OrderedDict()  # when what came of it was asked for
        self._pause = settings.identity_refresh_min
        self._remembered = settings.viewer_documents

    async def of(self, did: Did) -> PublicKey:
        """The key, as the document said not long ago. Raises BadJwtIss, IssuerAway."""
        return await self._resolve(did, refresh=False)

    async def anew(self, did: Did) -> PublicKey | None:
        """The key as it is now, or None when that was asked for a moment ago. Raises BadJwtIss, IssuerAway."""
        if self._within_pause(self._refreshed, did):
            return None
        return await self._resolve(did, refresh=True)

    async def current(self, did: Did) -> PublicKey:
        """The key as it is now, or was a moment ago; whoever asks meanwhile waits. Raises BadJwtIss, IssuerAway."""
        return await self._resolve(did, refresh=not self._within_pause(self._told, did))

    def _within_pause(self, times: OrderedDict[Did, float], did: Did) -> bool:
        return asyncio.get_running_loop().time() - times.get(did, -self._pause) < self._pause

    def _note(self, times: OrderedDict[Did, float], did: Did, at: float) -> None:
        times[did] = at
        times.move_to_end(did)
        if len(times) > self._remembered:
            times.popitem(last=False)

    async def _resolve(self, did: Did, *, refresh: bool) -> PublicKey:
        if not self._free:
            raise IssuerAway("Too many unknown accounts sign in; try again in a moment.")
        self._free -= 1
        asked_at = asyncio.get_running_loop().time()
        if refresh:
            self._note(self._refreshed, did, asked_at)
        try:
            async with asyncio.timeout(self._wait):
                document = await self._directory.resolve(did, refresh=refresh)
        except TimeoutError:
            raise IssuerAway("The issuer's DID document is slow to come; try again in a moment.") from None
        except IdentityFailed as fault:
            if isinstance(fault, DidUnresolvable) and did.startswith("did:plc:"):  # not a host of the issuer's choice
                raise IssuerAway("The DID directory can't be read; try again in a moment.") from None
            raise BadJwtIss("The issuer of the token has no DID document that can be read.") from None
        finally:
            self._free += 1
        if refresh:
            self._note(self._told, did, asked_at)
        if document.signing_key is None:
            raise BadJwtIss("The issuer's DID document names no key.")
        return document.signing_key


class _Seen:
    """Tokens that have served, until they expire; of more than `size` those that expire first are forgotten."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._names: set[bytes] = set()
        self._by_expiry: list[tuple[float, bytes]] = []

    def add(self, token: Token, now: float) -> bool:
        """Whether the token serves now for the first time."""
        name = hashlib.blake2b(f"{token.issuer} {token.jti}".encode(), digest_size=16).digest()
        if name in self._names:
            return False
        self._names.add(name)
        heapq.heappush(self._by_expiry, (token.expires, name))
        while self._by_expiry and (self._by_expiry[0][0] <= now or len(self._names) > self._size):
            self._names.discard(heapq.heappop(self._by_expiry)[1])
        return True
