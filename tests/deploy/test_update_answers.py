"""What each answer to an UPDATE leads to, with a client whose answers are given, and how many updates are open."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from dns.rcode import Rcode

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.publish_method import Bases
from appliance.deploy.publishing.raised_serials import RaisedSerials
from appliance.deploy.publishing.update_publisher import MOST_STARTS, UpdatePublisher
from appliance.deploy.rollout import Stage
from appliance.deploy.verification.proof import Prover
from appliance.deploy.verification.proof_queue import ProofQueue
from appliance.errors import CommandTimeout, StoreError
from appliance.keys import CLOCKS_DIFFER
from appliance.nameserver.update_client import MAX_OPEN, UpdateClient
from appliance.nameserver.update_messages import UpdateMessage, UpdateResponse
from appliance.store import deployments
from appliance.zones.delta import Delta
from tests.deploy.test_dispatcher import Dispatching
from tests.deploy.verification.test_proof import Served, served
from tests.deployed import store_attempt, store_proof
from tests.many_zones import add_zones
from tests.workspace import Workspace

BADTIME = 18


@dataclass
class GivenAnswers(UpdateClient):
    """A client that answers each message with the next of these codes and errors of the signature."""

    answers: list[tuple[Rcode | None, int]]
    sent: list[UpdateMessage] = field(default_factory=list)
    waiting: list[UpdateMessage] = field(default_factory=list)

    @property
    def free(self) -> int:
        """Return how many more messages can be sent."""
        return MAX_OPEN - len(self.waiting)

    def send(self, message: UpdateMessage) -> bool:
        """Keep the message, unless too many are open."""
        if not self.free:
            return False
        self.sent.append(message)
        self.waiting.append(message)
        return True

    def next_timeout(self) -> float | None:
        """Return that no answer is waited for in vain."""
        return None

    def responses(self, *, is_readable: bool = True) -> list[UpdateResponse]:
        """Return the answers to what waits, as far as there are any."""
        found = []
        while self.waiting and self.answers:
            found.append(UpdateResponse(self.waiting.pop(0), *self.answers.pop(0)))
        return found


@pytest.fixture
def dispatching(host: PrimaryHost, workspace: Workspace) -> Iterator[Dispatching]:
    """A context without running work."""
    with closing(Dispatching(host, workspace)) as created:
        yield created


def changed_zones(workspace: Workspace, count: int) -> None:
    """Create zones whose first version is proven, and which have changed since."""
    for number in range(count):
        zone = workspace.zone(f"zone-{number}.example")
        with workspace.store.writing():
            store_proof(zone.uuid, zone.serial)
        workspace.add(zone, "A", "www", "192.0.2.1")


def publisher_of(dispatching: Dispatching, answers: Sequence[tuple[Rcode | None, int]] = ()) -> UpdatePublisher:
    """Request all zones, and return a publisher with these answers; the primary serves the first version."""
    context = dispatching.context
    statuses = deployments.statuses()
    for status in statuses:
        context.zones.request(status)
    prover = Prover(Served(served(statuses[0].proven or 0, Delta())), context.host.apex, context.store)
    queue = ProofQueue(context, prover, RaisedSerials(context))
    return UpdatePublisher(context, GivenAnswers(list(answers)), queue)


def sent_by(publisher: UpdatePublisher) -> int:
    assert isinstance(publisher.client, GivenAnswers)
    return len(publisher.client.sent)


@pytest.mark.parametrize(
    ("answers", "stage", "sent"),
    [
        ([(Rcode.NOERROR, 0)], Stage.LOADING, 1),
        ([(Rcode.SERVFAIL, 0), (Rcode.NOERROR, 0)], Stage.LOADING, 2),
        ([(Rcode.SERVFAIL, 0), (Rcode.SERVFAIL, 0)], Stage.PENDING, 2),
        ([(Rcode.REFUSED, 0)], Stage.PENDING, 1),
        ([(Rcode.FORMERR, 0)], Stage.PENDING, 1),
        ([(Rcode.NOTAUTH, 0)], Stage.PENDING, 1),
        ([(Rcode.NOTAUTH, BADTIME)], Stage.PENDING, 1),
        ([(Rcode.NXRRSET, 0)], Stage.UPDATING, 1),
        ([(None, 0)], Stage.UPDATING, 1),
    ],
)
def test_an_answer_leads_to_the_next_stage(
    dispatching: Dispatching,
    workspace: Workspace,
    answers: list[tuple[Rcode | None, int]],
    stage: Stage,
    sent: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed_zones(workspace, 1)
    publisher = publisher_of(dispatching, answers)
    (status,) = deployments.statuses()
    publisher.start_ready(time.monotonic())
    publisher.handle_responses()
    publisher.handle_responses()
    assert (dispatching.context.zones.stage(status.name), sent_by(publisher)) == (stage, sent)
    assert len(dispatching.context.zones.take(time.monotonic(), 1)) == (stage is Stage.PENDING), "its file is published"
    assert (CLOCKS_DIFFER in caplog.text) == (answers[-1][1] == BADTIME)


def test_what_was_not_applied_is_sent_once_more_and_then_published_by_file(
    dispatching: Dispatching, workspace: Workspace
) -> None:
    changed_zones(workspace, 1)
    publisher = publisher_of(dispatching, [(None, 0), (None, 0)])
    (status,) = deployments.statuses()
    publisher.start_ready(time.monotonic())
    for _ in range(2):
        publisher.handle_responses()
        publisher.proofs.start_waiting()
        dispatching.end()
        publisher.start_ready(time.monotonic())
    assert sent_by(publisher) == 2
    dispatching.end()
    (raised,) = deployments.statuses()
    assert (raised.serial, raised.proven) == (status.serial + 1, None), "a late message may still be applied"
    assert dispatching.context.zones.take(time.monotonic(), 1) == [raised]


def test_few_updates_are_open_and_the_others_wait(dispatching: Dispatching, workspace: Workspace) -> None:
    changed_zones(workspace, MAX_OPEN + 3)
    publisher = publisher_of(dispatching, [(Rcode.NOERROR, 0)] * 2)
    publisher.start_ready(time.monotonic())
    publisher.start_ready(time.monotonic())
    assert sent_by(publisher) == MAX_OPEN
    assert len(dispatching.context.zones) == MAX_OPEN + 3
    publisher.handle_responses()
    publisher.start_ready(time.monotonic())
    assert sent_by(publisher) == MAX_OPEN + 2


def test_what_is_to_be_sent_again_waits_until_fewer_are_open(dispatching: Dispatching, workspace: Workspace) -> None:
    changed_zones(workspace, MAX_OPEN + 1)
    publisher = publisher_of(dispatching, [(None, 0)])
    publisher.start_ready(time.monotonic())
    publisher.handle_responses()
    publisher.start_ready(time.monotonic())
    publisher.proofs.start_waiting()
    dispatching.end()
    publisher.start_ready(time.monotonic())
    assert sent_by(publisher) == MAX_OPEN + 1, "all that may be open, and one without an answer"
    answer_all(publisher, MAX_OPEN + 1)
    assert {dispatching.context.zones.stage(one.name) for one in deployments.statuses()} == {Stage.LOADING}


class FailingOnce(Bases):
    """Bases of which the first cannot be noted."""

    has_failed = False

    def acknowledge(self, uuid: UUID, serial: int) -> None:
        """Raise StoreError the first time."""
        if not self.has_failed:
            self.has_failed = True
            raise StoreError("it cannot be noted")
        super().acknowledge(uuid, serial)


def test_answers_that_cannot_be_handled_leave_the_others_to_the_next_step(
    dispatching: Dispatching, workspace: Workspace
) -> None:
    changed_zones(workspace, 3)
    publisher = publisher_of(dispatching, [(Rcode.NOERROR, 0)] * 3)
    publisher.start_ready(time.monotonic())
    publisher.context = replace(dispatching.context, bases=FailingOnce())
    with pytest.raises(StoreError):
        publisher.handle_responses()
    publisher.handle_responses(is_readable=False)
    stages = [dispatching.context.zones.stage(one.name) for one in deployments.statuses()]
    assert sorted(stages, key=str) == [Stage.LOADING, Stage.LOADING, Stage.PENDING], "one goes by its file"


def answer_all(publisher: UpdatePublisher, count: int) -> None:
    """Let the primary apply what is open and what waits."""
    assert isinstance(publisher.client, GivenAnswers)
    publisher.client.answers += [(Rcode.NOERROR, 0)] * count
    for _ in range(count):
        publisher.handle_responses()
        publisher.start_ready(time.monotonic())


@pytest.mark.parametrize(("error", "stage"), [(None, None), ("update: no answer", Stage.PENDING)])
def test_a_primary_that_answers_neither_update_nor_proof_gets_the_file_at_the_second_attempt(
    dispatching: Dispatching, workspace: Workspace, error: str | None, stage: Stage | None
) -> None:
    changed_zones(workspace, 1)
    (status,) = deployments.statuses()
    with workspace.store.writing():
        store_attempt(status.uuid, status.serial, error)
    publisher = publisher_of(dispatching, [(None, 0)])
    publisher.proofs.prover = replace(publisher.proofs.prover, source=Served(CommandTimeout(("ixfr",), "no answer")))
    publisher.start_ready(time.monotonic())
    publisher.handle_responses()
    publisher.proofs.start_waiting()
    dispatching.end()
    assert dispatching.context.zones.stage(status.name) is stage
    assert len(dispatching.context.zones.take(time.monotonic(), 1)) == (stage is not None)


def test_a_step_starts_few_zones_though_all_go_by_their_files(dispatching: Dispatching, workspace: Workspace) -> None:
    first = workspace.zone("first.example")
    add_zones(workspace.store, first, (f"zone-{number}.example" for number in range(MOST_STARTS)))
    with workspace.store.writing():
        deployments.store_all({one.uuid: deployments.proof_columns(one.serial) for one in deployments.statuses()}, {})
    publisher = publisher_of(dispatching)
    publisher.start_ready(time.monotonic())
    by_file = dispatching.context.zones.take(time.monotonic(), 2 * MOST_STARTS)
    assert (len(by_file), publisher.next_timeout()) == (MOST_STARTS, 0.0)
    publisher.start_ready(time.monotonic())
    assert len(dispatching.context.zones.take(time.monotonic(), 2)) == 1 and publisher.next_timeout() is None
