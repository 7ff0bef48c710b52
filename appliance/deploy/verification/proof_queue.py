"""Prove in a worker what was published by UPDATE, and publish the file of what is not proven.

While zones are being proven others wait; then one job proves some of these, each up to what is served by then. The
proof of an update waits until the secondaries serve it, but not long: all of them may share few processors.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from uuid import UUID

from dns.name import Name

from appliance.deploy.context import DeployerContext
from appliance.deploy.publishing.raised_serials import RaisedSerials
from appliance.deploy.rollout import RolloutEvent, Stage
from appliance.deploy.verification.proof import ContentProof, ProofVerdict, Prover
from appliance.deploy.verification.watch import Event
from appliance.deploy.worker_pool import Worker
from appliance.errors import ApplianceError
from appliance.store import deployments
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

MOST_AT_ONCE = 50
"""Zones that are proven together: so a single change does not wait long for the proofs of a mass change."""
REST = 0.01
"""Seconds from an update to its proof at most, in which the secondaries transfer it."""
SHARE_OF_OLDEST = 10
"""Zones of these that wait longest; for the rest the newest first."""

Handler = Callable[[ContentProof], None]
_Requested = tuple[UUID, Name, list[Handler]]


@dataclass(slots=True)
class ProofQueue:
    """The zones whose content is to be proven, and those that are being proven."""

    context: DeployerContext
    prover: Prover
    raised: RaisedSerials
    _waiting: dict[UUID, _Requested] = field(default_factory=dict)
    _running: bool = False
    _start_at: float = math.inf
    _callbacks: deque[Callable[[], None]] = field(default_factory=deque)
    _events: list[Event] = field(default_factory=list)

    @property
    def is_idle(self) -> bool:
        """Return True if nothing is left to be proven."""
        return not (self._waiting or self._running or self._callbacks)

    def close(self) -> None:
        """Close the connection."""
        self.prover.source.close()

    def request(self, uuid: UUID, name: Name, handler: Handler | None = None, rest: float = 0.0) -> None:
        """Prove the zone's content after `rest` seconds or sooner, and call the handler with the result."""
        self._start_at = min(self._start_at, self.context.monotonic() + rest)
        _, _, handlers = self._waiting.setdefault(uuid, (uuid, name, []))
        if handler:
            handlers.append(handler)

    def start_soon(self, uuid: UUID) -> None:
        """Let the zone's content be proven now, if it waits: nobody is to be given time any longer."""
        if uuid in self._waiting:
            self._start_at = self.context.monotonic()

    def next_start(self) -> float | None:
        """Return when the next proofs start; None if none wait, or others are running."""
        return self._start_at if self._waiting and not self._running else None

    def start_waiting(self) -> None:
        """Start to prove the zones that wait if it is time, unless others are being proven."""
        self._run_callbacks()
        start = self.next_start()
        if start is None or self.context.monotonic() < start:
            return
        self._running = True
        requested = self._take()

        def done(proofs: list[ContentProof]) -> None:
            self._running = False
            for proof, (_, _, handlers) in zip(proofs, requested, strict=True):
                self._callbacks += [partial(handler, proof) for handler in (self._handle, *handlers)]
            self._run_callbacks()

        def failed(error: ApplianceError) -> None:
            done([ContentProof(uuid, name, ProofVerdict.UNANSWERED, reason=str(error)) for uuid, name, _ in requested])

        self.context.workers.start(lambda: _prove_all(requested, self.prover), done, failed, Worker.PROOF)

    def _take(self) -> list[_Requested]:
        oldest = islice(self._waiting, SHARE_OF_OLDEST)
        newest = islice(reversed(self._waiting), MOST_AT_ONCE - SHARE_OF_OLDEST)
        taken = [self._waiting.pop(uuid) for uuid in dict.fromkeys([*newest, *oldest])]
        self._start_at = self._start_at if self._waiting else math.inf
        return taken

    def take_events(self) -> list[Event]:
        """Return what the proofs meant for the zones that are awaited."""
        events, self._events = self._events, []
        return events

    def doubt(self, proof: ContentProof) -> None:
        """Publish the zone's file, under a serial later than any that is served with other content."""
        context = self.context
        context.bases.forget(proof.uuid)
        context.verifier.drop(proof.name)
        context.zones.advance(proof.name, RolloutEvent.DOUBTED)
        context.zones.require_file(proof.name)
        self.raised.start_over_present(proof.uuid, proof.serial)

    def _run_callbacks(self) -> None:
        """Handle the proofs that have ended; after an error the others stay for the next step."""
        while self._callbacks:
            self._callbacks.popleft()()

    def _handle(self, proof: ContentProof) -> None:
        self.context.figures.count("proofs", proof.verdict)
        match proof.verdict:
            case ProofVerdict.PROVEN if proof.serial is not None:
                self.context.recorder.proven(proof.uuid, proof.serial)
                self._events += self.context.verifier.note_proof(proof.uuid, proof.name, proof.serial)
            case ProofVerdict.SUPERSEDED:
                pass
            case ProofVerdict.UNPROVABLE if self._is_outdated(proof):
                pass
            case ProofVerdict.UNANSWERED:
                _log("event=not-proven", proof)
                self.context.schedule.retry_soon()
            case _:
                if proof.verdict is ProofVerdict.DIFFERS:
                    self.raised.report(proof.uuid, proof.name, self.context.host.primary.name)
                _log("event=content-differs" if proof.verdict is ProofVerdict.DIFFERS else "event=not-proven", proof)
                self.doubt(proof)

    def _is_outdated(self, proof: ContentProof) -> bool:
        """Return True if the zone's file is being published, or was since the proof was requested."""
        stage = self.context.zones.stage(proof.name)
        if stage is Stage.UPDATING:
            return False
        return stage is Stage.COMPILING or not self.context.verifier.awaits_proof(proof.uuid, proof.name)


def _prove_all(requested: Sequence[_Requested], prover: Prover) -> list[ContentProof]:
    """Prove each of these zones that still exists; after one without an answer no other is waited for. In a worker."""
    statuses = deployments.statuses([uuid for uuid, _, _ in requested])
    proven = {status.uuid: status.proven for status in statuses if not status.deleted}
    proofs, silence = list[ContentProof](), ""
    for uuid, name, _ in requested:
        if uuid not in proven:
            proof = ContentProof(uuid, name, ProofVerdict.SUPERSEDED, reason="the zone is deleted")
        elif silence:
            proof = ContentProof(uuid, name, ProofVerdict.UNANSWERED, reason=silence)
        else:
            try:
                proof = prover.prove(uuid, name, proven[uuid])
                silence = proof.reason if proof.verdict is ProofVerdict.UNANSWERED else ""
            except ApplianceError:
                raise
            except Exception as failed:  # rows that are not valid may raise anything, and concern no other zone
                log.exception("event=worker-broke zone=%s", print_domain(name))
                proof = ContentProof(uuid, name, ProofVerdict.UNANSWERED, reason=f"internal error: {failed!r}")
        proofs.append(proof)
    return proofs


def _log(event: str, proof: ContentProof) -> None:
    log.warning("%s zone=%s serial=%s reason=%r", event, print_domain(proof.name), proof.serial, proof.reason)
