"""Lists of zones and records: scopes, pages, filters, and their fixed number of statements."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import apsw
import dns.name
from dns.rdatatype import RdataType

from appliance.principal import Scope
from appliance.store import accounts, deployments, record_lists, records, statistics, zones
from appliance.store.record_lists import DataMatch, Filters, OwnerMatch
from appliance.store.zones import Page
from appliance.zones.deployment import DeploymentState, NameserverState, Observation
from appliance.zones.names import print_domain, print_owner
from tests.deployed import store_attempt, store_live, store_observations
from tests.many_zones import add_zones
from tests.workspace import Workspace, current_database

ALL = Scope(None)


def domains(workspace: Workspace, scope: Scope, page: Page | None = None, **filters: object) -> tuple[list[str], int]:
    found, total = zones.find(scope, page or Page(), **filters)  # type: ignore[arg-type]
    return [print_domain(zone.name) for zone in found], total


def test_a_scope_has_only_its_zones(workspace: Workspace) -> None:
    mine = [workspace.zone(domain) for domain in ("b.org", "a.org")]
    theirs = workspace.editor.create_zone(workspace.stranger, "c.org")
    assert domains(workspace, workspace.owner.scope) == (["a.org", "b.org"], 2)
    assert domains(workspace, workspace.stranger.scope) == (["c.org"], 1)
    assert domains(workspace, ALL) == (["a.org", "b.org", "c.org"], 3)
    limited = replace(workspace.owner.scope, zones=frozenset({mine[0].uuid, theirs.uuid}))
    assert domains(workspace, limited) == (["b.org"], 1)
    assert domains(workspace, replace(workspace.owner.scope, zones=frozenset())) == ([], 0)
    assert zones.get(theirs.uuid, workspace.owner.scope) is None and zones.get(theirs.uuid, ALL) == theirs
    assert zones.get_by_name(theirs.name, workspace.owner.scope) is None and zones.get_by_name(theirs.name) == theirs
    assert zones.get(mine[1].uuid, limited) is None and zones.get(uuid4(), ALL) is None


def test_pages_and_filters_of_zones(workspace: Workspace) -> None:
    for domain in ("a.org", "b.org", "c.net"):
        workspace.zone(domain)
    assert domains(workspace, ALL, Page(2, 2)) == (["c.net"], 3)
    assert domains(workspace, ALL, Page(9, 2)) == ([], 3)
    assert domains(workspace, ALL, name=dns.name.from_text("b.org.")) == (["b.org"], 1)
    assert domains(workspace, ALL, search="ORG") == (["a.org", "b.org"], 2)
    assert domains(workspace, ALL, search="%") == ([], 0) and domains(workspace, ALL, search="_") == ([], 0)


def test_a_page_has_more_zones_than_a_statement_has_parameters(workspace: Workspace) -> None:
    first = workspace.zone("zone-0000.org")
    names = [f"zone-{number:04}.org" for number in range(2_500)]
    add_zones(workspace.store, first, names[1:])
    connection = current_database().connection()
    usual = connection.limit(apsw.SQLITE_LIMIT_VARIABLE_NUMBER, 1_100)
    try:
        assert domains(workspace, ALL, Page(1, 2**31)) == (names, len(names))
    finally:
        connection.limit(apsw.SQLITE_LIMIT_VARIABLE_NUMBER, usual)


def test_zones_of_a_state(workspace: Workspace) -> None:
    live, failed, pending, deploying = (workspace.zone(f"{letter}.org") for letter in "abcd")
    theirs = workspace.editor.create_zone(workspace.stranger, "theirs.org")
    with workspace.store.writing():
        for zone in (live, theirs):
            store_live(zone.uuid, zone.serial, workspace.clock())
        store_attempt(failed.uuid, failed.serial, "check: broken")
        store_attempt(deploying.uuid, deploying.serial, None)
    assert domains(workspace, ALL, state=DeploymentState.LIVE) == (["a.org", "theirs.org"], 2)
    assert domains(workspace, workspace.owner.scope, Page(2, 1), state=DeploymentState.LIVE) == ([], 1)
    assert domains(workspace, workspace.owner.scope, state=DeploymentState.FAILED) == (["b.org"], 1)
    assert domains(workspace, workspace.owner.scope, state=DeploymentState.PENDING) == (["c.org"], 1)
    assert domains(workspace, workspace.owner.scope, state=DeploymentState.DEPLOYING, search="d.") == (["d.org"], 1)
    assert statistics.count_by_state(workspace.owner.scope) == {"live": 1, "failed": 1, "pending": 1, "deploying": 1}
    assert statistics.count_by_state() == {"live": 2, "failed": 1, "pending": 1, "deploying": 1}
    for zone in (live, failed, pending, deploying, theirs):
        assert deployments.of_zones([zone], ())[zone.uuid].state in DeploymentState


def test_a_zone_that_a_nameserver_refuses_is_not_live_in_any_list(workspace: Workspace) -> None:
    refused, live = workspace.zone("a.org"), workspace.zone("b.org")
    with workspace.store.writing():
        for zone, state in ((refused, NameserverState.LAGGING), (live, NameserverState.LIVE)):
            store_live(zone.uuid, zone.serial, workspace.clock())
            store_observations(zone.uuid, [Observation("ns2", None, state, workspace.clock())])
    states = deployments.of_zones([refused, live], ["ns2"])
    assert [states[one.uuid].state for one in (refused, live)] == [DeploymentState.DEPLOYING, DeploymentState.LIVE]
    assert domains(workspace, ALL, state=DeploymentState.DEPLOYING) == (["a.org"], 1)
    assert domains(workspace, ALL, state=DeploymentState.LIVE) == (["b.org"], 1)
    assert statistics.count_by_state() == {"deploying": 1, "live": 1}


def test_accounts_count_their_zones(workspace: Workspace) -> None:
    def count() -> int:
        return accounts.find_account("owner@example.org").zone_count

    first, _ = workspace.zone("a.org"), workspace.zone("b.org")
    assert count() == 2
    workspace.editor.delete_zone(workspace.owner, first.uuid)
    assert count() == 1 and domains(workspace, workspace.owner.scope) == (["b.org"], 1)
    workspace.zone("a.org")
    assert count() == 2 and accounts.find_account("stranger@example.org").zone_count == 0


def test_pages_and_filters_of_records(workspace: Workspace) -> None:
    zone, other = workspace.zone("a.org"), workspace.zone("b.org")
    for name, record_type, value in [
        ("www", "A", "192.0.2.1"),
        ("@", "TXT", "Text %_"),
        ("www", "AAAA", "::1"),
        ("*", "A", "192.0.2.2"),
    ]:
        workspace.add(zone, record_type, name, value)
    workspace.add(other, "A", "www", "192.0.2.1")

    def find(scope: Scope = ALL, page: Page | None = None, **filters: object) -> tuple[list[str], int]:
        found, total = record_lists.find(scope, page or Page(), Filters(**filters))  # type: ignore[arg-type]
        return [f"{print_owner(one.owner, zone.name)} {one.rdtype.name}" for zone, one in found], total

    assert find(zone=zone.uuid) == (["@ TXT", "* A", "www A", "www AAAA"], 4)
    assert find(page=Page(2, 3)) == (["www AAAA", "www A"], 5)
    assert find(zone=zone.uuid, rdtype=RdataType.A) == (["* A", "www A"], 2)
    assert (
        find(places=(OwnerMatch("www"),))[1] == 3
        and find(places=(OwnerMatch("www", "a.org"), OwnerMatch("@", "www.a.org")))[1] == 2
    )
    wire = b"\xc0\x00\x02\x01"
    for data in (DataMatch(RdataType.A, "192.0.2.1", None), DataMatch(RdataType.A, "", wire)):
        assert find(data=(data, DataMatch(RdataType.MX, "192.0.2.1", None)))[1] == 2
    assert find(data=())[1] == find(places=())[1] == find(data=(DataMatch(RdataType.A, "192.0.2", None),))[1] == 0
    assert find(search="WW")[1] == 3 and find(search="%_") == (["@ TXT"], 1) and find(search="192.0")[1] == 3
    assert find(workspace.stranger.scope) == ([], 0) and find(zone=uuid4()) == ([], 0)
    assert find(replace(workspace.owner.scope, zones=frozenset({other.uuid})))[1] == 1
    assert [one.owner for one in records.of_zone(zone)] == [
        one.owner for _, one in record_lists.find(ALL, Page(), Filters(zone=zone.uuid))[0]
    ]


def test_records_of_a_deleted_zone_are_not_found(workspace: Workspace) -> None:
    zone = workspace.zone()
    record = workspace.add(zone, "A", "www", "192.0.2.1")
    assert records.get(record.uuid, workspace.stranger.scope) is None
    found = records.get(record.uuid, workspace.owner.scope)
    assert found and found[1] == record
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    assert records.get(record.uuid, ALL) is None and record_lists.find(ALL, Page(), Filters())[1] == 0


def test_lines_are_in_the_order_of_owner_and_type(workspace: Workspace) -> None:
    zone = workspace.zone()
    assert records.lines_of(zone) == records.Lines("", 0)
    for name, record_type, value in [
        ("www", "TXT", "x"),
        ("a.www", "A", "192.0.2.1"),
        ("www", "A", "192.0.2.2"),
        ("www", "A", "192.0.2.1"),
        ("@", "A", "192.0.2.1"),
    ]:
        workspace.add(zone, record_type, name, value, ttl=5)
    lines = records.lines_of(zone)
    assert lines.count == 5 and lines.text.splitlines() == [
        "example.com. 5 IN A 192.0.2.1",
        "www.example.com. 5 IN A 192.0.2.1",
        "www.example.com. 5 IN A 192.0.2.2",
        'www.example.com. 5 IN TXT "x"',
        "a.www.example.com. 5 IN A 192.0.2.1",
    ]


def test_the_rules_see_a_stored_zone_as_one_in_memory(workspace: Workspace) -> None:
    zone = workspace.zone()
    for number in range(records.READ_AHEAD + 7):
        workspace.add(zone, "A", f"h{number}.dev", "192.0.2.1")
    for name in ("dev", "dev-x", "devx", "@", "*.dev"):
        workspace.add(zone, "A", name, "192.0.2.1")
    view = records.ZoneView(zone, ())
    dev = dns.name.from_text("dev.example.com.")
    below = [name for name, _ in view.below(dev)]
    assert len(below) == len(set(below)) == records.READ_AHEAD + 8
    assert all(name.is_subdomain(dev) and name != dev for name in below)
    assert len(list(view.below(zone.name))) == records.READ_AHEAD + 11
    assert set(view.nodes([dev, zone.name, dns.name.from_text("none.example.com.")])) == {dev, zone.name}
    assert view.nodes([]) == {}
