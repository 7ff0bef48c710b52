"""Zones are proven together in a worker; what is not proven is published by its file, under a later serial."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from uuid import UUID, uuid4

import pytest
from dns.name import Name

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.raised_serials import RaisedSerials
from appliance.deploy.verification.proof import ContentProof, ProofVerdict, Prover
from appliance.deploy.verification.proof_queue import MOST_AT_ONCE, SHARE_OF_OLDEST, ProofQueue
from appliance.deploy.verification.watch import Complete
from appliance.errors import CommandFailed, CommandTimeout, StoreError
from appliance.store import deployments, zones
from appliance.zones.delta import Delta
from appliance.zones.deployment import Method
from appliance.zones.model import Zone
from tests.deploy.builders import answered
from tests.deploy.test_dispatcher import Dispatching
from tests.deploy.verification.test_proof import OTHER, Served, served
from tests.deployed import store_proof
from tests.pair import wait_for
from tests.workspace import Workspace


@pytest.fixture
def dispatching(host: PrimaryHost, workspace: Workspace) -> Iterator[Dispatching]:
    """A context without running work."""
    with closing(Dispatching(host, workspace)) as created:
        yield created


@pytest.fixture
def zone(workspace: Workspace) -> Zone:
    """A zone whose first version is proven."""
    created = workspace.zone("prove.example")
    with workspace.store.writing():
        store_proof(created.uuid, created.serial)
    return created


def proofs_of(dispatching: Dispatching, serial: int, delta: Delta | None = None) -> ProofQueue:
    """Return proofs by a nameserver that serves this serial and has changed so much."""
    context = dispatching.context
    source = Served(served(serial, delta or Delta()))
    return ProofQueue(context, Prover(source, context.host.apex, context.store), RaisedSerials(context))


def await_nameservers(dispatching: Dispatching, uuid: UUID, name: Name, serial: int) -> None:
    """Watch an update that every nameserver has shown."""
    context = dispatching.context
    expected = partial(context.publisher.expected, serial)
    watch = context.verifier.watch(uuid, name, serial, expected, time.monotonic(), method=Method.UPDATE)
    watch.primary_serves = True
    watch.answers = {server: answered(server, str(name), serial) for server in context.host.nameservers}


def test_what_is_proven_is_stored_and_completes_what_is_awaited(dispatching: Dispatching, zone: Zone) -> None:
    proofs, found = proofs_of(dispatching, zone.serial), list[ContentProof]()
    await_nameservers(dispatching, zone.uuid, zone.name, zone.serial)
    proofs.request(zone.uuid, zone.name, found.append)
    proofs.request(zone.uuid, zone.name)
    proofs.start_waiting()
    assert not proofs.is_idle
    dispatching.end()
    assert [one.verdict for one in found] == [ProofVerdict.PROVEN]
    assert [type(event) for event in proofs.take_events()] == [Complete]
    assert proofs.take_events() == []
    assert dispatching.context.figures.values["proofs"] == {"proven": 1}


def test_what_is_requested_meanwhile_is_proven_afterwards(dispatching: Dispatching, zone: Zone) -> None:
    proofs, found = proofs_of(dispatching, zone.serial), list[ContentProof]()
    proofs.request(zone.uuid, zone.name, found.append)
    proofs.start_waiting()
    proofs.request(zone.uuid, zone.name, found.append)
    proofs.start_waiting()
    dispatching.end()
    assert len(found) == 1 and not proofs.is_idle
    proofs.start_waiting()
    dispatching.end()
    assert len(found) == 2 and proofs.is_idle


def test_the_proof_of_an_update_waits_until_secondaries_serve_it_or_another_is_due(
    dispatching: Dispatching, zone: Zone
) -> None:
    proofs, found = proofs_of(dispatching, zone.serial), list[ContentProof]()
    now = dispatching.context.monotonic()
    proofs.request(zone.uuid, zone.name, found.append, rest=3600)
    proofs.start_waiting()
    start = proofs.next_start()
    assert start and now + 3600 <= start
    proofs.start_soon(uuid4())
    assert proofs.next_start() == start, "another zone"
    proofs.start_soon(zone.uuid)
    proofs.start_waiting()
    proofs.start_soon(zone.uuid)
    assert proofs.next_start() is None
    dispatching.end()
    assert len(found) == 1
    proofs.request(zone.uuid, zone.name, found.append, rest=3600)
    proofs.request(zone.uuid, zone.name, found.append)
    proofs.start_waiting()
    dispatching.end()
    assert len(found) == 3 and proofs.is_idle


def test_an_error_after_one_proof_keeps_no_other_zone_waiting(dispatching: Dispatching, zone: Zone) -> None:
    def fail(_: ContentProof) -> None:
        raise StoreError("it cannot be read")

    proofs, found = proofs_of(dispatching, zone.serial), list[ContentProof]()
    proofs.request(zone.uuid, zone.name, fail)
    proofs.request(zone.uuid, zone.name, found.append)
    proofs.start_waiting()
    with pytest.raises(StoreError):
        dispatching.end()
    assert not found and not proofs.is_idle
    proofs.start_waiting()
    assert len(found) == 1 and proofs.is_idle


class Broken(Prover):
    """A prover to which the rows of one zone raise an error."""

    def prove(self, uuid: UUID, name: Name, base: int | None) -> ContentProof:
        """Prove the content of any other zone."""
        if str(name) == "broken.example.":
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
        return super().prove(uuid, name, base)


def test_a_zone_with_rows_that_are_not_valid_keeps_no_other_from_being_proven(
    dispatching: Dispatching, zone: Zone, workspace: Workspace
) -> None:
    broken, found = workspace.zone("broken.example"), list[ContentProof]()
    context, source = dispatching.context, Served(served(zone.serial, Delta()))
    proofs = ProofQueue(context, Broken(source, context.host.apex, context.store), RaisedSerials(context))
    for one in (zone, broken):
        proofs.request(one.uuid, one.name, found.append)
    proofs.start_waiting()
    dispatching.end()
    assert {str(one.name): one.verdict for one in found} == {
        "prove.example.": ProofVerdict.PROVEN,
        "broken.example.": ProofVerdict.UNANSWERED,
    }


def test_a_deleted_zone_is_not_proven(dispatching: Dispatching, zone: Zone, workspace: Workspace) -> None:
    proofs, found = proofs_of(dispatching, zone.serial, Delta(added=frozenset({OTHER}))), list[ContentProof]()
    workspace.editor.delete_zone(workspace.owner, zone.uuid)
    proofs.request(zone.uuid, zone.name, found.append)
    proofs.start_waiting()
    dispatching.end()
    assert [one.verdict for one in found] == [ProofVerdict.SUPERSEDED]
    assert not proofs.raised.running


def test_content_that_differs_gets_a_later_serial_and_its_file(
    dispatching: Dispatching, zone: Zone, caplog: pytest.LogCaptureFixture
) -> None:
    context = dispatching.context
    proofs = proofs_of(dispatching, zone.serial, Delta(added=frozenset({OTHER})))
    await_nameservers(dispatching, zone.uuid, zone.name, zone.serial)
    proofs.request(zone.uuid, zone.name)
    context.recorder.proven(zone.uuid, zone.serial)  # by a proof before this one, and not stored yet
    proofs.start_waiting()
    dispatching.end()
    assert "event=content-differs zone=prove.example" in caplog.text
    assert [fault.subject for fault in proofs.raised.faults] == ["content of prove.example"]
    assert proofs.take_events() == [] and not context.verifier
    while proofs.raised.running:
        dispatching.end()
    wait_for(context.recorder.flush, "what is noted is stored")
    (status,) = deployments.statuses()
    assert (status.serial, status.proven) == (zone.serial + 1, None)
    assert context.zones.take_update(0.0) is None
    assert context.zones.take(0.0, 1) == [status]


def test_a_nameserver_that_does_not_answer_is_asked_again_soon(dispatching: Dispatching, zone: Zone) -> None:
    context = dispatching.context
    source = Served(CommandTimeout(("ixfr",), "no answer"))
    proofs = ProofQueue(context, Prover(source, context.host.apex, context.store), RaisedSerials(context))
    context.schedule.start()
    waits = context.schedule.due
    proofs.request(zone.uuid, zone.name)
    proofs.start_waiting()
    dispatching.end()
    assert context.schedule.due < waits
    assert deployments.statuses()[0].proven == zone.serial, "it is still what was proven"


def test_few_zones_are_proven_together_the_newest_first(dispatching: Dispatching, zone: Zone) -> None:
    proofs, found = proofs_of(dispatching, zone.serial), list[ContentProof]()
    requested = [uuid4() for _ in range(MOST_AT_ONCE + 2)]
    for uuid in requested:
        proofs.request(uuid, zone.name, found.append)
    proofs.start_waiting()
    dispatching.end()
    newest = requested[: SHARE_OF_OLDEST + 1 : -1]
    assert [one.uuid for one in found] == [*newest, *requested[:SHARE_OF_OLDEST]]
    proofs.start_waiting()
    dispatching.end()
    assert {one.uuid for one in found} == set(requested) and proofs.is_idle


def test_a_nameserver_without_an_answer_is_waited_for_once(
    dispatching: Dispatching, zone: Zone, workspace: Workspace
) -> None:
    context, source = dispatching.context, Served(CommandTimeout(("ixfr",), "no answer"))
    proofs = ProofQueue(context, Prover(source, context.host.apex, context.store), RaisedSerials(context))
    other, found = workspace.zone("other.example"), list[ContentProof]()
    with workspace.store.writing():
        store_proof(other.uuid, other.serial)
    for one in (zone, other):
        proofs.request(one.uuid, one.name, found.append)
    proofs.start_waiting()
    dispatching.end()
    assert [one.verdict for one in found] == [ProofVerdict.UNANSWERED] * 2
    assert len(source.asked) == 1


@pytest.mark.parametrize("is_awaited", [True, False])
def test_what_cannot_be_proven_matters_only_to_an_update(
    dispatching: Dispatching, zone: Zone, *, is_awaited: bool
) -> None:
    context, source = dispatching.context, Served(CommandFailed(("ixfr",), "REFUSED"))
    proofs = ProofQueue(context, Prover(source, context.host.apex, context.store), RaisedSerials(context))
    if is_awaited:
        await_nameservers(dispatching, zone.uuid, zone.name, zone.serial)
    proofs.request(zone.uuid, zone.name)
    proofs.start_waiting()
    dispatching.end()
    while proofs.raised.running:
        dispatching.end()
    is_raised = zones.get_any(zone.uuid).serial > zone.serial
    assert is_raised == is_awaited, "its file was published meanwhile, and its serial is not raised"
