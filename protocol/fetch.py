"""The only door to strangers' hosts: HTTP GET with everything bounded, to public addresses alone.

Every address is checked when its socket is made: after the name was resolved, for each redirect anew, and whatever
way the address was written; the socket then goes to that very address. Only https, unless loopback is trusted (tests
and the demo), which opens http and loopback for hosts that are named so. Answers come as they are on the wire: what
is compressed is refused, so that no small body can unfold into a large one. Belongs to the event loop; any number of
requests at once, which the callers bound. Spec: https://atproto.com/specs/xrpc; sync.md section 7.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Self, cast

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from protocol.names import Names


class FetchFailed(Exception):
    """A request has got no answer that can be used."""


class Unreachable(FetchFailed):
    """The host cannot be reached, or does not speak properly, or is too slow."""


class AddressRefused(FetchFailed, OSError):
    """The URL is of a kind, or leads to an address, that is never asked."""


class AnswerTooLarge(FetchFailed):
    """The body is larger than is allowed."""


class AnswerInvalid(FetchFailed):
    """The body is not what was asked for."""


class Quota(NamedTuple):
    """What a host says about how much it takes: requests left, and seconds until more are, or until asking again."""

    remaining: int | None
    reset: float | None
    retry_after: float | None


class XrpcError(FetchFailed):
    """The host answered with an error: `name` and `message` are its own (empty when it gives none)."""

    def __init__(self, status: int, name: str, message: str, quota: Quota) -> None:
        super().__init__(f"{status} {name}: {message}" if name else f"status {status}")
        self.status = status
        self.name = name
        self.message = message
        self.quota = quota


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Seconds to connect, between two bytes, and for a whole small request; bytes of a small body; redirects."""

    connect: float
    first_byte: float
    request: float
    body_max: int
    redirects: int


_REDIRECTS: Final = (301, 302, 303, 307, 308)
_ERROR_BODY_MAX: Final = 16_384
_ERROR_TEXT_MAX: Final = 300
_CHUNK: Final = 65_536
# Longer than any host means, short enough for arithmetic: what a header can ask of us.
_WAIT_MAX: Final = 86_400.0
_HTTP_DATE: Final = "%a, %d %b %Y %H:%M:%S GMT"
_HEADERS: Final = {"User-Agent": "plyr-appview", "Accept-Encoding": "identity"}
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_RELAY_ANYCAST: Final = ipaddress.IPv4Network("192.88.99.0/24")


class Answer:
    """A successful answer whose body is still to be read."""

    def __init__(self, response: aiohttp.ClientResponse, body_max: int) -> None:
        self.quota = read_quota(response.headers, time.time())
        self._response = response
        self._body_max = body_max

    async def chunks(self, max_bytes: int) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises AnswerTooLarge, Unreachable."""
        size = 0
        while True:
            with _named_faults(str(self._response.url)):
                chunk = await self._response.content.read(_CHUNK)
            if not chunk:
                return
            size += len(chunk)
            if size > max_bytes:
                raise AnswerTooLarge(f"more than {max_bytes} bytes")
            yield chunk

    async def read(self) -> bytes:
        """A small body, whole."""
        return b"".join([chunk async for chunk in self.chunks(self._body_max)])

    async def json(self) -> Any:
        """A small body's JSON value. Raises AnswerInvalid besides."""
        try:
            return orjson.loads(await self.read())
        except orjson.JSONDecodeError as fault:
            raise AnswerInvalid("not JSON") from fault


@contextmanager
def _named_faults(url: str) -> Generator[None]:
    """What can go wrong between two hosts, as one of our errors."""
    try:
        yield
    except aiohttp.ClientConnectorError as fault:
        if isinstance(fault.os_error, AddressRefused):
            raise AddressRefused(f"{url}: {fault.os_error}") from fault
        raise Unreachable(f"{url}: {fault}") from fault
    except FetchFailed:
        raise
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
        raise Unreachable(f"{url}: {str(fault) or type(fault).__name__}") from fault


