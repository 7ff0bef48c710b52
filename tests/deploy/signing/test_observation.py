"""The keys of a zone: what named says of them, and why none is ever forgotten or taken over by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from appliance.deploy.host import PrimaryHost
from appliance.deploy.signing.observation import SeenZone, merged
from appliance.nameserver.control import ZoneState
from appliance.nameserver.key_status import KeyStatus
from appliance.queries.zone_signatures import ServedKey, ServedZone
from appliance.zones.model import Zone
from appliance.zones.signing import ServedSigning, SigningKey, Timing
from tests.signing import AT, key
from tests.workspace import Workspace

KNOWN, NEW = key(0), key(1)
NOW = datetime(2031, 5, 5, tzinfo=UTC)


def served(*keys: SigningKey) -> ServedZone:
    return ServedZone(keys=[ServedKey(one.tag, one.algorithm, one.flags, one.public_key) for one in keys])


def status(one: SigningKey, *, is_wanted: bool = True, dnskey: Timing = Timing.OMNIPRESENT) -> KeyStatus:
    return KeyStatus(one.tag, "ECDSAP256SHA256", is_wanted, dnskey, Timing.RUMOURED, NOW)


def tags(keys: list[SigningKey]) -> list[int]:
    return [one.tag for one in keys]


def test_the_first_key_is_added_as_it_is_served() -> None:
    (found,) = merged([status(NEW)], served(NEW), [], may_add=True)
    assert (found.public_key, found.ds, found.created_at) == (NEW.public_key, Timing.RUMOURED, NOW)
    assert merged([status(NEW)], served(), [], may_add=True) == [], "not before its data are known"


def test_a_known_key_keeps_its_data_and_gets_its_state() -> None:
    (found,) = merged([status(KNOWN)], served(), [KNOWN], may_add=False)
    assert found.ds is Timing.RUMOURED and found.created_at == AT


def test_no_key_is_forgotten_when_its_files_are_gone() -> None:
    assert merged([], served(), [KNOWN], may_add=True) == [KNOWN]
    assert merged([], served(NEW), [KNOWN], may_add=True) == [KNOWN]


def test_a_key_that_nobody_wanted_is_not_taken_over() -> None:
    assert tags(merged([status(NEW)], served(NEW), [KNOWN], may_add=False)) == [KNOWN.tag]
    assert tags(merged([status(KNOWN), status(NEW)], served(KNOWN, NEW), [KNOWN], may_add=True)) == [
        KNOWN.tag,
        NEW.tag,
    ]


def test_a_key_whose_ds_the_parent_has_is_one_of_the_zone() -> None:
    """A restored store may be older than a rollover."""
    gone = status(KNOWN, is_wanted=False, dnskey=Timing.HIDDEN)
    statuses, answer = [gone, status(NEW)], served(NEW)
    found = merged(statuses, answer, [KNOWN], may_add=False, is_trusted=lambda one: one.tag == NEW.tag)
    assert tags(found) == [NEW.tag]
    found = merged(statuses, answer, [KNOWN], may_add=False, is_trusted=lambda one: one.tag == KNOWN.tag)
    assert tags(found) == [KNOWN.tag]


def test_only_a_key_that_named_has_removed_goes() -> None:
    leaving = status(KNOWN, is_wanted=False, dnskey=Timing.UNRETENTIVE)
    assert tags(merged([leaving, status(NEW)], served(NEW), [KNOWN, NEW], may_add=False)) == [KNOWN.tag, NEW.tag]
    gone = status(KNOWN, is_wanted=False, dnskey=Timing.HIDDEN)
    assert tags(merged([gone, status(NEW)], served(NEW), [KNOWN, NEW], may_add=False)) == [NEW.tag]


def seen(zone: Zone, host: PrimaryHost, *serving: ServedSigning | None, content: int, secure: bool = True) -> SeenZone:
    answers = {server: one for server, one in zip(host.nameservers, serving, strict=True) if one}
    return SeenZone(zone, ZoneState("", zone.serial, signed=True, secure=secure), answers, (), content)


def test_a_zone_is_signed_once_every_nameserver_serves_all_of_it(host: PrimaryHost, workspace: Workspace) -> None:
    zone = workspace.zone(f"{uuid4().hex}.example")
    own = ServedSigning(zone.serial + 5, AT, frozenset({1}))
    assert seen(zone, host, own, own, content=zone.serial).is_signed_everywhere(host)
    other_keys = ServedSigning(own.serial, AT, frozenset({2}))
    behind, unsigned = ServedSigning(zone.serial + 4, AT, own.key_tags), ServedSigning(own.serial, None)
    for lacking in (other_keys, behind, unsigned, None):
        assert not seen(zone, host, own, lacking, content=zone.serial).is_signed_everywhere(host)
    assert not seen(zone, host, own, own, content=zone.serial - 1).is_signed_everywhere(host)
    assert not seen(zone, host, own, own, content=zone.serial, secure=False).is_signed_everywhere(host)
    assert not seen(zone, host, None, own, content=zone.serial).is_signed_everywhere(host)
    assert seen(zone, host, own, behind, content=zone.serial).latest_serial == own.serial
