"""Zones that are not in the database: found among members and files, removed only if an operator allows it."""

from __future__ import annotations

from uuid import uuid4

from appliance.deploy.host import PrimaryHost
from appliance.deploy.unknown_zones import UnknownZone, find_unknown_zones, remove_unknown_zone
from appliance.zones.catalog import member_label
from tests.deploy.builders import name
from tests.pair import Pair


def test_members_and_files_of_no_known_zone_are_found(host: PrimaryHost, pair: Pair) -> None:
    known, unknown, taken = uuid4(), "0" * 32, "1" * 32
    file, written = pair.create(name("file.example"), 1), pair.create(name("by-named.example"), 1)
    pair.files.path(written).write_text("$ORIGIN .\n$TTL 9\nby-named.example\tIN SOA a. b. (\n\t1 1 1 1 1 )\n")
    members = {
        member_label(known): name("known.example"),
        unknown: name("member.example"),
        taken: name("living.example"),
    }
    found = find_unknown_zones(host, members, host.files.zones(), [known], [name("living.example")])
    assert UnknownZone(unknown, name("member.example")) in found
    assert UnknownZone(member_label(file), name("file.example")) in found
    assert UnknownZone(member_label(written), name("by-named.example")) in found
    assert not {member_label(known), taken} & {unknown.label for unknown in found}


def test_a_zone_that_may_be_removed_goes_with_its_files(host: PrimaryHost, pair: Pair) -> None:
    zone = name("unknown.example")
    uuid = pair.create(zone, 1)
    remove_unknown_zone(UnknownZone(member_label(uuid), zone), host)
    pair.wait_for_serial(pair.primary, zone, None)
    assert not pair.files.path(uuid).exists()


def test_a_zone_under_the_same_name_with_another_file_stays(host: PrimaryHost, pair: Pair) -> None:
    zone = name("same-name.example")
    pair.create(zone, 1)
    remove_unknown_zone(UnknownZone(member_label(uuid4()), zone), host)
    remove_unknown_zone(UnknownZone("a-foreign-label", zone), host)
    assert pair.serial(pair.primary, zone) == 1
