"""Renames, deletions, re-creations and bursts end with the newest content live on both nameservers."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import dns.flags
import dns.rcode

from tests.appliance import Appliance, Client
from tests.pair import wait_for

SERVERS = (1, 2)


def address(text: str) -> bytes:
    return bytes(map(int, text.split(".")))


def test_after_waiting_the_change_is_served(appliance: Appliance, api: Client) -> None:
    zone = api.zone("waited.example")
    record = api.record(zone, "A", "www", "192.0.2.1")
    for last in range(2, 12):
        value = f"192.0.2.{last}"
        answer = api("PATCH", f"/dns-records/{record['uuid']}/", {"value": value}, {"Prefer": "wait=30"})
        assert answer.headers["X-Deployment"] == "live"
        assert answer.headers["Preference-Applied"] == "wait=30"
        for server in SERVERS:
            assert appliance.answer("www.waited.example", "A", server)[1] == {address(value)}


def test_many_changes_are_served_under_one_serial(appliance: Appliance, api: Client) -> None:
    body = {"domain": "bulk.example", "records": [{"record_type": "A", "name": "old", "value": "192.0.2.1"}]}
    zone = api.expect(201, "POST", "/dns-zones/", body, Prefer="wait=30")
    created = [{"action": "create", "record_type": "A", "name": f"h{at}", "value": "192.0.2.2"} for at in range(500)]
    changes = [*created, {"action": "replace", "record_type": "A", "name": "old", "values": []}]
    diff = api.expect(200, "POST", "/dns-zones/bulk.example/changes/", {"changes": changes}, Prefer="wait=30")
    assert (len(diff["added"]), len(diff["removed"]), diff["serial"]) == (500, 1, zone["serial"] + 1)
    for server in SERVERS:
        assert appliance.answer("h499.bulk.example", "A", server)[1] == {address("192.0.2.2")}
        assert appliance.rcode("old.bulk.example", server) == "NXDOMAIN"


def test_the_impact_of_a_dry_run_is_what_is_answered_before_and_after(appliance: Appliance, api: Client) -> None:
    records = [{"record_type": "A", "name": name, "value": "192.0.2.1", "ttl": 300} for name in ("*", "mail")]
    api.expect(201, "POST", "/dns-zones/", {"domain": "impact.example", "records": records}, Prefer="wait=30")
    changes = [
        {"action": "create", "record_type": "A", "name": "a.b", "value": "192.0.2.2"},
        {"action": "create", "record_type": "NS", "name": "sub", "value": "ns.sub.impact.example"},
        {"action": "create", "record_type": "A", "name": "ns.sub", "value": "192.0.2.3"},
        {"action": "replace", "record_type": "A", "name": "mail", "values": []},
    ]
    path, body = "/dns-zones/impact.example/changes/", {"changes": changes}
    impact = api.expect(200, "POST", f"{path}?dry_run=true", body)["impact"]
    listed = {(one["name"].replace("*", "zz"), one["type"].replace("*", "HINFO")): one for one in impact}
    assert {("b", "A"), ("zz.b", "A"), ("sub", "HINFO"), ("zz.mail", "A")} < listed.keys()
    for side in ("before", "after"):
        for (name, rdtype), change in listed.items():
            for server in SERVERS:
                assert seen(appliance, f"{name}.impact.example", rdtype, server) == print_seen(change[side])
        if side == "before":
            api.expect(200, "POST", path, body, Prefer="wait=30")


def seen(appliance: Appliance, name: str, rdtype: str, server: int) -> str | set[str]:
    """Return the rcode, NODATA, or TTL and data of each record of the answer or referral, as text."""
    reply = appliance.ask(name, rdtype, server)
    is_referral = not reply.answer and not reply.flags & dns.flags.AA
    sections = (reply.authority, reply.additional) if is_referral else (reply.answer,)
    found = {line.split(" ", 1)[1] for section in sections for rrset in section for line in rrset.to_text().split("\n")}
    return found or ("NODATA" if reply.rcode() == dns.rcode.NOERROR else dns.rcode.to_text(reply.rcode()))


def print_seen(content: str | list[str]) -> str | set[str]:
    """Return an answer of an impact in the same form."""
    return content if isinstance(content, str) else {line.split(" ", 1)[1] for line in content}


def test_renaming_a_record_removes_the_old_name(appliance: Appliance, api: Client) -> None:
    zone = api.zone("renamed.example")
    record = api.record(zone, "A", "old", "192.0.2.1")
    appliance.wait_until_answered("old.renamed.example", "A", [address("192.0.2.1")])
    api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"name": "new"}, Prefer="wait=30")
    appliance.wait_until_answered("new.renamed.example", "A", [address("192.0.2.1")])
    appliance.wait_until_answered("old.renamed.example", "A", [])


def test_a_deleted_zone_is_no_longer_served(appliance: Appliance, api: Client) -> None:
    zone = api.zone("deleted.example")
    api.wait_until_live(zone)
    answer = api("DELETE", f"/dns-zones/{zone['uuid']}/", headers={"Prefer": "wait=30"})
    assert (answer.status_code, answer.headers["X-Deployment"]) == (204, "live")
    for server in SERVERS:
        assert appliance.rcode("deleted.example", server) == "REFUSED"


def test_deleting_and_creating_again_at_once(appliance: Appliance, api: Client) -> None:
    zone = api.zone("again.example")
    for last in range(1, 9):
        api.record(zone, "A", "www", f"192.0.2.{last}")
        api.expect(204, "DELETE", f"/dns-zones/{zone['uuid']}/")
        zone = api.zone("again.example")
    api.record(zone, "A", "www", "192.0.2.200")
    deployment = api.wait_until_live(zone)
    assert deployment["live_serial"] == deployment["serial"]
    for server in SERVERS:
        assert appliance.answer("www.again.example", "A", server)[1] == {address("192.0.2.200")}


def test_a_child_zone_is_created_and_deleted(appliance: Appliance, api: Client) -> None:
    parent = api.zone("parent.example")
    child = api.zone("child.parent.example")
    api.wait_until_live(parent)
    api.wait_until_live(child)
    answer = api("DELETE", f"/dns-zones/{child['uuid']}/", headers={"Prefer": "wait=30"})
    assert answer.headers["X-Deployment"] == "live"
    for server in SERVERS:
        assert appliance.rcode("child.parent.example", server) == "NXDOMAIN"


def test_a_burst_ends_with_the_newest_content(appliance: Appliance, api: Client) -> None:
    zone = api.zone("burst.example")
    api.wait_until_live(zone)
    for number in range(200):
        api.record(zone, "A", f"h{number}", "192.0.2.1")
    deployment = api.wait_until_live(zone)
    assert deployment["serial"] == zone["serial"] + 200
    assert {server["serial"] for server in deployment["nameservers"]} == {deployment["serial"]}
    for server in SERVERS:
        assert appliance.answer("h199.burst.example", "A", server)[1] == {address("192.0.2.1")}
    seconds = Counter(
        re.findall(r"^([\dT:-]+)\.\d+Z .*event=deployed zone=burst\.example ", appliance.log("deployer"), re.MULTILINE)
    )
    # a second may include the end of a deployment that began before it
    assert max(seconds.values()) <= 21


def test_many_zones_at_once(appliance: Appliance, api: Client) -> None:
    zones = [api.zone(f"many-{number}.example") for number in range(60)]
    for zone in zones:
        api.wait_until_live(zone)
    for server in SERVERS:
        assert {appliance.rcode(zone["domain"], server) for zone in zones} == {"NOERROR"}


def test_serials_rise_with_every_change_and_with_nothing_else(api: Client) -> None:
    zone = api.zone("serials.example")
    path = f"/dns-zones/{zone['uuid']}/"
    record = api.record(zone, "A", "www", "192.0.2.1")
    serials = [zone["serial"], api.expect(200, "GET", path)["serial"]]
    for value in ("192.0.2.2", "192.0.2.3"):
        api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": value})
        serials.append(api.expect(200, "GET", path)["serial"])
    assert all(after == before + 1 for before, after in pairwise(serials))
    api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {"value": "192.0.2.3"})
    api.expect(200, "PATCH", f"/dns-records/{record['uuid']}/", {})
    api.expect(200, "PATCH", path, {"comment": "kept", "protected": True})
    assert api.expect(200, "GET", path)["serial"] == serials[-1]


def test_the_listed_state_follows(api: Client) -> None:
    zone = api.zone("listed.example")

    def state() -> str:
        (found,) = api.expect(200, "GET", "/dns-zones/?domain=LISTED.example.")
        return str(found["deployment"]["state"])

    wait_for(lambda: state() == "live", "the list says live")
    assert api.expect(200, "GET", f"/dns-zones/{zone['uuid']}/")["deployment"]["error"] is None
