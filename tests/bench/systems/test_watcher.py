"""Replies of a nameserver: whether they show a change."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from bench.systems.watcher import has_address, is_answered, query


def test_an_answer_has_the_address() -> None:
    reply = dns.message.make_response(dns.message.from_wire(query("www.example.com", "A")))
    assert not is_answered(reply.to_wire())
    reply.answer.append(dns.rrset.from_text("www.example.com.", 300, "IN", "A", "198.19.0.7"))
    assert has_address("198.19.0.7")(reply.to_wire())
    assert not has_address("198.19.0.8")(reply.to_wire())
    assert is_answered(reply.to_wire())


def test_an_error_is_no_answer() -> None:
    reply = dns.message.make_response(dns.message.from_wire(query("example.com", "SOA")))
    reply.set_rcode(dns.rcode.REFUSED)
    assert not is_answered(reply.to_wire())
