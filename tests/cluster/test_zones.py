"""Changes through the API of ns1 are answered by ns1 and ns2, on port 53."""

from __future__ import annotations

import pytest

from tests.appliance import Client
from tests.cluster.cluster import Cluster, answer, rcode, serial, wait_until_answered

RECORDS = {
    "A": "192.0.2.7",
    "AAAA": "2001:db8::7",
    "TXT": '"v=spf1 -all"',
    "CAA": '0 issue "ca.example.net"',
}


@pytest.mark.parametrize("record_type", RECORDS)
def test_a_record_is_answered_by_both(cluster: Cluster, api: Client, record_type: str) -> None:
    zone = api.zone(f"{record_type.lower()}.records.example")
    api.record(zone, record_type, "www", RECORDS[record_type])
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, f"www.{zone['domain']}", record_type, RECORDS[record_type])


def test_after_a_write_that_waits_both_answer_it(cluster: Cluster, api: Client) -> None:
    zone = api.zone("waits.example")
    api.wait_until_live(zone)
    body = {"record_type": "A", "name": "www", "value": "192.0.2.1"}
    path = f"/dns-zones/{zone['uuid']}/records/"
    api.expect(201, "POST", path, body, Prefer="wait=30")
    for host in (cluster.ns1, cluster.ns2):
        assert answer(host, "www.waits.example", "A") == {"192.0.2.1"}


def test_a_changed_renamed_and_deleted_record(cluster: Cluster, api: Client) -> None:
    zone = api.zone("changes.example")
    record = api.record(zone, "A", "old", "192.0.2.1")
    path = f"/dns-records/{record['uuid']}/"
    api.expect(200, "PATCH", path, {"value": "192.0.2.2"})
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, "old.changes.example", "A", "192.0.2.2")
    api.expect(200, "PATCH", path, {"name": "new"})
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, "new.changes.example", "A", "192.0.2.2")
        assert rcode(host, "old.changes.example", "A") == "NXDOMAIN"
    api.expect(204, "DELETE", path)
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, "new.changes.example", "A")


def test_a_deleted_zone_is_refused_by_both_and_can_be_created_again(cluster: Cluster, api: Client) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        zone = api.zone("created-again.example")
        api.record(zone, "A", "www", address)
        for host in (cluster.ns1, cluster.ns2):
            wait_until_answered(host, "www.created-again.example", "A", address)
        api.expect(204, "DELETE", f"/dns-zones/{zone['uuid']}/")
        for host in (cluster.ns1, cluster.ns2):
            wait_until_answered(host, "created-again.example", "SOA")
            assert rcode(host, "created-again.example") == "REFUSED"


def test_the_ns_records_are_the_nameservers_of_the_inventory(cluster: Cluster, api: Client) -> None:
    zone = api.zone("ns-set.example")
    api.wait_until_live(zone)
    for host in (cluster.ns1, cluster.ns2):
        assert answer(host, "ns-set.example", "NS") == {"ns1.cluster.test.", "ns2.cluster.test."}
        assert serial(host, "ns-set.example") == serial(cluster.ns1, "ns-set.example")
