"""Signatures as dnspython creates and verifies them, of one message and of the messages of a zone transfer."""

from __future__ import annotations

import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest
from dns.rcode import Rcode
from dns.rdtypes.ANY.TSIG import TSIG as TsigData  # noqa: N811 - a class, beside the type of that name
from hypothesis import given
from hypothesis import strategies as st

from appliance.keys import Key, new_key
from appliance.tsig import MAX_UNSIGNED, ResponseVerifier, SignatureError, read_signature, sign
from tests.signed_responses import NOW, SigningServer, keyring

KEYS = [new_key("Update-Key.example", f"hmac-{digest}") for digest in ("sha1", "sha224", "sha256", "sha384", "sha512")]
KEY = KEYS[2]
QUERY = dns.message.make_query("example.com.", "SOA", id=7).to_wire()


def response() -> bytes:
    """Return a response without a signature."""
    message = dns.message.make_response(dns.message.from_wire(QUERY))
    message.answer.append(dns.rrset.from_text("example.com.", 1, "IN", "TXT", "x"))
    return message.to_wire()


def exchange(key: Key = KEY) -> tuple[SigningServer, ResponseVerifier]:
    """Return who signs and who verifies the responses to one request."""
    request = sign(QUERY, key, NOW)
    return SigningServer(key, request.wire), ResponseVerifier(key, request.mac)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_dnspython_verifies_the_signature_of_a_request(key: Key) -> None:
    signed = sign(QUERY, key, NOW)
    found = read_signature(signed.wire)
    assert found and found.mac == signed.mac and found.error == 0
    ring = keyring(key)
    data = TsigData(dns.rdataclass.ANY, dns.rdatatype.TSIG, ring.algorithm, NOW, 300, signed.mac, 7, 0, b"")
    dns.tsig.validate(signed.wire, ring, ring.name, data, NOW, b"", found.start)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_a_response_of_dnspython_is_verified(key: Key) -> None:
    server, verifier = exchange(key)
    found = verifier.verify(server.sign(response(), error=Rcode.BADTIME), NOW)
    assert found and found.error == Rcode.BADTIME


def test_the_id_of_a_forwarded_response_does_not_count() -> None:
    server, verifier = exchange()
    assert verifier.verify(b"\0\1" + server.sign(response())[2:], NOW)


def test_what_is_wrong_with_a_response_is_said() -> None:
    request = sign(QUERY, KEY, NOW)
    good = SigningServer(KEY, request.wire).sign(response())
    earlier = sign(QUERY, KEY, NOW - 1).wire
    another, same_name = new_key("another"), new_key(KEY.name)
    for octets, text in (
        (response(), "the response is not signed"),
        (good[:3] + b"\1" + good[4:], "the signature of the response is wrong"),
        (SigningServer(same_name, request.wire).sign(response()), "the signature of the response is wrong"),
        (SigningServer(another, request.wire).sign(response()), "the response is signed with another key"),
        (SigningServer(KEY, earlier).sign(response()), "the signature of the response is wrong"),
        (SigningServer(KEY, request.wire).sign(response(), now=NOW - 301), "the response was signed at another time"),
        (good + b"\0", "octets after the signature, or missing"),
        (good[:-1], "the data of a record is not complete"),
        (good[:11], "shorter than a header"),
    ):
        with pytest.raises(SignatureError, match=text):
            ResponseVerifier(KEY, request.mac).verify(octets, NOW)


def test_messages_of_a_transfer_continue_one_another() -> None:
    server, verifier = exchange()
    for signed in (True, False, False, True, True):
        octets = server.sign(response(), multi=True) if signed else server.skip(response())
        assert (verifier.verify(octets, NOW) is not None) == signed
        assert bool(verifier.unsigned) != signed
    server.sign(response(), multi=True)  # this one is lost
    with pytest.raises(SignatureError, match="wrong"):
        verifier.verify(server.sign(response(), multi=True), NOW)


def test_too_many_messages_without_a_signature_are_refused() -> None:
    server, verifier = exchange()
    verifier.verify(server.sign(response(), multi=True), NOW)
    for _ in range(MAX_UNSIGNED):
        verifier.verify(server.skip(response()), NOW)
    with pytest.raises(SignatureError, match="not signed"):
        verifier.verify(server.skip(response()), NOW)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 150))
def test_a_changed_response_is_refused(change: bytes, start: int) -> None:
    server, verifier = exchange()
    octets = server.sign(response())
    changed = octets[:start] + change + octets[start + len(change) :]
    found = read_signature(octets)
    assert found is not None
    if changed[2 : found.start] != octets[2 : found.start]:
        with pytest.raises(SignatureError):
            verifier.verify(changed, NOW)
