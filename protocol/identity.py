"""Who a DID is now: its document, read from the PLC directory or from its own host, as an account needs it.

`Directory` caches within bounds (failures for less time than documents), has one request under way per DID, and asks
the PLC directory no faster than it is told. A forced refresh passes the cache and never joins a request that began
before it. Nothing is kept on disk, and a handle is what the document claims: handles.py finds out whether it holds.
Belongs to the event loop.
Spec: https://atproto.com/specs/did, https://web.plc.directory/spec/v0.1/did-plc; sync.md sections 2.3 and 5.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast
from urllib.parse import urlsplit

from protocol.crypto import Curve, KeyInvalid, PublicKey
from protocol.fetch import Fetcher, FetchFailed, XrpcError
from protocol.syntax import Did, Handle, SyntaxInvalid, canonical_did


class IdentityFailed(Exception):
    """A DID has no document that can be used."""


class DidNotFound(IdentityFailed):
    """Nobody knows the DID, or it is of a kind that no account can have."""


class DidTombstoned(IdentityFailed):
    """The DID was given up for good."""


class DidUnresolvable(IdentityFailed):
    """Where its document should be there is none that can be read at the moment; nothing follows from that."""


@dataclass(frozen=True, slots=True)
class DidDocument:
    """What a DID document says of an account. `pds` is an origin; what the document lacks, or has wrong, is None."""

    did: Did
    handle: Handle | None
    pds: str | None
    signing_key: PublicKey | None


@dataclass(frozen=True, slots=True)
class DirectoryLimits:
    """Documents held; seconds that a document, and a failure, is good for; requests per second and at once to PLC."""

    cache: int
    ttl: float
    negative_ttl: float
    plc_rate: float
    plc_concurrency: int


_PLC: Final = re.compile(r"did:plc:[a-z2-7]{24}").fullmatch
_WEB: Final = re.compile(r"did:web:([a-zA-Z0-9.-]+)(?:%3[Aa]([0-9]{1,5}))?").fullmatch
# More than a host's name may be, and nothing that a database, a log or a URL would stumble over.
_HOST_NAME: Final = re.compile(r"[a-z0-9._-]+").fullmatch
_LEGACY: Final[dict[str, Curve]] = {
    "EcdsaSecp256k1VerificationKey2019": "k256",
    "EcdsaSecp256r1VerificationKey2019": "p256",
}
# Documents are small; of a long list in one the rest can only be meant to cost us time.
_MAX_ENTRIES: Final = 100

_Outcome: TypeAlias = DidDocument | IdentityFailed


class _Cached(NamedTuple):
    outcome: _Outcome
    until: float


class Directory:
    """Resolves DIDs. Safe for many tasks at once."""

    def __init__(self, plc_url: str, fetcher: Fetcher, limits: DirectoryLimits) -> None:
        self._plc_url = plc_url
        self._fetcher = fetcher
        self._limits = limits
        self._cache: OrderedDict[Did, _Cached] = OrderedDict()
        self._flights: dict[Did, asyncio.Task[_Outcome]] = {}
        self._plc_slots = asyncio.Semaphore(limits.plc_concurrency)
        self._plc_next = 0.0

    async def resolve(self, did: Did, *, refresh: bool = False) -> DidDocument:
        """The document; with `refresh` as it is after the call. Raises DidNotFound, DidTombstoned, DidUnresolvable."""
        cached = None if refresh else self._cached(did)
        outcome = cached or await self._fetched(did, refresh=refresh)
        if isinstance(outcome, IdentityFailed):
            raise type(outcome)(*outcome.args)
        return outcome

    def _cached(self, did: Did) -> _Outcome | None:
        cached = self._cache.get(did)
        if cached is None or cached.until < asyncio.get_running_loop().time():
            return None
        self._cache.move_to_end(did)
        return cached.outcome

    async def _fetched(self, did: Did, *, refresh: bool) -> _Outcome:
        flight = self._flights.get(did)
        if flight is not None and refresh:
            await asyncio.wait([flight])
            flight = self._flights.get(did)
        if flight is None:
            flight = self._flights[did] = asyncio.create_task(self._fetch(did))
            flight.add_done_callback(lambda done: self._landed(did, done))
        return await asyncio.shield(flight)

    def _landed(self, did: Did, flight: asyncio.Task[_Outcome]) -> None:
        if self._flights.get(did) is flight:
            del self._flights[did]
        if flight.cancelled() or flight.exception() is not None:
            return
        outcome = flight.result()
        failed = isinstance(outcome, IdentityFailed) and not isinstance(outcome, DidTombstoned)
        ttl = self._limits.negative_ttl if failed else self._limits.ttl
        self._cache[did] = _Cached(outcome, asyncio.get_running_loop().time() + ttl)
        self._cache.move_to_end(did)
        while len(self._cache) > self._limits.cache:
            self._cache.popitem(last=False)

    async def _fetch(self, did: Did) -> _Outcome:
        try:
            if _PLC(did):
                return parse_document(did, await self._from_plc(did))
            url = web_url(did)
            if url is None:
                return DidNotFound(f"{did} is of no kind that accounts have")
            return parse_document(did, await self._from_host(url))
        except FetchFailed as fault:
            return DidUnresolvable(f"{did}: {fault}")
        except IdentityFailed as fault:
            return fault

    async def _from_plc(self, did: Did) -> object:
        async with self._plc_slots:
            await self._plc_turn()
            try:
                return await self._fetcher.get_json(f"{self._plc_url}/{did}")
            except XrpcError as fault:
                if fault.status == 404:
                    raise DidNotFound(f"{did} is not registered") from fault
                if fault.status == 410:
                    raise DidTombstoned(f"{did} is tombstoned") from fault
                if fault.status == 429:
                    pause = fault.quota.retry_after or 1.0
                    self._plc_next = max(self._plc_next, asyncio.get_running_loop().time() + pause)
                raise

    async def _plc_turn(self) -> None:
        """Wait until the rate allows another request."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._plc_next)
        self._plc_next = turn + 1.0 / self._limits.plc_rate
        if turn > now:
            await asyncio.sleep(turn - now)

    async def _from_host(self, url: str) -> object:
        try:
            return await self._fetcher.get_json(url)
        except XrpcError as fault:
            if fault.status in (404, 410):
                raise DidNotFound(f"nothing at {url}") from fault
            raise


