"""Domain names to addresses and TXT records, by asking the machine's name servers without a thread.

The system's own resolver would occupy one of a few threads for each name whose servers are slow, and strangers choose
the names that we ask for. `localhost` is answered here (RFC 6761); the hosts file is not read. Belongs to the event
loop; every question ends within `timeout` seconds.
"""

from __future__ import annotations

import socket

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver


class NameFailed(OSError):
    """The name servers did not answer; whether the name exists cannot be told."""


class NameUnknown(OSError):
    """There is no such name, or it has no such records."""


class Names:
    """The name service that the machine is set up to use."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def addresses(self, host: str, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[str]:
        """IPv4 and IPv6 addresses. Raises NameUnknown, NameFailed."""
        if host == "localhost" or host.endswith(".localhost"):
            return ["127.0.0.1", "::1"]
        try:
            answers = await self._server().resolve_name(_absolute(host), family, lifetime=self._timeout, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer) as fault:
            raise NameUnknown(str(fault)) from fault
        except (dns.exception.DNSException, OSError, ValueError) as fault:
            raise NameFailed(f"{host}: {fault}") from fault
        found = list(answers.addresses())
        if not found:
            raise NameUnknown(f"{host} has no address")
        return found

    async def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each with its strings joined; none is an empty list. Raises NameFailed."""
        try:
            answer = await self._server().resolve(
                _absolute(name), dns.rdatatype.TXT, lifetime=self._timeout, search=False
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError) as fault:
            raise NameFailed(f"{name}: {fault}") from fault
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

    def _server(self) -> dns.asyncresolver.Resolver:
        """Reads the machine's configuration at the first question, so that one without any can still be started."""
        if self._resolver is None:
            self._resolver = dns.asyncresolver.Resolver()
        return self._resolver


def _absolute(name: str) -> str:
    return name if name.endswith(".") else name + "."