class Fetcher:
    """Makes requests. An async context manager: leaving it closes the connections."""

    def __init__(self, limits: FetchLimits, names: Names, *, trust_loopback: bool = False) -> None:
        self._limits = limits
        self._names = names
        self._trust_loopback = trust_loopback
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=0,  # the callers bound what is under way; a common bound would let slow hosts hold up the others
            resolver=_Resolver(self._names),
            socket_factory=self._socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector, headers=_HEADERS, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(self, *fault: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get_json(self, url: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON value at a URL. Raises FetchFailed."""
        async with self.open(url, params) as answer:
            return await answer.json()

    async def get_text(self, url: str) -> str:
        """The text at a URL; what is no UTF-8 is replaced. Raises FetchFailed."""
        async with self.open(url) as answer:
            return (await answer.read()).decode("utf-8", "replace")

    @asynccontextmanager
    async def open(
        self, url: str, params: Mapping[str, str] | None = None, *, total: float | None = None
    ) -> AsyncGenerator[Answer]:
        """A successful answer, redirects followed; `total` seconds for all of it instead of those of a small request.

        Raises AddressRefused, Unreachable, and XrpcError for every other status than 200; so does reading the body.
        """
        response = await self._follow(url, params, self._limits.request if total is None else total)
        async with response:
            yield Answer(response, self._limits.body_max)

    async def _follow(self, url: str, params: Mapping[str, str] | None, total: float) -> aiohttp.ClientResponse:
        limits = aiohttp.ClientTimeout(total=total, connect=self._limits.connect, sock_read=self._limits.first_byte)
        with _named_faults(url):
            target = URL(url)
            target = target.update_query(params) if params else target
            for _ in range(self._limits.redirects + 1):
                self._check_url(target)
                assert self._session is not None, "used outside of its context"
                response = await self._session.get(target, timeout=limits, allow_redirects=False)
                try:
                    if response.status not in _REDIRECTS:
                        await _check(response)
                        return response
                    target = _next(target, response)
                except BaseException:
                    response.close()
                    raise
                response.release()
        raise Unreachable(f"{url}: more than {self._limits.redirects} redirects")

    def _check_url(self, url: URL) -> None:
        if not url.host or url.user is not None or url.password is not None:
            raise AddressRefused(f"not the URL of a host: {url}")
        if url.scheme == "https" or (url.scheme == "http" and self._trust_loopback and _is_loopback(url.host)):
            return
        raise AddressRefused(f"only https is asked: {url}")

    def _socket(self, where: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = where
        if not is_public(address[0]) and not (self._trust_loopback and _is_loopback(address[0])):
            raise AddressRefused("leads to an address that is not public")
        return socket.socket(family, kind, protocol)


class _Resolver(AbstractResolver):
    """Names for aiohttp's connector."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = [ipaddress.ip_address(text) for text in await self._names.addresses(host, family)]
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet's, the IPv4 address considered that an IPv6 one may carry."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        carried = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _NAT64:
            carried = ipaddress.IPv4Address(parsed.packed[-4:])
        if carried is None:
            return parsed in _UNICAST and parsed.is_global and parsed.scope_id is None
        parsed = carried
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved and parsed not in _RELAY_ANYCAST


def read_quota(headers: Mapping[str, str], now: float) -> Quota:
    """The quota in an answer's headers. `now`: seconds since 1970, for hosts that give the reset as a time."""
    reset = _seconds(headers.get("RateLimit-Reset"))
    if reset is not None and reset > 1e9:
        reset = max(0.0, reset - now)
    remaining = _seconds(headers.get("RateLimit-Remaining"))
    retry_after = _wait(headers.get("Retry-After"), now)
    return Quota(
        None if remaining is None else int(min(remaining, 1e9)),
        None if reset is None else min(reset, _WAIT_MAX),
        None if retry_after is None else min(retry_after, _WAIT_MAX),
    )


def _seconds(text: str | None) -> float | None:
    """A header's number."""
    if text is None or len(text) > 20 or not text.strip().isascii():
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < 1e12 else None


def _wait(text: str | None, now: float) -> float | None:
    """Seconds until what Retry-After says: a number, or a date."""
    seconds = _seconds(text)
    if seconds is not None or text is None:
        return seconds
    try:
        until = datetime.strptime(text, _HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(0.0, until.timestamp() - now)


async def _check(response: aiohttp.ClientResponse) -> None:
    """Raise XrpcError for everything but an answer of status 200, and AnswerInvalid for a compressed one."""
    if response.status != 200:
        name, message = _error_of(await response.content.read(_ERROR_BODY_MAX))
        raise XrpcError(response.status, name, message, read_quota(response.headers, time.time()))
    if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
        raise AnswerInvalid("compressed, which was not asked for")


def _error_of(body: bytes) -> tuple[str, str]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    if not isinstance(parsed, dict):
        return "", ""
    fields = cast("dict[str, Any]", parsed)
    return _text(fields.get("error")), _text(fields.get("message"))


def _text(value: object) -> str:
    return value[:_ERROR_TEXT_MAX] if isinstance(value, str) else ""


def _next(url: URL, response: aiohttp.ClientResponse) -> URL:
    location = response.headers.get("Location")
    if not location:
        raise Unreachable(f"{url}: a redirect to nowhere")
    return url.join(URL(location))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
