"""What the answers of nameservers mean for rollouts: each event of the verifier leads to the next step of a zone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from dns.rcode import Rcode
from dns.rcode import to_text as rcode_text

from appliance.deploy.context import DeployerContext
from appliance.deploy.dispatcher import Dispatcher
from appliance.deploy.rollout import RolloutEvent, Stage
from appliance.deploy.verification.proof_queue import REST, ProofQueue
from appliance.deploy.verification.watch import (
    Ahead,
    AwaitsProof,
    Complete,
    Event,
    Overdue,
    PrimaryServes,
    Returned,
    Watch,
)
from appliance.queries.soa import NOERROR, SoaResponse
from appliance.zones.deployment import Method
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RolloutEvents:
    """Handles the events of the verifier."""

    context: DeployerContext
    dispatcher: Dispatcher
    proofs: ProofQueue

    def handle(self, event: Event) -> None:
        """Advance the rollout of the zone, record what was observed, and start what follows."""
        match event:
            case PrimaryServes(watch):
                self.context.zones.advance(watch.name, RolloutEvent.PRIMARY_SERVES)
                self._add_to_catalog(watch)
                self._record_silence(watch)
                self._prove(watch)
            case AwaitsProof(watch):
                self.proofs.start_soon(watch.uuid)
            case Complete(watch):
                self.context.zones.advance(watch.name, RolloutEvent.COMPLETE)
                self.context.recorder.complete(watch)
                if watch.target is None:
                    self.context.members.forget_left(watch.name)
            case Ahead(watch):
                if self.context.zones.stage(watch.name) not in (Stage.UPDATING, Stage.COMPILING):
                    self.context.schedule.retry_soon()  # else it serves what is being published now
                self.context.zones.advance(watch.name, RolloutEvent.AHEAD)
            case Overdue(watch):
                self._handle_overdue(watch)
            case Returned(server):
                log.info("event=nameserver-returned nameserver=%s", server.name)
                self.context.schedule.make_due()

    def handle_slow(self, slow: Sequence[Watch]) -> None:
        """Record what was observed of zones that are awaited for long, and notify the secondaries that lag again."""
        now = self.context.monotonic()
        for watch in slow:
            self.context.recorder.observed(watch.uuid, watch.target, watch.answers)
            self._let_pass(watch, now)
        self.dispatcher.notify(query for watch in slow for query in watch.lagging())

    def _prove(self, watch: Watch) -> None:
        """Prove the content of an update; that of a file is what the primary loaded, if it has its serial."""
        answer = watch.answers.get(self.context.host.primary)
        if watch.awaits_proof:
            self.proofs.request(watch.uuid, watch.name, rest=REST)
            self.context.refresher.note(watch.uuid, watch.name)
        elif answer and watch.target is not None and answer.serial == watch.target:
            self.context.recorder.proven(watch.uuid, watch.target)
            self.context.bases.acknowledge(watch.uuid, watch.target)

    def _add_to_catalog(self, watch: Watch) -> None:
        """Query the secondaries; for a new zone once the catalog lists it: before, they may serve a former one."""
        if self.context.members.has(watch.uuid, watch.name):
            self.context.notifies.send(watch.name)
            self.dispatcher.query_secondaries(watch.uuid, watch.name)
        else:
            self.context.members.join(watch.uuid, watch.name)

    def _record_silence(self, watch: Watch) -> None:
        """Record at once that a silent nameserver is missing, so that nobody waits for it."""
        now = self.context.monotonic()
        self._let_pass(watch, now)
        if any(self.context.reachability.is_silent(server, now) for server in self.context.host.secondaries):
            self.context.recorder.observed(watch.uuid, watch.target, watch.answers)

    def _let_pass(self, watch: Watch, now: float) -> None:
        """Let the zones above or below go on if only silent nameservers lack the zone."""
        missing = (server for server in self.context.host.secondaries if not watch.is_shown_by(server))
        if watch.primary_serves and all(self.context.reachability.is_silent(server, now) for server in missing):
            self.context.zones.let_pass(watch.name)

    def _give_up(self, watch: Watch) -> None:
        """Restore the former content if the primary did not load the new one; until then the name is held."""
        is_awaited = not (watch.target is None or watch.primary_serves)
        is_file = watch.method is Method.FILE
        is_not_loaded = is_awaited and is_file and self.context.host.primary in watch.answers
        if is_not_loaded:
            self.context.zones.advance(watch.name, RolloutEvent.NOT_LOADED)
            self.dispatcher.restore(watch)
        else:
            self.context.zones.advance(watch.name, RolloutEvent.OVERDUE)

    def _handle_overdue(self, watch: Watch) -> None:
        """Record what is missing, and leave the rest to the next reconciliation."""
        self._give_up(watch)
        self.context.schedule.retry_soon()
        self.context.recorder.observed(watch.uuid, watch.target, watch.answers)
        if watch.target is None or watch.primary_serves:
            return
        reason = f"the primary {_shown(watch.answers.get(self.context.host.primary))}"
        log.warning("event=not-served zone=%s serial=%d reason=%r", print_domain(watch.name), watch.target, reason)
        self.context.recorder.attempt(watch.uuid, watch.target, f"verify: {reason}; expected {watch.target}")


def _shown(answer: SoaResponse | None) -> str:
    """Return what a nameserver does in place of serving the expected serial."""
    if answer is None:
        return "does not answer"
    if answer.serial is not None:
        return f"serves {answer.serial}"
    return "does not serve the zone" if answer.rcode == NOERROR else f"answers {rcode_text(Rcode.make(answer.rcode))}"
