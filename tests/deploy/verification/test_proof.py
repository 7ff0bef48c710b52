"""What a nameserver says that changed, compared with the store: proven, different, or not to be decided."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import dns.zone
import pytest
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.compiler import compile_zone, derived_now
from appliance.deploy.verification.proof import ContentProof, ProofVerdict, Prover
from appliance.errors import CommandFailed, CommandTimeout
from appliance.queries.difference import Difference
from appliance.store import deltas, zones
from appliance.zones.delta import Delta, WireRecord, net
from appliance.zones.deployment import Publication
from appliance.zones.model import Zone
from tests.deployed import store_attempt
from tests.workspace import APEX, Workspace


@dataclass
class Served:
    """A nameserver that sends a given difference, or fails."""

    given: Difference | Exception
    asked: list[tuple[Name, int]] = field(default_factory=list)

    def fetch(self, zone: Name, serial: int) -> Difference:
        """Return the difference, or raise the error."""
        self.asked.append((zone, serial))
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    def close(self) -> None:
        """Do nothing."""


ZONE = b"\x05prove\x07example\x00"
OTHER = WireRecord(b"\x05other" + ZONE, int(RdataType.A), 3600, bytes((192, 0, 2, 66)))


@dataclass
class Changed:
    """A zone that is proven at `base`, and has had three versions since."""

    workspace: Workspace
    zone: Zone
    base: int

    def difference(self, serial: int | None = None) -> Difference:
        """Return what a nameserver sends that serves this version, by default the newest."""
        with self.workspace.store.reading():
            found = deltas.since(self.zone.uuid, self.base)
        serial = found.serial if serial is None else serial
        return served(serial, net(one.delta for one in found.versions if one.serial <= serial))

    def prove(self, given: Difference | Exception, base: int | None = -1) -> ContentProof:
        """Return the proof with what the nameserver sends."""
        prover = Prover(Served(given), self.workspace.editor.apex, self.workspace.store)
        return prover.prove(self.zone.uuid, self.zone.name, self.base if base == -1 else base)


def served(serial: int, delta: Delta, records: frozenset[WireRecord] | None = None) -> Difference:
    soa = WireRecord(ZONE, int(RdataType.SOA), 3600, APEX.soa.rdata(serial))
    return Difference(soa, delta, records)


@pytest.fixture
def changed(workspace: Workspace) -> Changed:
    """A zone in which one record was changed, and others added and deleted."""
    zone = workspace.zone("prove.example")
    first = workspace.add(zone, "A", "first", "192.0.2.1")
    base = zones.get_any(zone.uuid).serial
    workspace.add(zone, "TXT", "second", "text")
    workspace.editor.delete_record(workspace.owner, first.uuid)
    workspace.add(zone, "A", "first", "192.0.2.3")
    return Changed(workspace, zone, base)


def test_the_difference_that_the_store_has_is_the_proof(changed: Changed) -> None:
    for serial in range(changed.base, changed.base + 4):
        proof = changed.prove(changed.difference(serial))
        assert (proof.verdict, proof.serial) == (ProofVerdict.PROVEN, serial), proof.reason


@pytest.mark.parametrize("left_out", [0, 1])
def test_a_record_that_was_left_out_or_is_too_many_differs(changed: Changed, left_out: int) -> None:
    right = changed.difference().delta
    wrong = [Delta(right.removed, frozenset(sorted(right.added)[1:])), Delta(right.removed, right.added | {OTHER})]
    proof = changed.prove(served(changed.base + 3, wrong[left_out]))
    assert proof.verdict is ProofVerdict.DIFFERS
    assert "1 records differ, among them" in proof.reason


def test_a_change_under_a_serial_that_no_version_has_differs(changed: Changed) -> None:
    proof = changed.prove(served(changed.base + 9, changed.difference().delta))
    assert proof.verdict is ProofVerdict.DIFFERS and "no version of the zone" in proof.reason


def test_a_change_without_a_new_serial_differs(changed: Changed) -> None:
    assert changed.prove(served(changed.base, Delta(added=frozenset({OTHER})))).verdict is ProofVerdict.DIFFERS


def test_a_zone_with_the_soa_of_other_settings_is_not_proven(changed: Changed) -> None:
    given = changed.difference()
    other = given.soa._replace(rdata=given.soa.rdata[:-1] + b"\1")
    proof = changed.prove(given._replace(soa=other))
    assert (proof.verdict, proof.reason) == (ProofVerdict.UNPROVABLE, "its SOA is not that of the settings")


def test_a_nameserver_that_does_not_answer_proves_nothing(changed: Changed) -> None:
    assert changed.prove(CommandTimeout(("ixfr",), "no answer")).verdict is ProofVerdict.UNANSWERED
    assert changed.prove(CommandFailed(("ixfr",), "REFUSED")).verdict is ProofVerdict.UNPROVABLE
    assert changed.prove(changed.difference(), base=None).verdict is ProofVerdict.SUPERSEDED


def test_newer_content_that_goes_by_file_needs_no_proof(changed: Changed) -> None:
    given = changed.difference()
    changed.workspace.zone("below.prove.example")
    assert changed.prove(given).verdict is ProofVerdict.SUPERSEDED


def test_a_whole_zone_is_compared_at_the_serial_that_is_served(changed: Changed) -> None:
    older = changed.base + 1
    whole = records_of(changed, older)
    assert changed.prove(served(older, Delta(), whole)).verdict is ProofVerdict.PROVEN
    assert changed.prove(served(older, Delta(), whole | {OTHER})).verdict is ProofVerdict.DIFFERS
    assert changed.prove(served(older + 1, Delta(), whole)).verdict is ProofVerdict.DIFFERS


def test_a_whole_zone_that_was_published_with_other_settings_is_not_said_to_differ(changed: Changed) -> None:
    workspace, zone = changed.workspace, changed.zone
    serial, whole = changed.base + 3, records_of(changed, changed.base + 3)
    published = Publication(changed.base, "digest", derived_now(zone, workspace.editor.apex))
    with workspace.store.writing():
        store_attempt(zone.uuid, changed.base, None, published)
    assert changed.prove(served(serial, Delta(), whole | {OTHER})).verdict is ProofVerdict.DIFFERS
    more = replace(workspace.editor.apex, servers=(*APEX.servers, Name((b"ns3", b"appliance", b"test", b""))))
    proof = Prover(Served(served(serial, Delta(), whole)), more, workspace.store).prove(
        zone.uuid, zone.name, changed.base
    )
    assert (proof.verdict, proof.reason) == (ProofVerdict.UNPROVABLE, "its zone file was published with other settings")


def records_of(changed: Changed, serial: int) -> frozenset[WireRecord]:
    """Return all records of a version but the SOA, from the zone file that the deployer would publish."""
    apex = changed.workspace.editor.apex
    content = compile_zone(zones.get_any(changed.zone.uuid), apex).content.decode()
    zone = dns.zone.from_text(content, changed.zone.name, relativize=False)
    present = {
        WireRecord(owner.to_digestable(), int(rdata.rdtype), ttl, rdata.to_wire() or b"")
        for owner, ttl, rdata in zone.iterate_rdatas()
        if rdata.rdtype != RdataType.SOA
    }
    since = deltas.since(changed.zone.uuid, serial)
    return net(version.delta for version in since.versions).inverse().apply(present)