def web_url(did: str) -> str | None:
    """Where the document of a did:web is: a domain without a path, and a port for localhost only. None: no such DID."""
    found = _WEB(did)
    if found is None:
        return None
    host, port = found[1].lower(), found[2]
    if host == "localhost":
        return f"http://localhost{f':{port}' if port else ''}/.well-known/did.json"
    try:
        return None if port else f"https://{Handle.parse(host)}/.well-known/did.json"
    except SyntaxInvalid:
        return None


def parse_document(did: Did, document: object) -> DidDocument:
    """What the document at a DID says. Raises DidUnresolvable for what is not its document."""
    if not isinstance(document, dict):
        raise DidUnresolvable(f"{did}: the document is no object")
    fields = cast("dict[str, Any]", document)
    if not _same_did(fields.get("id"), did):
        raise DidUnresolvable(f"{did}: the document is of another DID")
    return DidDocument(did, _handle(fields), _pds(fields, did), _signing_key(fields, did))


def _same_did(claimed: object, did: Did) -> bool:
    return isinstance(claimed, str) and canonical_did(claimed) == canonical_did(did)


def _entries(fields: dict[str, Any], name: str) -> Iterator[Any]:
    listed = fields.get(name)
    if isinstance(listed, list):
        yield from cast("list[Any]", listed)[:_MAX_ENTRIES]


def _named(fields: dict[str, Any], name: str, did: Did, fragment: Literal["#atproto", "#atproto_pds"]) -> Iterator[Any]:
    """The objects of a list whose id is the fragment, alone or behind the DID."""
    for entry in _entries(fields, name):
        if isinstance(entry, dict):
            found = cast("dict[str, Any]", entry)
            identifier = found.get("id")
            if identifier == fragment or (
                isinstance(identifier, str)
                and identifier.endswith(fragment)
                and _same_did(identifier.removesuffix(fragment), did)
            ):
                yield found


def _handle(fields: dict[str, Any]) -> Handle | None:
    for name in _entries(fields, "alsoKnownAs"):
        if isinstance(name, str) and name.startswith("at://"):
            try:
                return Handle.parse(name.removeprefix("at://"))
            except SyntaxInvalid:
                continue
    return None


def _signing_key(fields: dict[str, Any], did: Did) -> PublicKey | None:
    for method in _named(fields, "verificationMethod", did, "#atproto"):
        kind, key = method.get("type"), method.get("publicKeyMultibase")
        if not _same_did(method.get("controller"), did) or not isinstance(kind, str) or not isinstance(key, str):
            continue
        try:
            if kind == "Multikey":
                return PublicKey.from_multikey(key)
            if kind in _LEGACY:
                return PublicKey.from_legacy_multibase(key, _LEGACY[kind])
        except KeyInvalid:
            continue
    return None


def _pds(fields: dict[str, Any], did: Did) -> str | None:
    for service in _named(fields, "service", did, "#atproto_pds"):
        endpoint = service.get("serviceEndpoint")
        if service.get("type") == "AtprotoPersonalDataServer" and isinstance(endpoint, str):
            origin = _origin(endpoint)
            if origin is not None:
                return origin
    return None


def _origin(endpoint: str) -> str | None:
    """`https://host[:port]` of a URL that has nothing else, in lower case; http is for loopback, see fetch.py."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return None
    if (
        parts.scheme not in ("https", "http")
        or len(endpoint) > 300
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or (host := _host(parts.hostname or "")) is None
    ):
        return None
    default = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None and port != default else "")


def _host(name: str) -> str | None:
    """A host's name or address as it stands in an origin; None for what is neither."""
    if _HOST_NAME(name):
        return name
    try:
        address = ipaddress.IPv6Address(name)
    except ValueError:
        return None
    return None if address.scope_id is not None else f"[{name}]"
