"""Parameters of dyndns2: host names, addresses of both families, and what is refused."""

from __future__ import annotations

import pytest

from appliance.doors.dyndns2.address_update import AddressUpdate, read_hosts, read_update
from appliance.errors import InvalidValue

V4, V6 = "192.0.2.1", "2001:db8::1"
Parameters = dict[str, list[str]]


@pytest.mark.parametrize(
    ("parameters", "addresses"),
    [
        ({"myip": [V4]}, {"A": V4}),
        ({"myip": [V6]}, {"AAAA": V6}),
        ({"myip": [f"{V4},2001:0DB8:0::1"]}, {"A": V4, "AAAA": V6}),
        ({"myip": [f" {V4} , {V6} "]}, {"A": V4, "AAAA": V6}),
        ({"myip": [V4], "myipv6": [V6]}, {"A": V4, "AAAA": V6}),
        ({"myip": [""], "myipv6": [V6]}, {"AAAA": V6}),
        ({"myipv4": [V4], "ip": [V6]}, {"A": V4, "AAAA": V6}),
        ({"myip": [V4], "ip": [V4]}, {"A": V4}),
        ({"myip": [f"::ffff:{V4}"]}, {"A": V4}),
        ({"myip": ["", ","]}, {"A": "198.51.100.7"}),
        ({}, {"A": "198.51.100.7"}),
        ({"offline": ["YES"], "myip": [V4]}, {"A": None, "AAAA": None}),
        ({"offline": ["yes"]}, {"A": None, "AAAA": None}),
        ({"offline": ["NO"], "myip": [V4]}, {"A": V4}),
        ({"system": ["dyndns"], "wildcard": ["ON"], "mx": ["x"], "backmx": ["NO"], "myip": [V4]}, {"A": V4}),
    ],
)
def test_only_the_named_families_change(parameters: Parameters, addresses: dict[str, str | None]) -> None:
    assert read_update(parameters, "198.51.100.7").addresses == addresses


@pytest.mark.parametrize(
    ("client", "addresses"),
    [
        ("::ffff:198.51.100.7", {"A": "198.51.100.7"}),
        ("2001:DB8::7", {"AAAA": "2001:db8::7"}),
        ("fe80::1%eth0", {"AAAA": "fe80::1"}),
    ],
)
def test_without_an_address_it_is_that_of_the_client(client: str, addresses: dict[str, str]) -> None:
    assert read_update({"hostname": ["a.example.org"]}, client) == AddressUpdate(["a.example.org"], addresses)


@pytest.mark.parametrize(
    "text", ["192.0.2", "192.0.2.1/32", "192.0.2.01", "fe80::1%eth0", "host.example.org", "\ud800"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_update({"myip": [text]}, V4)
    assert refused.value.field == "myip"


def test_two_addresses_of_one_family_are_refused() -> None:
    with pytest.raises(InvalidValue, match="same family"):
        read_update({"myip": ["192.0.2.1,192.0.2.2"]}, V4)


def test_host_names_keep_their_order() -> None:
    assert read_hosts("b.example.org, a.example.org,,") == ["b.example.org", "a.example.org"]
    assert not read_hosts(" , ")


def test_addresses_are_shown_with_ipv4_first() -> None:
    assert AddressUpdate([], {"AAAA": V6, "A": V4}).shown == f"{V4},{V6}"
    assert AddressUpdate([], {"A": None, "AAAA": None}).shown == ""
