"""What the store holds, compared with what is answered, gives the plan that makes them agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from dns.rcode import Rcode

from appliance.addresses import Nameserver
from appliance.deploy.publishing.publications import FileChanges
from appliance.deploy.publishing.publisher import Expectation, SerialServed, ZoneAbsent
from appliance.deploy.reconciliation.reconcile import Plan, Snapshot, adopted, is_handed_over, plan, take_snapshot
from appliance.queries.soa import SoaQuery, SoaResponse
from appliance.render.zone_file import zone_file
from appliance.store.deployments import ZoneStatus
from appliance.zones.catalog import member_label
from appliance.zones.deployment import Method, Publication
from tests.deploy.builders import CATALOG, NS1, NS2, NS3, answered, expected, name, zone_status
from tests.deploy.many_zones import ManyZones, many_zones
from tests.workspace import APEX

ZONE = "example.com"


def snapshot(
    statuses: Sequence[ZoneStatus],
    ns1: int | str | None,
    ns2: int | str | None,
    members: Mapping[str, str] | None = None,
    deleted: frozenset[str] = frozenset(),
    files: FileChanges | None = None,
) -> Snapshot:
    """Return the nameservers' answers for the one zone: a serial, None for no such zone, "silent" for no answer."""
    answers: dict[SoaQuery, SoaResponse | None] = {}
    for server, serial in ((NS1, ns1), (NS2, ns2)):
        answers[server, name(ZONE)] = answered(server, ZONE, serial) if not isinstance(serial, str) else None
        answers[server, CATALOG] = answered(server, str(CATALOG), 5)
    named = {label: name(zone) for label, zone in (members or {}).items()}
    changes = files or FileChanges()
    return Snapshot((NS1, NS2), CATALOG, statuses, answers, named, expected, deleted=deleted, files=changes)


def test_a_zone_served_everywhere_is_live() -> None:
    zone = zone_status(serial=7)
    assert plan(snapshot([zone], 7, 7)).live == [zone]


def test_what_the_primary_lacks_is_deployed() -> None:
    zone = zone_status(serial=7)
    for ns1 in (6, None, "silent"):
        result = plan(snapshot([zone], ns1, 6))
        assert (result.deploy, result.live, result.join) == ([zone], [], [])


def test_what_a_secondary_lacks_is_awaited() -> None:
    zone = zone_status(serial=7)
    for ns2 in (6, None, "silent"):
        result = plan(snapshot([zone], 7, ns2))
        assert (result.deploy, result.await_secondaries) == ([], [zone])


def test_a_nameserver_ahead_of_the_store_is_planned_with_its_serial() -> None:
    zone = zone_status(serial=7)
    assert plan(snapshot([zone], 7, 9)).ahead == [(zone, 9)]
    assert plan(snapshot([zone], 9, 9)).ahead == [(zone, 9)]
    assert plan(snapshot([zone], 9, "silent")).ahead == [(zone, 9)]
    assert plan(snapshot([zone], 7, 7 + 2**31)).ahead == [(zone, 7 + 2**31)]
    assert plan(snapshot([zone_status(serial=2**32 - 1)], 2**32 - 1, 3)).ahead[0][1] == 3


def test_a_zone_is_raised_only_when_the_others_have_followed() -> None:
    zone = zone_status(serial=7)
    for behind in (6, None):
        result = plan(snapshot([zone], behind, 9))
        assert (result.ahead, result.deploy) == ([], [zone])
    three = snapshot([zone], 7, 9)
    three.answers[NS3, zone.name] = answered(NS3, ZONE, 6)  # type: ignore[index]
    result = plan(replace(three, nameservers=(NS1, NS2, NS3)))
    assert (result.ahead, result.await_secondaries) == ([], [zone])


def test_a_deleted_zone_is_withdrawn_until_nobody_answers() -> None:
    zone = zone_status(deleted=True)
    assert plan(snapshot([zone], 7, None)).withdraw == [zone]
    assert plan(snapshot([zone], None, 7)).withdraw == [zone]
    assert plan(snapshot([zone], None, "silent")).withdraw == [zone]
    assert plan(snapshot([zone], None, None)).removed == [zone]


def test_a_deleted_zone_is_gone_when_nobody_who_answers_has_it() -> None:
    zone = zone_status(deleted=True)
    cases = (
        (None, None, True),
        (None, "silent", True),
        (7, "silent", False),
        ("silent", None, False),
        (None, 7, False),
    )
    for ns1, ns2, is_gone in cases:
        assert snapshot([zone], ns1, ns2).is_gone(zone) is is_gone


