"""Bodies of acme-dns calls."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from appliance.doors.acme_dns.update_body import is_challenge, read_networks
from appliance.errors import InputError

TEXT = "LHDhK3oGRvkiefQnx7OOczTY5Tic_xZ6HcMOc_gmtoM"


def test_a_challenge_has_43_characters_of_base64url() -> None:
    assert is_challenge(TEXT)


@pytest.mark.parametrize(
    "text", [TEXT[:-1], f"{TEXT}a", f"{TEXT[:-1]}=", f"{TEXT[:-1]}+", f"{TEXT}\n", "", None, 43, [TEXT]]
)
def test_nothing_else_is_a_challenge(text: object) -> None:
    assert not is_challenge(text)


@pytest.mark.parametrize("body", [{}, {"allowfrom": None}, {"allowfrom": []}])
def test_a_body_without_networks_allows_all(body: dict[str, object]) -> None:
    assert read_networks(body) == ()


def test_networks_may_have_host_bits() -> None:
    body: dict[str, object] = {"allowfrom": ["192.0.2.7/24", "2001:db8::/32", "198.51.100.1"]}
    expected = tuple(map(ip_network, ("192.0.2.0/24", "2001:db8::/32", "198.51.100.1/32")))
    assert read_networks(body) == expected


@pytest.mark.parametrize("given", ["192.0.2.0/24", {"a": 1}, ["nothing"], [None], [["192.0.2.0/24"]], [3221225985.5]])
def test_what_is_no_network_is_refused(given: object) -> None:
    with pytest.raises(InputError) as refused:
        read_networks({"allowfrom": given})
    assert refused.value.field == "allowfrom"
