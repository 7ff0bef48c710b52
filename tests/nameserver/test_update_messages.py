"""UPDATE messages as dnspython reads them, and the responses that count."""

from __future__ import annotations

import struct

import dns.message
import dns.name
import dns.rdataclass
import dns.update
import pytest
from dns.opcode import Opcode
from dns.rcode import Rcode
from dns.rdataclass import IN, NONE
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.TSIG import TSIG as TsigData  # noqa: N811 - a class, beside the type of that name
from hypothesis import given
from hypothesis import strategies as st

from appliance.keys import new_key
from appliance.nameserver.update_messages import UpdateMessage, UpdateResponse, read_response, update_messages
from appliance.tsig import ResponseVerifier, sign
from appliance.zones.delta import MAX_OCTETS, Delta, VersionDelta, WireRecord
from tests.signed_responses import NOW, SigningServer, append_signature, keyring
from tests.workspace import APEX

ZONE = dns.name.from_text("example.com.")
KEY = new_key("update")


def record(owner: str, data: bytes = b"\xc0\0\2\1", rdtype: int = RdataType.A, ttl: int = 300) -> WireRecord:
    return WireRecord(dns.name.from_text(owner, ZONE).to_digestable(), rdtype, ttl, data)


def adding(*records: WireRecord) -> Delta:
    return Delta(added=frozenset(records))


def messages(*deltas: Delta, serial: int = 7) -> list[UpdateMessage]:
    versions = [VersionDelta(serial + number, delta) for number, delta in enumerate(deltas, 1)]
    return update_messages(ZONE, APEX.soa, serial, versions)


def soa(serial: int) -> str:
    return f"ns1.appliance.test. hostmaster.appliance.test. {serial} 3600 300 2419200 300"


def test_a_message_applies_to_one_serial_removes_first_and_ends_with_the_new_one() -> None:
    target = dns.name.from_text("target.example.org.").to_digestable()
    delta = Delta(
        frozenset([record("www", target, RdataType.CNAME), record("@")]),
        frozenset([record("www"), record("a.www", ttl=60), record("www", b"\1\2\3\4")]),
    )
    (message,) = messages(delta)
    assert (message.zone, message.before, message.serial) == (ZONE, 7, 8)
    read = dns.message.from_wire(message.to_wire(4711))
    assert isinstance(read, dns.update.UpdateMessage)
    assert (read.id, read.opcode(), [(one.name, one.rdtype) for one in read.zone]) == (4711, Opcode.UPDATE, [(ZONE, 6)])
    assert [str(one) for one in read.prerequisite] == [f"example.com. 0 IN SOA {soa(7)}"]
    changed = [(str(one.name), one.deleting or one.rdclass, one.ttl, one.rdtype) for one in read.update]
    assert [kind for _, kind, *_ in changed] == [NONE, NONE, IN, IN, IN, IN]
    assert set(changed[:2]) == {("www.example.com.", NONE, 0, 5), ("example.com.", NONE, 0, 1)}
    assert set(changed[2:5]) == {("a.www.example.com.", IN, 60, 1), ("www.example.com.", IN, 300, 1)}
    assert str(read.update[-1]) == f"example.com. 900 IN SOA {soa(8)}"


def test_versions_that_fit_share_a_message_and_the_next_one_continues() -> None:
    big = [adding(*(record(f"{number}.v{version}") for number in range(800))) for version in range(4)]
    assert big[0].octets * 2 < MAX_OCTETS < big[0].octets * 3
    found = messages(Delta(), big[0], Delta(), big[1], big[2], big[3])
    assert [(one.before, one.serial) for one in found] == [(7, 11), (11, 13)]
    assert all(len(one.body) < 60_000 for one in found)


def test_what_a_later_version_reverts_is_in_no_message() -> None:
    (message,) = messages(adding(record("www")), Delta(removed=frozenset([record("www")])))
    read = dns.message.from_wire(message.to_wire(1))
    assert isinstance(read, dns.update.UpdateMessage) and len(read.update) == 1
    assert message.serial == 9