def test_those_that_lack_a_zone_are_named_though_they_are_silent() -> None:
    zone = zone_status(serial=7)
    assert snapshot([zone], 7, 6).lacking(zone) == {NS2}
    assert snapshot([zone], 8, "silent").lacking(zone) == {NS2}
    assert snapshot([zone], 7, 8).lacking(zone) == set()


def test_a_deleted_zone_whose_name_lives_again_counts_as_removed() -> None:
    old, new = zone_status(deleted=True), zone_status(serial=8)
    result = plan(snapshot([old, new], 8, 8))
    assert (result.removed, result.withdraw, result.live) == ([old], [], [new])


def test_the_catalog_is_brought_to_what_is_served() -> None:
    old, new = zone_status(deleted=True), zone_status(serial=8)
    members = {member_label(old.uuid): ZONE}
    result = plan(snapshot([old, new], 8, None, members, deleted=frozenset(members)))
    assert result.join == [new]
    assert set(result.leave) == {member_label(old.uuid)}
    assert plan(snapshot([new], 8, 8, {member_label(new.uuid): ZONE})).join == []


def test_members_that_are_not_in_the_database_are_left_alone() -> None:
    unknown, deleted_long_ago = "0" * 32, "1" * 32
    members = {unknown: "unknown.example", deleted_long_ago: "gone.example"}
    result = plan(snapshot([zone_status()], 7, 7, members, deleted=frozenset({deleted_long_ago})))
    assert set(result.leave) == {deleted_long_ago}


def test_only_secondaries_that_answer_are_notified_again() -> None:
    zone = zone_status(serial=7)
    assert list(snapshot([zone], 7, 6).lagging([zone])) == [(NS2, zone.name)]
    assert list(snapshot([zone], 7, "silent").lagging([zone])) == []


def test_a_secondary_ahead_with_its_catalog_is_seen() -> None:
    found = snapshot([], None, None)
    for server, serial, ahead in ((NS2, 9, 9), (NS2, 4, None), (NS2, 5, None)):
        found.answers[NS1, CATALOG] = answered(NS1, "catalog.appliance.test", 5)  # type: ignore[index]
        found.answers[server, CATALOG] = answered(server, "catalog.appliance.test", serial)  # type: ignore[index]
        assert found.catalog_serials() == (5, ahead)


def test_members_of_a_secondary_ahead_stay_unless_deleted_or_created_again() -> None:
    lives, again = zone_status("lives.example"), zone_status("again.example")
    ahead = {
        member_label(lives.uuid): lives.name,
        "0" * 32: name("unknown.example"),
        "1" * 32: name("deleted.example"),
        "2" * 32: again.name,
    }
    found = replace(snapshot([], None, None), statuses=[lives, again], ahead=ahead, deleted=frozenset({"1" * 32}))
    assert set(adopted(found)) == {member_label(lives.uuid), "0" * 32}


def test_a_file_that_was_altered_is_written_again() -> None:
    zone = zone_status(serial=7)
    altered = FileChanges(altered=frozenset({zone.uuid}))
    assert plan(snapshot([zone], 7, 7, files=altered)).rewrite == [zone]
    assert plan(snapshot([zone], 7, 6, files=altered)).rewrite == [zone]
    assert plan(snapshot([zone], 6, 6, files=altered)).rewrite == []


def test_a_file_in_doubt_has_its_zone_compared_while_that_is_served() -> None:
    zone = zone_status(serial=7)
    doubtful = FileChanges(doubtful=frozenset({zone.uuid}))
    assert plan(snapshot([zone], 7, 6, files=doubtful)).doubtful == [zone]
    assert plan(snapshot([zone], 6, 6, files=doubtful)).doubtful == []
    assert plan(snapshot([zone], 7, 7, files=doubtful)).rewrite == []


def test_a_file_that_is_older_than_what_is_served_is_behind() -> None:
    published = replace(zone_status(serial=7), published=Publication(7, "digest", "derived"))
    behind = replace(published, published=Publication(6, "digest", "derived", Method.FILE))
    assert plan(snapshot([published], 7, 7)).behind == []
    assert plan(snapshot([behind], 7, 6)).behind == [behind]
    assert plan(snapshot([behind], 6, 6)).behind == []


def test_a_serial_that_was_never_handed_over_proves_nothing() -> None:
    zone = replace(zone_status(serial=7), attempted=6)
    assert plan(snapshot([zone], 7, 7)).deploy == [zone]


def test_what_the_primary_was_handed_is_known_from_the_last_attempt() -> None:
    zone, file = zone_status(serial=7), Publication(7, "digest", "derived")
    refused = replace(zone, error="check: no")
    assert is_handed_over(zone) and not is_handed_over(refused)
    assert not is_handed_over(replace(zone, attempted=6)) and not is_handed_over(replace(zone, proven=6))
    assert is_handed_over(replace(refused, published=file)) and is_handed_over(replace(refused, proven=7))
    assert not is_handed_over(replace(refused, published=replace(file, method=Method.UPDATE)))


