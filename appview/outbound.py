"""What the read side asks of other hosts, made from the settings: bounded more tightly than a client is patient."""

from __future__ import annotations

from protocol.fetch import Fetcher, FetchLimits
from protocol.handles import HandleResolver
from protocol.identity import Directory, DirectoryLimits
from protocol.names import Names
from runtime.settings import Settings


def fetcher(settings: Settings) -> Fetcher:
    """The door to other hosts; to be entered before it is used."""
    wait = settings.viewer_wait
    limits = FetchLimits(
        connect=wait, first_byte=wait, request=wait, body_max=settings.small_body_max, redirects=settings.redirects_max
    )
    return Fetcher(limits, Names(wait), trust_loopback=settings.trust_loopback)


def directory(settings: Settings, door: Fetcher) -> Directory:
    """Who resolves the DIDs of those who sign in."""
    limits = DirectoryLimits(
        cache=settings.viewer_documents,
        ttl=settings.identity_ttl,
        negative_ttl=settings.identity_negative_ttl,
        plc_rate=settings.plc_rate,
        plc_concurrency=settings.plc_concurrency,
    )
    return Directory(settings.plc_url, door, limits)


def handles(settings: Settings, door: Fetcher) -> HandleResolver:
    """Who resolves handles."""
    return HandleResolver(door, Names(settings.viewer_wait), settings.handle_resolver)
