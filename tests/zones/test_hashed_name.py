"""Names that keep their hash are as other names."""

from __future__ import annotations

import copy
import pickle

import dns.name
import pytest
from dns.name import Name

from appliance.zones.hashed_name import HashedName
from appliance.zones.names import parse_domain, parse_owner

LABELS = (b"www", b"Example", b"com", b"")
PLAIN = Name(LABELS)


def test_it_is_equal_to_the_plain_name_in_any_letter_case() -> None:
    name: Name = HashedName(LABELS)
    for other in (PLAIN, dns.name.from_text("WWW.example.com."), HashedName(LABELS)):
        assert name == other and other == name and hash(name) == hash(other)
        assert {other: 1}[name] == {name: 1}[other] == 1
    for different in (Name(LABELS[1:]), dns.name.from_text("www.example.org."), "www.Example.com."):
        assert name != different and different != name


def test_names_with_the_same_hash_are_different() -> None:
    one, other = HashedName((b"zone-08", b"example", b"")), HashedName((b"zone-1/", b"example", b""))
    assert hash(one) == hash(other) and one != other and len({one, other}) == 2
    assert HashedName((b"a.b", b"")) != HashedName((b"a", b"b", b""))


def test_it_is_immutable_copied_and_pickled() -> None:
    name = HashedName(LABELS)
    hash(name)
    with pytest.raises(TypeError):
        name.labels = ()
    for made in (copy.copy(name), copy.deepcopy(name), pickle.loads(pickle.dumps(name))):  # noqa: S301 - our own
        assert made == name and hash(made) == hash(PLAIN)
    assert name.relativize(Name(LABELS[1:])) == Name((b"www",))


def test_parsed_names_are_of_this_kind() -> None:
    zone = parse_domain("example.com")
    assert type(zone) is type(parse_owner("www", zone)) is HashedName
