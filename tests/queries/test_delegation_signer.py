"""The DS of a zone at every nameserver of its parent: what is known, and when nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import dns.name
import pytest
from dns.rcode import Rcode

from appliance.addresses import Endpoint, Nameserver
from appliance.queries.delegation_signer import LONGEST_CACHED, MOST_OCTETS, check_parent
from appliance.zones.parent_checks import MOST_DS
from appliance.zones.signing import Ds, ParentCheck
from tests.fake_parent import ADDRESSES, FakeParent, fake_parent, is_allowed
from tests.pair import LOOPBACK, free_port
from tests.signing import AT, key

ZONE = dns.name.from_text("shop.example")
OWN, OTHER = (key(number).ds_of(ZONE) for number in (0, 1))
FIRST, SECOND = ADDRESSES


@pytest.fixture
def parent() -> Iterator[FakeParent]:
    """The parent of shop.example."""
    with fake_parent("example") as running:
        yield running


def check(parent: FakeParent) -> ParentCheck:
    return check_parent(ZONE, parent.resolver.server, AT, parent.port, 1.0, is_allowed)


def test_a_ds_at_every_nameserver(parent: FakeParent) -> None:
    parent.publish(OWN)
    assert check(parent) == ParentCheck("example", AT, frozenset({OWN}), frozenset({OWN}), parent.ttl)
    assert sorted(parent.queries) == [f"{address} shop.example. IN DS" for address in ADDRESSES]


def test_no_ds_at_any(parent: FakeParent) -> None:
    assert check(parent) == ParentCheck("example", AT, frozenset())
    parent.answers[SECOND] = Rcode.NXDOMAIN
    assert check(parent) == ParentCheck("example", AT, frozenset())


def test_one_nameserver_has_another_ds(parent: FakeParent) -> None:
    parent.publish(OWN, OTHER, at=[FIRST])
    parent.publish(OWN, at=[SECOND])
    assert check(parent) == ParentCheck("example", AT, frozenset({OWN}), frozenset({OWN, OTHER}), parent.ttl)
    parent.publish(at=[FIRST])
    assert check(parent) == ParentCheck("example", AT, frozenset(), frozenset({OWN}), parent.ttl)


@pytest.mark.parametrize("answer", [None, Rcode.SERVFAIL, Rcode.REFUSED])
def test_a_nameserver_that_does_not_answer_makes_it_unknown(parent: FakeParent, answer: Rcode | None) -> None:
    parent.publish(OWN, at=[SECOND])
    parent.answers[FIRST] = answer
    found = check(parent)
    assert found.ds is None and found.anywhere == {OWN} and found.problem.startswith("ns1.nic.example ")


def test_a_parent_that_answers_with_very_much_fills_nothing(parent: FakeParent) -> None:
    parent.publish(*(replace(OWN, digest_type=9, digest=f"{number:04x}" * 400) for number in range(70)))
    parent.ttl = 2**31 - 1
    found = check(parent)
    assert found.ds is None and found.problem == "a nameserver of example has more than 50 DS of shop.example"
    assert len(found.anywhere) == MOST_DS and {len(one.digest) for one in found.anywhere} == {2 * MOST_OCTETS}
    assert found.ttl == LONGEST_CACHED


def test_an_answer_without_authority_is_none(parent: FakeParent) -> None:
    parent.publish(OWN)
    parent.is_authoritative = False
    found = check(parent)
    assert found.ds is None and not found.anywhere
    assert found.problem == "ns1.nic.example answered NOERROR without authority for shop.example"


def test_a_resolver_that_fails_for_one_nameserver_does_not_hide_it(parent: FakeParent) -> None:
    parent.resolver.resolved["ns2.nic.example A"] = Rcode.SERVFAIL
    assert check(parent) == ParentCheck("example", AT, problem="the resolver answered SERVFAIL for ns2.nic.example")
    parent.resolver.resolved["ns2.nic.example A"] = []
    assert check(parent).ds == frozenset(), "one without any address cannot be asked by anyone"


def test_a_silent_resolver_and_one_that_knows_nothing(parent: FakeParent) -> None:
    silent = Nameserver("resolver", Endpoint(LOOPBACK, free_port()))
    assert check_parent(ZONE, silent, AT, parent.port, 0.2, is_allowed).problem.startswith(
        "the resolver did not answer"
    )
    parent.resolver.resolved["example NS"] = []
    assert check(parent).problem == "no nameserver of example has a public address"
    parent.resolver.resolved["example SOA"] = []
    assert check(parent).problem == "the resolver knows no zone above it"
    assert not parent.queries


def test_digests_are_compared_in_lower_case() -> None:
    assert Ds(1, 13, 2, "ab").line(ZONE) == "shop.example. 3600 IN DS 1 13 2 AB" and OWN.digest.islower()
