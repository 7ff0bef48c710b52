"""Endpoints of external-dns: what is adjusted is what will be shown."""

from __future__ import annotations

import pytest

from appliance.doors.external_dns.endpoint_text import DnsEndpoint, adjust, canonical_target, merge, read_endpoint
from appliance.errors import InputError

WWW = {"dnsName": "www.example.org", "targets": ["192.0.2.1"], "recordType": "A"}


@pytest.mark.parametrize(
    ("record_type", "target", "shown"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:0DB8::1", "2001:db8::1"),
        ("CNAME", "Target.Example.net.", "target.example.net"),
        ("TXT", "heritage=external-dns,external-dns/owner=a", '"heritage=external-dns,external-dns/owner=a"'),
        ("TXT", '"heritage=external-dns"', '"heritage=external-dns"'),
        ("MX", "10 mail.example.net.", "10 mail.example.net"),
        ("MX", "0 .", "0 ."),
        ("SRV", "5 10 5060 sip.example.net.", "5 10 5060 sip.example.net"),
        ("NS", "ns.example.net.", "ns.example.net"),
        ("PTR", "host.example.net.", "host.example.net"),
        ("NAPTR", '10 20 "S" "SIP+D2U" "" _sip._udp.example.net.', '10 20 "S" "SIP+D2U" "" _sip._udp.example.net'),
        ("A", "not an address", "not an address"),
        ("MX", "mail.example.net", "mail.example.net"),
        ("ALIAS", "target.example.net.", "target.example.net."),
    ],
)
def test_a_target_has_one_form(record_type: str, target: str, shown: str) -> None:
    assert canonical_target(record_type, target) == shown
    assert canonical_target(record_type, shown) == shown


def test_an_endpoint_is_adjusted_to_what_is_shown() -> None:
    given = {
        "dnsName": "WWW.Example.org.",
        "targets": ["target.example.net.", "target.example.net"],
        "recordType": "CNAME",
        "setIdentifier": "one",
        "recordTTL": 300,
        "labels": {"owner": "a"},
        "providerSpecific": [{"name": "weight", "value": "10"}],
    }
    adjusted = adjust(read_endpoint(given, "0")).document
    assert list(adjusted.items()) == [
        ("dnsName", "www.example.org"),
        ("targets", ["target.example.net"]),
        ("recordType", "CNAME"),
        ("recordTTL", 300),
        ("labels", {"owner": "a"}),
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("*.Example.org", "*.example.org"),
        ("bücher.example.org", "xn--bcher-kva.example.org"),
        ("a-*.example.org", "a-*.example.org"),
    ],
)
def test_a_name_is_adjusted_to_that_of_its_records(name: str, shown: str) -> None:
    assert adjust(read_endpoint({**WWW, "dnsName": name}, "0")).name == shown


@pytest.mark.parametrize("more", [{}, {"recordTTL": 0}, {"recordTTL": None, "labels": None}, {"labels": {}}])
def test_what_is_not_given_is_not_shown(more: dict[str, object]) -> None:
    assert adjust(read_endpoint({**WWW, **more}, "0")).document == WWW


def test_keys_have_any_letter_case() -> None:
    given = {"DNSName": "www.example.org", "Targets": ["192.0.2.1"], "RecordType": "A", "RecordTTL": 60}
    assert read_endpoint(given, "0") == DnsEndpoint("www.example.org", "A", ("192.0.2.1",), 60)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ("text", "create.0"),
        ({}, "create.0.dnsName"),
        ({**WWW, "dnsName": 1}, "create.0.dnsName"),
        ({**WWW, "recordType": None}, "create.0.recordType"),
        ({**WWW, "targets": "192.0.2.1"}, "create.0.targets"),
        ({**WWW, "targets": [1]}, "create.0.targets"),
        ({**WWW, "recordTTL": "60"}, "create.0.recordTTL"),
        ({**WWW, "recordTTL": True}, "create.0.recordTTL"),
        ({**WWW, "targets": ["192.0.2.1"] * 101}, "create.0.targets"),
    ],
)
def test_the_field_at_fault_is_named(document: object, field: str) -> None:
    with pytest.raises(InputError) as refused:
        read_endpoint(document, "create.0")
    assert refused.value.field == field


def test_endpoints_of_one_set_are_merged() -> None:
    one, two = (
        DnsEndpoint("www.example.org", "A", (f"192.0.2.{number}",), ttl) for number, ttl in ((1, 60), (2, None))
    )
    other = DnsEndpoint("www.example.org", "AAAA", ("2001:db8::1",))
    assert merge([one, other, two, one]) == [
        DnsEndpoint("www.example.org", "A", ("192.0.2.1", "192.0.2.2"), 60),
        other,
    ]


def test_endpoints_of_one_set_have_no_more_targets_than_it_may() -> None:
    every = [DnsEndpoint("www.example.org", "A", (f"192.0.2.{number}",)) for number in range(101)]
    assert len(merge(every[1:])[0].targets) == 100
    with pytest.raises(InputError, match="101 targets"):
        merge(every)
