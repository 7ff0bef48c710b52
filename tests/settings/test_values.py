"""Names, addresses and mailboxes in settings: their canonical form, and the error that names the part."""

from __future__ import annotations

import re

import dns.name
import pytest

from appliance.errors import SettingsError
from appliance.settings import Settings, print_value, read_settings


def read(key: str, text: str) -> Settings:
    return read_settings(None, {f"DNS_APPLIANCE_{key.replace('.', '_').upper()}": text})


@pytest.mark.parametrize(
    ("key", "text", "read_as"),
    [
        ("dns.rname", "hostmaster@example.com", "hostmaster.example.com"),
        ("dns.rname", "john.doe@example.com", r"john\046doe.example.com"),
        ("dns.rname", r"john\.doe.example.com", r"john\046doe.example.com"),
        ("dns.rname", "hostmaster.example.com.", "hostmaster.example.com"),
        ("dns.rname", "dns+soa@bücher.example", r"dns\043soa.xn--bcher-kva.example"),
        ("dns.catalog", "Catalog.Example.net.", "catalog.example.net"),
        ("dns.nameservers", "NS1.example.net.=[2001:DB8::1]:53", "ns1.example.net=[2001:db8::1]:53"),
        ("dns.resolver", "192.0.2.53:53", "192.0.2.53:53"),
        ("dns.resolver", "", ""),
        ("api.hosts", "DNS.example.net,bücher.example,::1", "dns.example.net,xn--bcher-kva.example,::1"),
        ("api.trusted_proxies", "127.0.0.1,2001:db8::/32", "127.0.0.1,2001:db8::/32"),
        ("api.listen", "localhost:8053", "localhost:8053"),
        ("api.listen", "[::]:8053", "[::]:8053"),
        ("doors.powerdns", "FALSE", "false"),
        ("doors.update", "", ""),
    ],
)
def test_what_is_accepted_is_canonical(key: str, text: str, read_as: str) -> None:
    section, name = key.split(".")
    assert print_value(getattr(getattr(read(key, text), section), name)) == read_as


def test_a_mailbox_is_published_with_one_label_before_its_domain() -> None:
    rname = dns.name.from_text(read("dns.rname", "john.doe@example.com").dns.rname)
    assert rname.labels == (b"john.doe", b"example", b"com", b"")


@pytest.mark.parametrize(
    ("key", "text", "part"),
    [
        ("dns.rname", "hostmaster", "has no dot between the mailbox and its domain"),
        ("dns.rname", "", "has no dot"),
        ("dns.rname", "a b@example.com", "'a b' is not a mailbox"),
        ("dns.rname", "@example.com", "'' is not a mailbox"),
        ("dns.rname", "a@b@example.com", "'a@b' is not a mailbox"),
        ("dns.rname", ".example.com", "'' is not a mailbox"),
        ("dns.rname", "hostmaster@", "the name is empty"),
        ("dns.rname", "hostmaster@example..com", "a label is empty"),
        ("dns.rname", "hostmaster@exa mple.com", "the label 'exa mple' is not valid"),
        ("dns.rname", f"{'a' * 64}@example.com", "is not a mailbox of 1 to 63"),
        ("dns.rname", f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.example", "octets"),
        ("dns.rname", f"{'a' * 62}@{'b' * 62}.{'c' * 62}.{'d' * 62}.example", "longer than 253 octets"),
        ("dns.rname", "host\nmaster@example.com", "U+000A"),
        ("dns.catalog", "catalog..example", "a label is empty"),
        ("dns.catalog", ".", "the root is not allowed here"),
        ("dns.catalog", "-catalog.example", "the label '-catalog' is not valid"),
        ("dns.nameservers", "ns1.example.net=ns1.example.net:53", "'ns1.example.net' is not an IP address"),
        ("dns.nameservers", "ns1.example.net=[fe80::1%eth0]:53", "fe80::1%eth0 is valid on one interface only"),
        ("dns.nameservers", "ns1.example.net=0.0.0.0:53", "0.0.0.0 is not the address of a single host"),
        ("dns.nameservers", "ns1.example.net=224.0.0.1:53", "224.0.0.1 is not the address of a single host"),
        ("dns.nameservers", "ns1=192.0.2.1:53", "ns1 has only one label"),
        ("dns.nameservers", "ns 1.example.net=192.0.2.1:53", "the label 'ns 1' is not valid"),
        (
            "dns.nameservers",
            "ns1.example.net=192.0.2.1:53,NS1.example.net.=192.0.2.2:53",
            "ns1.example.net is the name of two nameservers",
        ),
        ("dns.resolver", "resolver.example.net:53", "'resolver.example.net' is not an IP address"),
        ("deployer.control", "localhost:953", "'localhost' is not an IP address"),
        ("api.listen", "dns.example.net:80", "'dns.example.net' is not an IP address"),
        ("api.hosts", "dns.example.net:8053", "the label 'net:8053' is not valid"),
        ("api.trusted_proxies", "192.0.2.1/24", "has host bits set"),
        ("api.trusted_proxies", "proxy.example.net", "does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_an_error_names_key_value_and_part(key: str, text: str, part: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(part)) as refused:
        read(key, text)
    assert str(refused.value).startswith(f"{key} is ")
    assert str(refused.value).count("; use ") == 1


@pytest.mark.parametrize("port", ["0", "65536", "+53", " 53", "5_3", "٥٣", "", "domain"])
def test_a_port_is_a_number_in_range(port: str) -> None:
    with pytest.raises(SettingsError, match="which is not address:port"):
        read("deployer.control", f"127.0.0.1:{port}")


@pytest.mark.parametrize("text", ["", "yes", "1", "off"])
def test_a_switch_is_true_or_false(text: str) -> None:
    with pytest.raises(SettingsError, match=r"doors\.powerdns is .*, which is not true or false"):
        read("doors.powerdns", text)
