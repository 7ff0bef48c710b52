"""octodns-sync and octodns-dump against an appliance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from appliance.zones.rdata import TYPES
from clients.conftest import Run
from tests.appliance import Appliance, Client

OWN = ["ns1.appliance.test.", "ns2.appliance.test."]
RECORDS = {
    "": [
        {"type": "A", "ttl": 300, "values": ["192.0.2.1", "192.0.2.2"]},
        {"type": "AAAA", "value": "2001:db8::1"},
        {"type": "CAA", "values": [{"flags": 0, "tag": "issue", "value": "ca.example; policy=ev"}]},
        {
            "type": "MX",
            "values": [
                {"preference": 10, "exchange": "mx1.example.net."},
                {"preference": 20, "exchange": "mx2.example.net."},
            ],
        },
        {"type": "NS", "values": [*OWN, "ns.example.net."]},
        {"type": "TXT", "values": [r"v=spf1 -all\; x", 'say "hi"', r"back\\slash", r"\195\188 \000", "long" * 200]},
    ],
    "*.wild": {"type": "CNAME", "value": "www.example.net."},
    "_http._tcp": {"type": "URI", "value": {"priority": 10, "weight": 1, "target": "https://example.net/start"}},
    "_sip._tcp": {"type": "SRV", "value": {"priority": 5, "weight": 10, "port": 5060, "target": "sip.example.net."}},
    "_443._tcp.www": {
        "type": "TLSA",
        "value": {"certificate_usage": 3, "selector": 1, "matching_type": 1, "certificate_association_data": "ab" * 32},
    },
    "host": {"type": "SSHFP", "value": {"algorithm": 4, "fingerprint_type": 2, "fingerprint": "ab" * 32}},
    "office": {
        "type": "LOC",
        "value": {
            "lat_degrees": 52,
            "lat_minutes": 22,
            "lat_seconds": 23.0,
            "lat_direction": "N",
            "long_degrees": 4,
            "long_minutes": 53,
            "long_seconds": 32.0,
            "long_direction": "E",
            "altitude": -2.0,
            "size": 1.0,
            "precision_horz": 10000.0,
            "precision_vert": 10.0,
        },
    },
    "pointer": {"type": "PTR", "values": ["a.example.net.", "b.example.net."]},
    "sip": {
        "type": "NAPTR",
        "value": {
            "order": 100,
            "preference": 10,
            "flags": "U",
            "service": "E2U+sip",
            "regexp": "!^.*$!sip:help@example.com!",
            "replacement": ".",
        },
    },
    "sub": [
        {"type": "NS", "values": ["ns1.example.net.", "ns2.example.net."]},
        {"type": "DS", "value": {"key_tag": 12345, "algorithm": 13, "digest_type": 2, "digest": "ab" * 32}},
    ],
    "web": {
        "type": "HTTPS",
        "value": {"svcpriority": 1, "targetname": ".", "svcparams": {"alpn": ["h2", "h3"], "port": 443}},
    },
}
"""What octoDNS can have in a zone: every type that it and the appliance know."""


@pytest.fixture
def configure(tmp_path: Path, url: str) -> None:
    """Write the configuration that the README shows."""
    provider = {"class": "octodns_dns_appliance.DnsApplianceProvider", "url": url, "token": "env/TOKEN"}
    config = {"class": "octodns.provider.yaml.YamlProvider", "directory": "zones", "enforce_order": False}
    (tmp_path / "zones").mkdir()
    document = {
        "providers": {"config": config, "appliance": provider},
        "zones": {"*": {"sources": ["config"], "targets": ["appliance"]}},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(document))


def write(folder: Path, domain: str, records: Mapping[str, object]) -> None:
    """Write the records of a zone where octoDNS reads them."""
    (folder / "zones" / f"{domain}.yaml").write_text(yaml.safe_dump(records))


@pytest.mark.usefixtures("configure")
def test_a_zone_of_every_type_is_created_and_then_needs_no_plan(
    run: Run, api: Client, token: str, tmp_path: Path, appliance: Appliance
) -> None:
    write(tmp_path, "types.example", RECORDS)
    run("octodns", "octodns-sync", "--config-file=config.yaml", "--doit", "--force", environment={"TOKEN": token})
    assert api.expect(200, "GET", "/dns-zones/types.example/")["deployment"]["state"] == "live"
    again = run("octodns", "octodns-sync", "--config-file=config.yaml", environment={"TOKEN": token})
    assert "No changes were planned" in again


@pytest.mark.usefixtures("configure")
def test_a_plan_is_one_change(run: Run, api: Client, token: str, tmp_path: Path) -> None:
    api.zone("plan.example")
    write(tmp_path, "plan.example", {name: {"type": "A", "value": "192.0.2.1"} for name in ("a", "b", "c")})
    run("octodns", "octodns-sync", "--config-file=config.yaml", "--doit", environment={"TOKEN": token})
    write(
        tmp_path,
        "plan.example",
        {"a": {"type": "CNAME", "value": "b.plan.example."}, "b": {"type": "A", "value": "192.0.2.2"}},
    )
    run("octodns", "octodns-sync", "--config-file=config.yaml", "--doit", "--force", environment={"TOKEN": token})
    newest, *older = api.expect(200, "GET", "/dns-zones/plan.example/versions/")
    assert newest["comment"] == "octoDNS, provider appliance"
    records = api.expect(200, "GET", "/dns-zones/plan.example/")["records"]
    assert {(record["name"], record["record_type"], record["value"]) for record in records} == {
        ("a", "CNAME", "b.plan.example"),
        ("b", "A", "192.0.2.2"),
    }
    assert len(older) == 2


@pytest.mark.usefixtures("configure")
def test_what_a_rule_refuses_is_named_and_nothing_is_stored(run: Run, api: Client, token: str, tmp_path: Path) -> None:
    zone = api.zone("refused.example")
    write(tmp_path, "refused.example", {
        "good": {"type": "A", "value": "192.0.2.1"},
        "": {"type": "NS", "values": [*OWN, "nowhere.refused.example."]},
    })  # fmt: skip
    shown = run(
        "octodns",
        "octodns-sync",
        "--config-file=config.yaml",
        "--doit",
        "--force",
        status=1,
        environment={"TOKEN": token},
    )
    assert "NS refused.example." in shown
    assert token not in shown
    assert not api.expect(200, "GET", f"/dns-zones/{zone['uuid']}/")["records"]


def test_the_readme_creates_a_zone_with_records(follow: Run, api: Client) -> None:
    follow("octodns", {"example.com": "octodns.example"})
    records = api.expect(200, "GET", "/dns-zones/octodns.example/")["records"]
    assert {(record["name"], record["value"]) for record in records} == {
        ("@", "mail.example.net"),
        ("@", "v=spf1 mx -all"),
        ("www", "192.0.2.1"),
        ("www", "192.0.2.2"),
    }


def test_the_types_are_those_of_the_appliance(run: Run) -> None:
    script = "from octodns_dns_appliance.records import TYPES; print(*TYPES)"
    assert set(run("octodns", "python", "-c", script).split()) == {kind.name for kind in TYPES}
