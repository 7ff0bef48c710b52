"""DNS messages as octets: as dnspython reads them, and FormError for anything else."""

from __future__ import annotations

import dns.message
import dns.name
import dns.rrset
import pytest
from dns.exception import FormError
from hypothesis import given
from hypothesis import strategies as st

from appliance import wire

NAMES = ["example.com.", "www.example.com.", "a.www.example.com.", "example.org.", "."]


def message() -> bytes:
    """Return a response with compressed names."""
    query = dns.message.make_query("www.example.com.", "MX")
    response = dns.message.make_response(query)
    for name in NAMES:
        response.answer.append(dns.rrset.from_text(name, 300, "IN", "MX", "1 mail.example.com."))
    return response.to_wire()


def test_names_and_places_are_those_of_the_message() -> None:
    octets = message()
    header = wire.read_header(octets)
    assert (header.is_response, header.opcode, header.rcode, header.questions, header.answers) == (True, 0, 0, 1, 5)
    places = list(wire.record_places(octets, wire.skip_questions(octets, 1), header.answers))
    assert [wire.read_name(octets, place.start)[0] for place in places] == [
        dns.name.from_text(name).to_wire() for name in NAMES
    ]
    for place in places:
        assert (place.rdtype, place.rdclass, place.ttl) == (15, 1, 300)
        assert wire.read_name(octets, place.data + 2) == (dns.name.from_text("mail.example.com.").to_wire(), place.end)
    assert places[-1].end == len(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"\xc0\x00",  # a pointer to itself
        b"\x01a\xc0\x02",
        b"\xc0\x02\xc0\x00",
        b"\x01a",
        b"\x05abc",
        b"\xc0",
        b"\x40" + b"a" * 64 + b"\0",
        (b"\x3f" + b"a" * 63) * 4 + b"\0",
        b"",
    ],
)
def test_a_name_that_is_none_is_refused(octets: bytes) -> None:
    with pytest.raises(FormError):
        wire.read_name(octets, 0)


def test_the_longest_name_is_read() -> None:
    octets = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\0"
    assert wire.read_name(octets, 0) == (octets, 255)


def test_a_message_cut_anywhere_is_refused() -> None:
    octets = message()
    for end in range(len(octets)):
        with pytest.raises(FormError):
            read(octets[:end])


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: message()[:60] + tail))
def test_other_octets_are_refused_or_read(octets: bytes) -> None:
    try:
        read(octets)
    except FormError:
        return


def read(octets: bytes) -> None:
    header = wire.read_header(octets)
    count = header.answers + header.authorities + header.additional
    for place in wire.record_places(octets, wire.skip_questions(octets, header.questions), count):
        wire.read_name(octets, place.start)
