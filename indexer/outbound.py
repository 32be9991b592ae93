"""What reaches other hosts, made from the settings."""

from __future__ import annotations

from protocol.fetch import Fetcher, FetchLimits
from protocol.handles import HandleResolver
from protocol.identity import Directory, DirectoryLimits
from protocol.names import Names
from runtime.settings import Settings


def names(settings: Settings) -> Names:
    """The machine's name service."""
    return Names(settings.connect_timeout)


def fetcher(settings: Settings) -> Fetcher:
    """The door to other hosts; to be entered before it is used."""
    return Fetcher(fetch_limits(settings), names(settings), trust_loopback=settings.trust_loopback)


def fetch_limits(settings: Settings) -> FetchLimits:
    """The bounds of a request."""
    return FetchLimits(
        connect=settings.connect_timeout,
        first_byte=settings.first_byte_timeout,
        request=settings.request_timeout,
        body_max=settings.small_body_max,
        redirects=settings.redirects_max,
    )


def directory(settings: Settings, door: Fetcher) -> Directory:
    """Who resolves DIDs."""
    limits = DirectoryLimits(
        cache=settings.identity_cache,
        ttl=settings.identity_ttl,
        negative_ttl=settings.identity_negative_ttl,
        plc_rate=settings.plc_rate,
        plc_concurrency=settings.plc_concurrency,
    )
    return Directory(settings.plc_url, door, limits)


def handles(settings: Settings, door: Fetcher) -> HandleResolver:
    """Who resolves handles."""
    return HandleResolver(door, names(settings), settings.handle_resolver)


def http_origin(origin: str) -> str:
    """The origin of a host's other methods, from that of its event stream: `wss://x` -> `https://x`."""
    return "http" + origin.removeprefix("ws") if origin.startswith("ws") else origin
