"""TSIG: dnspython signs and verifies, as clients do; each wrong signature has the error of RFC 8945."""

from __future__ import annotations

import time

import dns.message
import dns.name
import dns.rcode
import dns.tsig
import dns.update
import pytest
from dns.rcode import Rcode

from appliance.updates.messages import Request, read_request
from appliance.updates.signatures import SignatureRefused, WrongTime, check_time, refuse, verify

SECRET = b"0123456789abcdef0123456789abcdef"
NAME = "8f14e45f-ceea-4672-b0a5-5c1e2d9a1f00."


def signed(
    algorithm: dns.name.Name = dns.tsig.HMAC_SHA256, secret: bytes = SECRET
) -> tuple[Request, dns.update.UpdateMessage]:
    """Return a request that was signed now, and the message that a client keeps of it."""
    message = dns.update.UpdateMessage("example.com")
    message.add("www", 60, "A", "192.0.2.1")
    message.use_tsig(dns.tsig.Key(NAME, secret, algorithm))
    return read_request(message.to_wire()), message


def accepted(wire: bytes, sent: dns.update.UpdateMessage) -> dns.message.Message:
    """Return the response as a client reads it, which verifies its signature."""
    return dns.message.from_wire(wire, keyring=sent.keyring, request_mac=sent.mac)


@pytest.mark.parametrize("algorithm", [dns.tsig.HMAC_SHA256, dns.tsig.HMAC_SHA384, dns.tsig.HMAC_SHA512])
def test_a_right_signature_signs_the_response(algorithm: dns.name.Name) -> None:
    request, sent = signed(algorithm)
    assert request.signature
    signer = verify(request, request.signature, SECRET)
    check_time(request.signature, int(time.time()))
    response = accepted(signer.sign(request.response(Rcode.NOERROR), int(time.time())), sent)
    assert response.had_tsig and response.rcode() == Rcode.NOERROR


def test_the_messages_of_a_transfer_are_signed_as_one_sequence() -> None:
    request, sent = signed()
    assert request.signature
    signer, context = verify(request, request.signature, SECRET), None
    for _ in range(3):
        wire = signer.sign(request.response(Rcode.NOERROR), int(time.time()), multi=True)
        read = dns.message.from_wire(wire, sent.keyring, sent.mac, tsig_ctx=context, multi=True)
        assert read.had_tsig
        context = read.tsig_ctx


@pytest.mark.parametrize("algorithm", [dns.tsig.HMAC_MD5, dns.tsig.HMAC_SHA1, dns.tsig.HMAC_SHA256_128])
def test_other_algorithms_are_unknown_keys(algorithm: dns.name.Name) -> None:
    request, sent = signed(algorithm)
    assert request.signature
    with pytest.raises(SignatureRefused) as refused:
        verify(request, request.signature, SECRET)
    response = refuse(request, request.signature, refused.value.rcode, None, 0)
    with pytest.raises(dns.tsig.PeerBadKey):
        accepted(response, sent)


def test_a_wrong_secret_is_a_bad_signature() -> None:
    request, sent = signed(secret=b"another")
    assert request.signature
    with pytest.raises(SignatureRefused) as refused:
        verify(request, request.signature, SECRET)
    response = refuse(request, request.signature, refused.value.rcode, None, 0)
    assert response[3] & 0xF == Rcode.NOTAUTH
    with pytest.raises(dns.tsig.PeerBadSignature):
        accepted(response, sent)


@pytest.mark.parametrize("skew", [-301, 301])
def test_a_wrong_time_is_refused_with_the_time_here(skew: int) -> None:
    request, sent = signed()
    assert request.signature
    now = request.signature.data.time_signed + skew
    signer = verify(request, request.signature, SECRET)
    check_time(request.signature, now - skew // 301)
    with pytest.raises(WrongTime):
        check_time(request.signature, now)
    response = refuse(request, request.signature, Rcode.BADTIME, signer, now)
    answer = read_request(response).signature
    assert answer and int.from_bytes(answer.data.other, "big") == now and answer.data.mac
    with pytest.raises(dns.tsig.PeerBadTime):
        accepted(response, sent)


def test_the_secret_is_in_no_text() -> None:
    request, _ = signed()
    assert request.signature
    assert "0123456789" not in repr(verify(request, request.signature, SECRET))
