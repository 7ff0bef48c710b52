"""TXT data between octoDNS and the API."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.conftest import load

text = load("octodns/octodns_dns_appliance/text.py")


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("v=DMARC1; p=none", r"v=DMARC1\; p=none"),
        (r"a\b", r"a\\b"),
        ('say "hi"', 'say "hi"'),
        ("ü", r"\195\188"),
        (r'"\"quoted\""', r'\034quoted"'),
        ('"one" "two"', "onetwo"),
        ('""', ""),
        (r'"\000"', r"\000"),
    ],
)
def test_octodns_sees_the_octets_of_the_api(value: str, seen: str) -> None:
    assert text.from_api(value) == seen


@pytest.mark.parametrize(
    ("given_text", "value"),
    [
        (r"v=DMARC1\; p=none", "v=DMARC1; p=none"),
        ("v=DMARC1; p=none", "v=DMARC1; p=none"),
        (r"a\\b", r"a\b"),
        (r"\195\188", "ü"),
        ("ü", "ü"),
        ("", '""'),
        (r"\255", r'"\255"'),
        (r"\034x", r'"\"x"'),
        (r"\999", "999"),
    ],
)
def test_the_api_gets_plain_text_where_that_can_hold_it(given_text: str, value: str) -> None:
    assert text.to_api(given_text) == value


@given(
    st.text(st.characters(codec="utf-8"), min_size=1).filter(
        lambda value: not value.startswith('"') and not any(map(text.is_control, value))
    )
)
def test_plain_text_survives_the_way_there_and_back(value: str) -> None:
    assert text.to_api(text.from_api(value)) == value


@given(st.binary())
def test_octets_survive_the_way_there_and_back(data: bytes) -> None:
    quoted = '"{}"'.format("".join(f"\\{octet:03}" for octet in data))
    assert text.unescape(text.from_api(quoted)) == data
    assert text.from_api(text.to_api(text.from_api(quoted))) == text.from_api(quoted)
