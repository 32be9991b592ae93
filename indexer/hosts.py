"""How much may be asked of each PDS host now, so that none is overrun and none holds up the others.

For each origin: requests at once, requests per second (a token bucket), and a pause: the one that the host asks for
(429, Retry-After, an empty RateLimit), or, when it is broken, one that doubles with each failure. Whoever wants to ask
a host reserves it first, and does something else when it has no room; nothing here waits. Of hosts that were long not
asked the least recent are forgotten. Belongs to the event loop; each process has its own count. sync.md section 4.
"""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from protocol.fetch import Quota, XrpcError

# A pause that is doubled more often would only overflow.
_MAX_DOUBLINGS = 16
# Statuses from which on a host is broken, that of one who is asked too much, and that of one who lacks the method.
_BROKEN = 500
_TOO_MANY = 429
_UNKNOWN_METHOD = 501
# What a host that says 429, and no more, is left alone for [s].
_DEFAULT_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class HostLimits:
    """Requests at once and per second to one host, hosts remembered, seconds of the first and longest pause."""

    concurrency: int
    rate: float
    memory: int
    pause_min: float
    pause_max: float


def is_about_the_host(status: int) -> bool:
    """Whether an answer's status is no answer: the host is broken, or has had enough."""
    return status == _TOO_MANY or (status >= _BROKEN and status != _UNKNOWN_METHOD)


@dataclass(slots=True)
class _Host:
    tokens: float
    at: float
    running: int = 0
    failures: int = 0
    paused_until: float = 0.0


class Hosts:
    """The hosts that were asked lately."""

    def __init__(self, limits: HostLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._burst = max(1.0, limits.rate)
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    def reserve(self, origin: str) -> bool:
        """Take a place for one request, to be given back by `release`. False: the host has no room now."""
        host = self._host(origin)
        if self._wait(host) > 0:
            return False
        host.running += 1
        host.tokens -= 1.0
        return True

    def wait(self, origin: str) -> float:
        """Seconds until the host has room; infinite while as many requests are under way as there may be."""
        return self._wait(self._host(origin))

    def spend(self, origin: str) -> None:
        """Count one more request made under the same reservation."""
        self._host(origin).tokens -= 1.0

    def release(self, origin: str) -> None:
        """Give the place back, whatever came of the request."""
        self._host(origin).running -= 1

    def answered(self, origin: str, quota: Quota | None = None) -> None:
        """The host works; it may say that it has had enough for a while."""
        host = self._host(origin)
        host.failures = 0
        if quota is not None and quota.remaining == 0 and quota.reset is not None:
            self._pause(host, quota.reset)

    def throttled(self, origin: str, quota: Quota) -> None:
        """The host refused a request because there were too many."""
        asked = quota.retry_after if quota.retry_after is not None else quota.reset
        self._pause(self._host(origin), _DEFAULT_PAUSE if asked is None else asked)

    def failed(self, origin: str, quota: Quota | None = None) -> None:
        """The host is broken: it is left alone for longer each time."""
        host = self._host(origin)
        longest = self._limits.pause_min * 2.0 ** min(host.failures, _MAX_DOUBLINGS)
        host.failures += 1
        pause = min(self._limits.pause_max, longest) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        self._pause(host, max(pause, (quota and quota.retry_after) or 0.0))

    def refused(self, origin: str, fault: XrpcError) -> bool:
        """Count an error that the host has answered with. True: it is about the host, not about what was asked."""
        if not is_about_the_host(fault.status):
            self.answered(origin, fault.quota)
            return False
        if fault.status == _TOO_MANY:
            self.throttled(origin, fault.quota)
        else:
            self.failed(origin, fault.quota)
        return True

    def busy(self) -> list[str]:
        """The hosts that have no room now."""
        return [origin for origin, host in self._hosts.items() if self._wait(host) > 0]

    def soonest(self) -> float | None:
        """Seconds until the first host that only waits for time to pass has room; None: there is no such host."""
        waits = [
            wait
            for host in self._hosts.values()
            if host.running < self._limits.concurrency and (wait := self._wait(host)) > 0
        ]
        return min(waits, default=None)

    def __len__(self) -> int:
        return len(self._hosts)

    def _wait(self, host: _Host) -> float:
        if host.running >= self._limits.concurrency:
            return float("inf")
        now = self._clock()
        host.tokens = min(self._burst, host.tokens + (now - host.at) * self._limits.rate)
        host.at = now
        return max(host.paused_until - now, (1.0 - host.tokens) / self._limits.rate, 0.0)

    def _pause(self, host: _Host, seconds: float) -> None:
        host.paused_until = max(host.paused_until, self._clock() + min(seconds, self._limits.pause_max))

    def _host(self, origin: str) -> _Host:
        host = self._hosts.get(origin)
        if host is None:
            host = self._hosts[origin] = _Host(self._burst, self._clock())
            self._forget()
        self._hosts.move_to_end(origin)
        return host

    def _forget(self) -> None:
        """Those under way stay; there are no more of them than there are workers."""
        over = len(self._hosts) - self._limits.memory
        if over > 0:
            idle = (origin for origin, host in self._hosts.items() if not host.running)
            for origin in [origin for origin, _ in zip(idle, range(over), strict=False)]:
                del self._hosts[origin]
