"""Labels: what is printed can be read and parsed again, and has no dots."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.errors import InvalidName
from appliance.zones.labels import Place, lengthen_escapes, parse_label, print_label, read_label


@given(st.binary(min_size=1, max_size=63))
@example(b"-a/b-")
@example(b"xn--")
def test_printed_labels_are_read_and_parsed_unchanged(octets: bytes) -> None:
    printed = print_label(octets)
    assert printed.isascii() and "." not in printed and read_label(printed) == octets
    if octets == octets.lower() and octets != b"*":
        assert parse_label(printed, Place.SERVICE, "name") == octets


@pytest.mark.parametrize(
    ("label", "places"),
    [
        ("www", {Place.OWNER, Place.TARGET, Place.SERVICE}),
        ("-a", {Place.TARGET, Place.SERVICE}),
        ("xn--ls8h", {Place.TARGET, Place.SERVICE}),
        (r"a\032b", {Place.SERVICE}),
        ("a b", set()),
        ("*", set()),
        ("", set()),
        (r"\256", set()),
        ("Ü", set()),
        ("a" * 64, set()),
    ],
)
def test_the_place_decides_what_a_label_may_be(label: str, places: set[Place]) -> None:
    for place in Place:
        if place in places:
            parse_label(label, place, "name")
        else:
            with pytest.raises(InvalidName) as refused:
                parse_label(label, place, "name")
            assert refused.value.field == "name"


def test_escapes_of_characters_become_escapes_of_octets() -> None:
    assert lengthen_escapes(r"a\.b\\.\é\032") == r"a\046b\092.\195\169\032"
