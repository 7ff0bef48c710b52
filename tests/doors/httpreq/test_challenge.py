"""Bodies of httpreq in both modes of lego."""

from __future__ import annotations

import pytest

from appliance.doors.httpreq.challenge import Challenge, read_challenge
from appliance.errors import InputError

# printf token.thumbprint | openssl dgst -sha256 -binary | base64 | tr "+/" "-_" | tr -d =
TEXT = "61rBZ_4knHblO0MNoxFsXZ_eTFUHum0B6IVRbhvUn5I"


@pytest.mark.parametrize("fqdn", ["_acme-challenge.example.org.", "_acme-challenge.example.org"])
def test_the_default_mode_has_the_record(fqdn: str) -> None:
    assert read_challenge({"fqdn": fqdn, "value": TEXT}) == Challenge("_acme-challenge.example.org.", TEXT)


@pytest.mark.parametrize("domain", ["example.org", "*.example.org", "example.org."])
def test_the_raw_mode_has_what_the_record_is_computed_from(domain: str) -> None:
    body = {"domain": domain, "token": "unused", "keyAuth": "token.thumbprint"}
    assert read_challenge(body) == read_challenge({**body, "token": "other"})
    assert read_challenge(body) == Challenge("_acme-challenge.example.org.", TEXT)


def test_the_record_wins_and_unknown_keys_are_ignored() -> None:
    body = {"fqdn": "a.example.org.", "value": "text", "domain": "b.example.org", "keyAuth": "key", "more": [1]}
    assert read_challenge(body) == Challenge("a.example.org.", "text")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "fqdn"),
        ({"fqdn": "a.example.org."}, "value"),
        ({"value": "text"}, "fqdn"),
        ({"fqdn": 1, "value": "text"}, "fqdn"),
        ({"fqdn": "a.example.org.", "value": ""}, "value"),
        ({"fqdn": "a.example.org.", "value": None}, "value"),
        ({"domain": "example.org", "token": "token"}, "keyAuth"),
        ({"domain": ["example.org"], "keyAuth": "key"}, "domain"),
    ],
)
def test_what_is_missing_or_no_text_is_named(body: dict[str, object], field: str) -> None:
    with pytest.raises(InputError, match=f"^{field} is required") as refused:
        read_challenge(body)
    assert refused.value.field == field


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(InputError, match=r"U\+D800 at position 1") as refused:
        read_challenge({"domain": "example.org", "keyAuth": "\ud800"})
    assert refused.value.field == "keyAuth"
