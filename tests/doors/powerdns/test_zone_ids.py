"""Ids of zones in paths."""

from __future__ import annotations

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.doors.powerdns.zone_ids import parse_zone_id, zone_id
from appliance.errors import NotFound

LABEL = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True).filter(lambda label: label[2:4] != "--")


@given(st.lists(LABEL, min_size=1, max_size=3), st.sampled_from(["org", "2.0.192.in-addr.arpa"]))
def test_an_id_is_read_back(labels: list[str], parent: str) -> None:
    name = dns.name.from_text(".".join([*labels, parent]))
    assert parse_zone_id(zone_id(name)) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.COM", "example.com."),
        ("example=2ecom=2E", "example.com."),
        ("0=2F25.2.0.192.in-addr.arpa.", "0/25.2.0.192.in-addr.arpa."),
    ],
)
def test_an_id_has_several_forms(text: str, name: str) -> None:
    assert parse_zone_id(text) == dns.name.from_text(name)


@pytest.mark.parametrize("text", ["", ".", "..", "a b", "=00", "=2E", "a..b", "a" * 64, "=GG"])
def test_what_is_no_name_is_not_found(text: str) -> None:
    with pytest.raises(NotFound, match="no such zone"):
        parse_zone_id(text)


def test_an_id_ends_in_a_dot_and_escapes_what_paths_do_not_have() -> None:
    assert zone_id(dns.name.from_text("_x.example.com")) == "=5Fx.example.com."
