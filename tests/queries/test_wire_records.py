"""Reading records of messages as octets: what dnspython wrote compressed, and what is malformed."""

from __future__ import annotations

import random
import struct
from contextlib import suppress

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from appliance.errors import CommandFailed
from appliance.queries.wire_records import read_answers
from appliance.zones.delta import WireRecord

RECORDS = (
    ("example.com.", 300, "SOA", "ns1.example.com. hostmaster.example.com. 7 3600 300 2419200 300"),
    ("example.com.", 300, "NS", "ns1.example.com."),
    ("example.com.", 300, "MX", "10 mail.example.com."),
    ("alias.example.com.", 60, "CNAME", "example.com."),
    ("1.example.com.", 60, "PTR", "www.example.com."),
    ("_sip._tcp.example.com.", 60, "SRV", "1 2 3 www.example.com."),
    ("TXT.example.com.", 60, "TXT", '"a" "b"'),
)


def compressed() -> bytes:
    message = dns.message.make_response(dns.message.make_query("example.com.", "AXFR"))
    message.answer = [dns.rrset.from_text(owner, ttl, "IN", rdtype, data) for owner, ttl, rdtype, data in RECORDS]
    return message.to_wire()


def test_names_are_decompressed_in_owners_and_data() -> None:
    expected = []
    for owner, ttl, rdtype, data in RECORDS:
        rrset = dns.rrset.from_text(owner, ttl, "IN", rdtype, data)
        expected.append(WireRecord(rrset.name.to_digestable(), rrset.rdtype, ttl, rrset[0].to_wire() or b""))
    assert read_answers(compressed()) == expected


def test_another_response_code_is_an_error() -> None:
    message = dns.message.make_response(dns.message.make_query("example.com.", "AXFR"))
    message.set_rcode(dns.rcode.REFUSED)
    with pytest.raises(CommandFailed, match="response code 5"):
        read_answers(message.to_wire())


@pytest.mark.parametrize("owner", [b"\xc0\x0c", b"\xc0\x40", b"\xff\xff", b"\x3f" + b"a" * 63 + b"\xc0\x0c"])
def test_a_name_that_does_not_end_is_malformed(owner: bytes) -> None:
    with pytest.raises(CommandFailed, match="malformed"):
        read_answers(struct.pack("!6H", 1, 0x8000, 0, 1, 0, 0) + owner + bytes(20))


def test_damaged_messages_give_records_or_an_error() -> None:
    whole, choice = compressed(), random.Random(11)
    for _ in range(2000):
        damaged = bytearray(whole[: choice.randint(0, len(whole))])
        for _ in range(choice.randint(0, 4)):
            if damaged:
                damaged[choice.randrange(len(damaged))] = choice.randrange(256)
        with suppress(CommandFailed):
            assert all(len(record.owner) <= 256 for record in read_answers(bytes(damaged)))