def test_a_change_of_letter_case_over_two_versions_needs_two_messages() -> None:
    upper, lower = (record("www", dns.name.from_text(name).to_wire() or b"", RdataType.CNAME) for name in ("A.", "a."))
    assert len(messages(Delta(removed=frozenset([upper])), adding(lower))) == 2
    assert messages() == []


def test_the_largest_version_with_the_longest_names_fits_into_60000_octets() -> None:
    longest = dns.name.from_text(".".join(["a" * 63] * 3 + ["b" * 61]))
    apex = APEX.soa._replace(names=2 * longest.to_digestable())
    data = bytes(MAX_OCTETS - 255 - 10)
    version = VersionDelta(8, adding(WireRecord(longest.to_digestable(), RdataType.TXT, 0, data)))
    (message,) = update_messages(longest, apex, 7, [version])
    key = new_key("a" * 63, "hmac-sha512")
    assert len(sign(message.to_wire(1), key, NOW).wire) <= 60_000


def test_a_version_that_is_not_later_or_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="serial 7 is not later than 7"):
        update_messages(ZONE, APEX.soa, 7, [VersionDelta(7, Delta())])
    with pytest.raises(ValueError, match="version 8 does not fit"):
        messages(adding(record("www", bytes(MAX_OCTETS))))


MESSAGE = messages(adding(record("www")))[0]
REQUEST = sign(MESSAGE.to_wire(7), KEY, NOW)


def unsigned(rcode: int, opcode: int = Opcode.UPDATE) -> bytes:
    """Return a response of that code, without a signature."""
    return struct.pack("!6H", 7, 0x8000 | opcode << 11 | rcode, 0, 0, 0, 0)


def read(octets: bytes) -> UpdateResponse | None:
    return read_response(octets, MESSAGE, ResponseVerifier(KEY, REQUEST.mac), NOW)


def refusal(rcode: Rcode, error: Rcode) -> bytes:
    """Return a response with a TSIG record without a MAC, as to a key or signature that is not accepted."""
    ring = keyring(KEY)
    data = TsigData(dns.rdataclass.ANY, RdataType.TSIG, ring.algorithm, NOW, 300, b"", 7, error, b"")
    return append_signature(unsigned(rcode), ring.name, data)


@pytest.mark.parametrize("rcode", [Rcode.NOERROR, Rcode.NXRRSET, Rcode.REFUSED, Rcode.SERVFAIL, Rcode.NOTAUTH])
def test_a_signed_response_counts_and_an_unsigned_one_does_not(rcode: Rcode) -> None:
    assert read(SigningServer(KEY, REQUEST.wire).sign(unsigned(rcode))) == UpdateResponse(MESSAGE, rcode)
    assert read(unsigned(rcode)) is None
    assert read(SigningServer(new_key("update"), REQUEST.wire).sign(unsigned(rcode))) is None


def test_formerr_counts_without_a_signature() -> None:
    assert read(unsigned(Rcode.FORMERR)) == UpdateResponse(MESSAGE, Rcode.FORMERR)


def test_a_refused_signature_says_why() -> None:
    clocks = SigningServer(KEY, REQUEST.wire).sign(unsigned(Rcode.NOTAUTH), error=Rcode.BADTIME)
    assert read(clocks) == UpdateResponse(MESSAGE, Rcode.NOTAUTH, Rcode.BADTIME)
    for error in (Rcode.BADKEY, Rcode.BADSIG):
        assert read(refusal(Rcode.NOTAUTH, error)) == UpdateResponse(MESSAGE, Rcode.NOTAUTH, error)
    assert read(refusal(Rcode.NOERROR, Rcode.BADKEY)) is None
    assert read(refusal(Rcode.NOTAUTH, Rcode.NOERROR)) is None


def test_other_messages_do_not_count() -> None:
    assert read(unsigned(Rcode.FORMERR, Opcode.QUERY)) is None
    assert read(REQUEST.wire) is None
    assert read(b"") is None


@given(st.binary(max_size=100).map(lambda tail: unsigned(0)[:4] + tail) | st.binary(max_size=30))
def test_no_octets_are_taken_for_success(octets: bytes) -> None:
    response = read(octets)
    assert response is None or response.rcode in (Rcode.FORMERR, Rcode.NOTAUTH)
