"""How much one client may ask for in a minute: so much in this process, counted from its first request.

A client is an account that has signed in (a PDS asks for everybody from one address), else an address: of IPv6 the
/64, which one household has to itself. The names under a domain are its owner's, as many as he likes, so that a did:web
counts as an account once it is indexed. What a proxy says of its client is believed of trusted proxies alone. The table
of clients is bounded; the one that came first is forgotten first.
Spec: draft-ietf-httpapi-ratelimit-headers; the reset is in seconds since 1970, as the protocol's services give it.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiohttp import web

from appview.errors import RateLimitExceeded
from appview.queries.base import Viewer
from runtime.settings import Settings

WINDOW: Final = 60.0  # seconds

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(slots=True)
class _Budget:
    """What a client has asked for until a moment in seconds since 1970."""

    until: float
    used: int = 0


_BUDGET: Final = web.RequestKey("budget", _Budget)
_BEARER: Final = "bearer "  # of refused tokens, which have a budget of their own


class Limiter:
    """Counts the requests of clients."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.rate_limit
        self._clients_max = settings.rate_clients
        self._trusted = tuple(ipaddress.ip_network(text) for text in settings.trusted_proxies)
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()  # which finds its first at once, as a dict does not

    def charge(self, request: web.Request, viewer: Viewer | None = None) -> None:
        """Count a request. Raises RateLimitExceeded for one too many."""
        own = viewer is not None and (viewer.account_id is not None or not viewer.did.startswith("did:web:"))
        self._charge(request, viewer.did if viewer and own else self._client(request))

    def charge_refused(self, request: web.Request) -> None:
        """Count a token that was refused. Raises RateLimitExceeded for one too many."""
        self._charge(request, _BEARER + self._client(request))

    def check_refused(self, request: web.Request) -> None:
        """Let nobody sign in whose tokens were refused too often. Raises RateLimitExceeded.

        To look at a token costs a statement and may cost a request to its issuer's host; a PDS, through which many
        sign in from one address, sends few that are refused.
        """
        budget = self._budgets.get(_BEARER + self._client(request))
        if self._most and budget is not None and budget.used >= self._most and budget.until > time.time():
            request[_BUDGET] = budget
            budget.used += 1
            raise RateLimitExceeded

    def headers(self, request: web.Request) -> dict[str, str]:
        """What to tell a client of whom a request was counted: of its budget, and when it may come again."""
        budget = request.get(_BUDGET)
        if budget is None:
            return {}
        left = self._most - budget.used
        told = {
            "RateLimit-Limit": str(self._most),
            "RateLimit-Remaining": str(max(left, 0)),
            "RateLimit-Reset": str(round(budget.until)),
            "RateLimit-Policy": f"{self._most};w={WINDOW:.0f}",
        }
        if left < 0:
            told["Retry-After"] = str(max(1, round(budget.until - time.time())))
        return told

    def _charge(self, request: web.Request, client: str) -> None:
        if not self._most:
            return
        budget = request[_BUDGET] = self._budget(client, time.time())
        budget.used += 1
        if budget.used > self._most:
            raise RateLimitExceeded

    def _client(self, request: web.Request) -> str:
        return client_of(request.remote, request.headers.getall("X-Forwarded-For", ()), self._trusted)

    def _budget(self, client: str, now: float) -> _Budget:
        """Budgets stand in the order in which they end."""
        budget = self._budgets.get(client)
        if budget is None or budget.until <= now:
            self._budgets.pop(client, None)
            while self._budgets and (len(self._budgets) >= self._clients_max or self._first().until <= now):
                del self._budgets[next(iter(self._budgets))]
            budget = self._budgets[client] = _Budget(now + WINDOW)
        return budget

    def _first(self) -> _Budget:
        return next(iter(self._budgets.values()))


def client_of(peer: str | None, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The client's address: of those that the X-Forwarded-For headers tell, the last that no trusted proxy has.

    Some proxies add an address to the header that came, others a header of their own behind it.
    """
    found = _address(peer or "")
    if found is None:
        return peer or ""
    hops = ",".join(forwarded).split(",")
    while hops and any(found in network for network in trusted):
        hop = _address(hops.pop().strip())
        if hop is None:
            break
        found = hop
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address
