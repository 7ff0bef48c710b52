"""Settings that contradict each other are refused, with their keys."""

from __future__ import annotations

import pytest

from appliance.errors import SettingsError
from appliance.settings import print_value, read_settings


@pytest.mark.parametrize("proof", ["delegated", "always"])
def test_proofs_of_ownership_need_a_resolver(proof: str) -> None:
    environment = {"DNS_APPLIANCE_OWNERSHIP_PROOF": proof}
    with pytest.raises(SettingsError, match=f"ownership.proof is {proof}, which needs dns.resolver"):
        read_settings(None, environment)
    with_resolver = environment | {"DNS_APPLIANCE_DNS_RESOLVER": "192.0.2.53:53"}
    assert read_settings(None, with_resolver).ownership.proof == proof
    with pytest.raises(SettingsError, match="which is not off, delegated or always"):
        read_settings(None, {"DNS_APPLIANCE_OWNERSHIP_PROOF": "on"})


def test_addresses_are_those_of_nameservers() -> None:
    environment = {"DNS_APPLIANCE_DNS_NAMESERVERS": "ns1.example.net=10.0.0.1:53,ns2.example.net=10.0.0.2:53"}
    addresses = {"DNS_APPLIANCE_DNS_ADDRESSES": "NS1.example.net=192.0.2.1, ns1.example.net=2001:DB8::1"}
    settings = read_settings(None, environment | addresses)
    assert print_value(settings.dns.addresses) == "ns1.example.net=192.0.2.1,ns1.example.net=2001:db8::1"
    for value, message in (
        ("ns3.example.net=192.0.2.3", "dns.nameservers has no ns3.example.net"),
        ("ns1.example.net=ns1.example.net", "not an IP address"),
        ("192.0.2.1", "use a list of name=address"),
    ):
        with pytest.raises(SettingsError, match=message):
            read_settings(None, environment | {"DNS_APPLIANCE_DNS_ADDRESSES": value})


@pytest.mark.parametrize(
    ("listen", "other"),
    [("127.0.0.1:8053", "api.listen"), ("10.0.0.1:53", "dns.nameservers"), ("127.0.0.1:953", "deployer.control")],
)
def test_dns_update_has_an_endpoint_of_its_own(listen: str, other: str) -> None:
    environment = {"DNS_APPLIANCE_DNS_NAMESERVERS": "ns1.example.net=10.0.0.1:53", "DNS_APPLIANCE_DOORS_UPDATE": listen}
    with pytest.raises(SettingsError, match=f"doors.update and {other} are both {listen}"):
        read_settings(None, environment)