def test_a_member_that_no_secondary_has_is_missed() -> None:
    zone = zone_status(serial=7)
    members = {member_label(zone.uuid): ZONE}
    assert snapshot([zone], 7, None, members).is_missed(zone)
    assert not any(snapshot([zone], 7, ns2, members).is_missed(zone) for ns2 in (6, 7, "silent"))
    assert not snapshot([zone], 7, None).is_missed(zone)
    transferring = snapshot([zone], 7, None, members)
    transferring.answers[NS2, zone.name] = replace(answered(NS2, ZONE, None), rcode=Rcode.SERVFAIL)  # type: ignore[index]
    assert not transferring.is_missed(zone)


@pytest.mark.parametrize("catalog", [None, 4, "silent"])
def test_no_member_is_missed_by_a_secondary_that_lacks_the_present_catalog(catalog: int | str | None) -> None:
    zone = zone_status(serial=7)
    found = snapshot([zone], 7, None, {member_label(zone.uuid): ZONE})
    answer = None if isinstance(catalog, str) else answered(NS2, str(CATALOG), catalog)
    assert not replace(found, answers={**found.answers, (NS2, CATALOG): answer}).is_missed(zone)


def test_a_signed_zone_that_a_secondary_still_serves_unsigned_is_not_missed() -> None:
    zone = replace(zone_status(serial=7), signed=True)
    found = snapshot([zone], 7, None, {member_label(zone.uuid): ZONE})
    assert found.is_missed(zone)
    no_number = SoaResponse(NS2, zone.name, None, Rcode.NOERROR, False)
    unsigned = replace(found, answers={**found.answers, (NS2, zone.name): no_number})
    assert not unsigned.is_missed(zone) and plan(unsigned).await_secondaries == [zone]
    on_ns1 = replace(found, answers={**found.answers, (NS1, zone.name): replace(no_number, server=NS1)})
    assert plan(on_ns1).deploy == [zone]


def test_what_a_nameserver_must_show_is_up_to_the_publisher() -> None:
    zone = zone_status(serial=7)

    def signed(serial: int | None, server: Nameserver) -> Expectation:
        return ZoneAbsent() if serial is None else SerialServed(serial if server == NS1 else serial + 100)

    def planned(ns1: int, ns2: int) -> Plan:
        return plan(replace(snapshot([zone], ns1, ns2), expected=signed))

    assert planned(7, 107).live == [zone]
    assert planned(7, 8).await_secondaries == [zone]
    assert planned(7, 109).ahead == [(zone, 109)]
    assert list(replace(snapshot([zone], 7, 8), expected=signed).lagging([zone])) == [(NS2, zone.name)]


class ChangingCatalog(dict[bytes, int]):
    """Serials of nameservers at one moment; that of the catalog is one later at each query."""

    def get(self, zone: bytes, default: int | None = None) -> int | None:  # type: ignore[override]
        """Return the serial of the zone."""
        if zone == CATALOG.to_digestable():
            self[zone] = self.setdefault(zone, 0) + 1
        return super().get(zone, default)


@pytest.mark.parametrize("silent", [(), (0,), (1,), (0, 1)])
def test_no_secondary_seems_ahead_while_the_catalog_changes(silent: tuple[int, ...], tmp_path: Path) -> None:
    with many_zones(tmp_path, 1) as many:
        many.ns1.serials = many.ns2.serials = ChangingCatalog()
        treated_as_silent = [many.host.nameservers[number] for number in silent]
        taken = take_snapshot(many.host, many.store, expected, treated_as_silent)
    own, over = taken.catalog_serials()
    assert (own, over) == (2, None)


class Creating(dict[bytes, int]):
    """Serials of a nameserver; the first query for one has a zone created and published."""

    def __init__(self, many: ManyZones) -> None:
        super().__init__()
        self._many = many

    def get(self, zone: bytes, default: int | None = None) -> int | None:  # type: ignore[override]
        """Return the serial of the zone."""
        if not self:
            with self._many.store.connection():
                created = self._many.workspace.zone("created.example")
            self._many.host.files.path(created.uuid).write_bytes(zone_file(created.name, 1, APEX, "", 0))
            self[created.name.to_digestable()] = created.serial
        return super().get(zone, default)


def test_a_zone_that_is_created_meanwhile_is_not_unknown(tmp_path: Path) -> None:
    with many_zones(tmp_path, 1) as many:
        many.ns1.serials = Creating(many)
        taken = take_snapshot(many.host, many.store, expected)
        assert (len(taken.statuses), len(many.host.files.zones()), taken.unknown) == (1, 1, [])
