"""Requests are read without loss, whatever they hold; what is no message is a FormError, and nothing else."""

from __future__ import annotations

import struct
from contextlib import suppress

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.tsig
import dns.update
import pytest
from dns.exception import FormError
from dns.rdataclass import ANY, IN, NONE
from dns.rdatatype import TXT, A
from hypothesis import given
from hypothesis import strategies as st

from appliance.updates.messages import malformed_response, read_request

ZONE = dns.name.from_text("example.com.")
KEY = dns.tsig.Key("key.", b"0" * 32)


def update() -> dns.update.UpdateMessage:
    """Return an update with a record of each kind."""
    message = dns.update.UpdateMessage(ZONE)
    message.absent("new")
    message.present("old", "A")
    message.delete("old")
    message.delete("old", "TXT")
    message.delete("old", "TXT", "one")
    message.add("NEW", 60, "A", "192.0.2.1")
    return message


def test_an_update_keeps_class_type_and_ttl_of_each_record() -> None:
    request = read_request(update().to_wire())
    assert request.opcode == dns.opcode.UPDATE and request.questions[0].name == ZONE
    kept = [(str(one.name), one.rdclass, one.rdtype, one.ttl, one.rdata is None) for one in request.updates]
    assert kept == [
        ("old.example.com.", ANY, ANY, 0, True),
        ("old.example.com.", ANY, TXT, 0, True),
        ("old.example.com.", NONE, TXT, 0, False),
        ("new.example.com.", IN, A, 60, False),
    ]
    assert [(one.rdclass, one.rdtype) for one in request.prerequisites] == [(NONE, ANY), (ANY, A)]


def test_a_response_repeats_the_question_and_announces_edns_only_to_who_has_it() -> None:
    for edns in (-1, 0):
        query = dns.message.make_query("WWW.example.com", "A", use_edns=edns)
        response = dns.message.from_wire(read_request(query.to_wire()).response(dns.rcode.REFUSED))
        assert query.is_response(response) and response.rcode() == dns.rcode.REFUSED
        assert (response.edns, bool(response.flags & dns.flags.RD)) == (edns, True)


def test_the_message_without_its_signature_is_what_was_signed() -> None:
    message = update()
    plain = message.to_wire()
    message.use_tsig(KEY)
    request = read_request(message.to_wire())
    assert request.signature and request.signature.key_name == KEY.name
    assert request.unsigned == plain and read_request(plain).signature is None


def _with_record(wire: bytes, record: bytes) -> bytes:
    count = int.from_bytes(wire[10:12], "big") + 1
    return wire[:10] + count.to_bytes(2, "big") + wire[12:] + record


def test_a_signature_is_the_last_record_once_and_opt_comes_once() -> None:
    message = update()
    message.use_tsig(KEY)
    signed = message.to_wire()
    signature = read_request(signed).signature
    assert signature
    option = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)
    for wire in (
        _with_record(signed, signed[signature.start :]),
        _with_record(signed, option),
        _with_record(_with_record(update().to_wire(), option), option),
        signed + b"\0",
        signed[:-1],
    ):
        with pytest.raises(FormError):
            read_request(wire)


def test_records_are_read_when_they_are_needed() -> None:
    """A sender that is not known yet must not make names and data be read, which takes time."""
    wire = bytearray(update().to_wire())
    wire[-6:-4] = b"\0\3"
    request = read_request(bytes(wire[:-1]))
    assert len(request.prerequisites) == 2
    with pytest.raises(FormError):
        _ = request.updates


def test_a_message_has_few_questions() -> None:
    wire = dns.message.make_query("example.com", "A").to_wire()
    few, many = (wire[:4] + bytes([0, count]) + wire[6:12] + wire[12:] * count for count in (10, 11))
    assert len(read_request(few).questions) == 10
    with pytest.raises(FormError, match="more than 10 questions"):
        read_request(many)


@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 255))
def test_junk_is_a_form_error_and_nothing_else(junk: bytes, at: int, octet: int) -> None:
    message = update()
    message.use_tsig(KEY)
    wire = bytearray(message.to_wire())
    wire[at % len(wire)] = octet
    for one in (junk, bytes(wire), bytes(wire[: at % len(wire)])):
        with suppress(FormError):
            request = read_request(one)
            request.response(dns.rcode.REFUSED)
            _ = request.prerequisites, request.updates


@given(st.binary(max_size=64))
def test_what_has_no_header_or_is_a_response_gets_none(junk: bytes) -> None:
    response = malformed_response(junk)
    assert (response is None) == (len(junk) < 12 or junk[2] >= 0x80)
    assert response is None or (response[:2] == junk[:2] and dns.message.from_wire(response).rcode() == 1)
