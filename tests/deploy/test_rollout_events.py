"""What each event of the verifier leads to."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.raised_serials import RaisedSerials
from appliance.deploy.rollout import RolloutEvent, Stage
from appliance.deploy.rollout_events import RolloutEvents
from appliance.deploy.verification.proof import prover_of
from appliance.deploy.verification.proof_queue import REST, ProofQueue
from appliance.deploy.verification.watch import Ahead, AwaitsProof, Overdue, PrimaryServes, Returned, Watch
from appliance.store import deployments
from appliance.zones.deployment import Method
from tests.deploy.builders import answered
from tests.deploy.test_dispatcher import Dispatching
from tests.workspace import Workspace


@pytest.fixture
def loading(host: PrimaryHost, workspace: Workspace) -> Iterator[Dispatching]:
    """One zone that was handed to the primary, which has not shown it yet."""
    workspace.zone()
    with closing(Dispatching(host, workspace)) as created:
        created.publisher.gate.set()
        created.context.zones.request(deployments.statuses()[0])
        created.dispatcher.start_ready(time.monotonic())
        created.end()
        yield created


def watch_of(dispatching: Dispatching) -> Watch:
    (watch,) = dispatching.context.verifier.older_than(math.inf)
    return watch


def events_of(dispatching: Dispatching) -> RolloutEvents:
    context = dispatching.context
    proofs = ProofQueue(context, prover_of(context.host, context.store), RaisedSerials(context))
    return RolloutEvents(context, dispatching.dispatcher, proofs)


def test_what_the_primary_answers_and_did_not_load_is_restored(loading: Dispatching) -> None:
    context, watch = loading.context, watch_of(loading)
    watch.answers[context.host.primary] = answered(context.host.primary, "example.com", 6)
    events_of(loading).handle(Overdue(watch))
    assert context.zones.stage(watch.name) is Stage.RESTORING
    loading.end()
    assert context.zones.stage(watch.name) is None
    context.recorder.flush()
    assert deployments.statuses()[0].error == "verify: the primary serves 6; expected 7"


def test_a_primary_that_refuses_the_zone_is_not_said_to_serve_anything(loading: Dispatching) -> None:
    context, watch = loading.context, watch_of(loading)
    watch.answers[context.host.primary] = answered(context.host.primary, "example.com", None)
    events_of(loading).handle(Overdue(watch))
    loading.end()
    context.recorder.flush()
    assert deployments.statuses()[0].error == "verify: the primary answers REFUSED; expected 7"


def test_a_primary_that_does_not_answer_keeps_the_new_content(loading: Dispatching) -> None:
    watch = watch_of(loading)
    events_of(loading).handle(Overdue(watch))
    assert loading.context.zones.stage(watch.name) is None
    loading.context.recorder.flush()
    assert deployments.statuses()[0].error == "verify: the primary does not answer; expected 7"


def test_a_zone_that_the_primary_serves_joins_the_catalog_first(loading: Dispatching) -> None:
    watch = watch_of(loading)
    loading.context.members.learn({})
    events_of(loading).handle(PrimaryServes(watch))
    assert loading.context.zones.stage(watch.name) is Stage.AWAITING_CATALOG
    assert loading.context.members.is_changing


def test_an_update_is_proven_when_the_secondaries_serve_it_at_the_latest_after_a_moment(loading: Dispatching) -> None:
    context, watch = loading.context, watch_of(loading)
    watch.method, events = Method.UPDATE, events_of(loading)
    began = context.monotonic()
    events.handle(PrimaryServes(watch))
    start = events.proofs.next_start()
    assert start and began + REST <= start <= context.monotonic() + REST
    events.handle(AwaitsProof(watch))
    start = events.proofs.next_start()
    assert start and start <= context.monotonic()


def test_a_nameserver_ahead_or_returned_is_left_to_a_reconciliation_soon(loading: Dispatching) -> None:
    context, watch = loading.context, watch_of(loading)
    context.schedule.start()
    waits = context.schedule.due
    events_of(loading).handle(Ahead(watch))
    assert context.schedule.due < waits and context.zones.stage(watch.name) is None
    events_of(loading).handle(Returned(context.host.secondaries[0]))
    assert context.schedule.due <= time.monotonic()


def test_a_nameserver_that_serves_what_is_being_published_is_not_ahead(loading: Dispatching) -> None:
    context, watch = loading.context, watch_of(loading)
    context.zones.advance(watch.name, RolloutEvent.PRIMARY_SERVES)
    context.zones.request(deployments.statuses()[0])
    loading.publisher.gate.clear()
    loading.dispatcher.start_ready(time.monotonic())
    context.schedule.start()
    waits = context.schedule.due
    events_of(loading).handle(Ahead(watch))
    assert context.schedule.due == waits and context.zones.stage(watch.name) is Stage.COMPILING
