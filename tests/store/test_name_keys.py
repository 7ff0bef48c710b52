"""Keys: the range below a name contains exactly the names below it."""

from __future__ import annotations

from contextlib import closing

import apsw
import dns.name
import pytest
from dns.name import Name
from hypothesis import given
from hypothesis import strategies as st

from appliance.store.name_keys import below, domain_from, domain_key, owner_from, owner_key
from appliance.zones.names import print_domain, print_owner

ORIGIN = dns.name.from_text("2.0.192.in-addr.arpa.")
labels = st.sampled_from(["2.0.192.in-addr.arpa", "a", "b", "ab", "a-b", "a/b", "a_b", "0", "*", "zz", "xn--a"])
names = st.lists(labels, max_size=4).map(
    lambda parts: Name([*(label for part in parts for label in part.encode().split(b".")), *ORIGIN.labels])
) | st.lists(st.sampled_from([b"a.b", b"a", b".", b"\\", b"a b", b"\\046", b"\xff\0", b"@"]), max_size=4).map(
    lambda labels: Name([*labels, *ORIGIN.labels])
)


@given(names, st.lists(names, max_size=20))
def test_the_range_below_holds_exactly_the_names_below(name: Name, others: list[Name]) -> None:
    low, high = below(owner_key(name, ORIGIN))
    expected = {other for other in others if other != name and other.is_subdomain(name)}
    assert {other for other in others if low < owner_key(other, ORIGIN) < high} == expected
    with closing(apsw.Connection(":memory:")) as database:
        database.execute("create table owner (name text, key text)")
        database.executemany(
            "insert into owner values (?, ?)", [(other.to_text(), owner_key(other, ORIGIN)) for other in others]
        )
        found = database.execute("select name from owner where key > ? and key < ?", (low, high))
        assert {dns.name.from_text(text) for (text,) in found} == expected


@given(names)
def test_names_round_trip_through_text(name: Name) -> None:
    assert owner_from(print_owner(name, ORIGIN), ORIGIN) == name
    assert domain_from(print_domain(name)) == name


@pytest.mark.parametrize(
    ("name", "key"), [("example.com.", "com.example."), ("com.", "com."), ("a.b.example.com.", "com.example.b.a.")]
)
def test_labels_are_in_reverse_order(name: str, key: str) -> None:
    assert domain_key(dns.name.from_text(name)) == key


def test_the_apex_is_the_empty_key() -> None:
    assert owner_key(ORIGIN, ORIGIN) == ""
