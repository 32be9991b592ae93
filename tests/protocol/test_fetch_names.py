"""Questions to name servers, asked of a small one on loopback."""

import asyncio
from collections.abc import AsyncGenerator

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from protocol.names import NameFailed, Names, NameUnknown

RECORDS = {
    ("two.example.com.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("two.example.com.", "AAAA"): ["2001:db8::1"],
    ("_atproto.alice.example.com.", "TXT"): ['"did=did:plc:" "abc"', '"v=spf1"', '"\\195"'],
    ("empty.example.com.", "MX"): ["10 mail.example.com."],
}


class Server(asyncio.DatagramProtocol):
    """Answers from RECORDS; SERVFAIL for names that begin with `broken`, silence for `silent`."""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        query = dns.message.from_wire(data)
        asked = query.question[0]
        name, kind = str(asked.name), asked.rdtype.name
        if "silent" in name:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if "broken" in name:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif not any(known == name for known, _ in RECORDS):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif (name, kind) in RECORDS:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *RECORDS[name, kind]))
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def names() -> AsyncGenerator[Names]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    found = Names(0.5)
    found._resolver = dns.asyncresolver.Resolver(configure=False)
    found._resolver.nameservers = ["127.0.0.1"]
    found._resolver.port = transport.get_extra_info("sockname")[1]
    yield found
    transport.close()


async def test_a_name_gives_the_addresses_of_both_families(names: Names) -> None:
    assert sorted(await names.addresses("two.example.com")) == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]


async def test_the_strings_of_a_text_record_are_joined(names: Names) -> None:
    assert sorted(await names.texts("_atproto.alice.example.com")) == ["did=did:plc:abc", "v=spf1", "\ufffd"]


@pytest.mark.parametrize("name", ["nobody.example.com", "empty.example.com"])
async def test_a_name_without_records_is_unknown(names: Names, name: str) -> None:
    assert await names.texts(name) == []
    with pytest.raises(NameUnknown):
        await names.addresses(name)


@pytest.mark.parametrize("name", ["broken.example.com", "silent.example.com", "a" * 64 + ".com", "b..com"])
async def test_servers_that_do_not_answer_are_a_failure_and_not_an_unknown_name(names: Names, name: str) -> None:
    with pytest.raises(NameFailed):
        await names.addresses(name)
    with pytest.raises(NameFailed):
        await names.texts(name)


async def test_localhost_needs_no_server(names: Names) -> None:
    names._resolver = None
    assert await names.addresses("localhost") == ["127.0.0.1", "::1"]
