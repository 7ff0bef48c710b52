"""Publish what changed in a zone as signed UPDATE messages (RFC 2136), from the loop and without a worker.

Each message applies only to the SOA of its base and ends with the SOA of a stored version, so that the primary serves
committed versions alone, and a repeated or late message does nothing. What is not applied goes by the zone's file.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from dns.name import Name
from dns.rcode import Rcode, to_text

from appliance.deploy.context import DeployerContext
from appliance.deploy.dispatcher import LOAD_PATIENCE
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.publish_method import NOT_SERVED, REFUSED, changes_since
from appliance.deploy.rollout import RolloutEvent
from appliance.deploy.verification.proof import ContentProof, ProofVerdict
from appliance.deploy.verification.proof_queue import ProofQueue
from appliance.keys import CLOCKS_DIFFER
from appliance.nameserver.update_client import UpdateClient
from appliance.nameserver.update_messages import UpdateMessage, UpdateResponse
from appliance.store.deployments import ZoneStatus
from appliance.zones.deployment import Method, reaches
from appliance.zones.names import print_domain

log = logging.getLogger(__name__)

MOST_STARTS = 50
"""Zones that one step starts, also if all go by their files: what each may be sent is read from the journal."""


@dataclass(slots=True)
class _Update:
    """An update of one zone: its messages that are not acknowledged, the first of which was sent.

    It began at the monotonic time `began` and leads to `serial`. `failures` is how often the primary failed to apply it
    or did not answer.
    """

    status: ZoneStatus
    began: float
    serial: int
    messages: deque[UpdateMessage] = field(default_factory=deque)
    failures: int = 0


@dataclass(slots=True)
class UpdatePublisher:
    """Sends the updates of zones and handles the answers."""

    context: DeployerContext
    client: UpdateClient
    proofs: ProofQueue
    _updates: dict[Name, _Update] = field(default_factory=dict)
    _again: deque[_Update] = field(default_factory=deque)
    """Those of which a proof has shown that something is to be sent again."""
    _responses: deque[UpdateResponse] = field(default_factory=deque)
    _has_more: bool = False

    def close(self) -> None:
        """Close the socket."""
        self.client.close()

    def start_ready(self, now: float) -> None:
        """Start the zones that may be published by UPDATE, as far as the client sends more."""
        for _ in range(MOST_STARTS):
            update = self._next(now) if self.client.free else None
            if update is None:
                self._has_more = False
                return
            with self._falling_back(update.status):
                self._start(update)
        self._has_more = True

    def next_timeout(self) -> float | None:
        """Return in how many seconds a step has something to do here without an answer, None if never."""
        return 0.0 if self._has_more else self.client.next_timeout()

    def handle_responses(self, *, is_readable: bool = True) -> None:
        """Handle the answers that have arrived if the client `is_readable`, and send again what was not answered."""
        self._responses.extend(self.client.responses(is_readable=is_readable))
        while self._responses:  # after an error the others stay for the next step
            response = self._responses.popleft()
            update = self._updates.pop(response.message.zone, None)
            if update:
                with self._falling_back(update.status):
                    self._handle(update, response)

    def _next(self, now: float) -> _Update | None:
        if self._again:
            return self._again.popleft()
        status = self.context.zones.take_update(now)
        return _Update(status, now, status.serial) if status else None

    def _start(self, update: _Update) -> None:
        """Send the first message, or leave the zone to its file."""
        status, host = update.status, self.context.host
        base = self.context.bases.of(status)
        assert base is not None  # noqa: S101 - take_update returns only such zones
        with self.context.store.reading():
            found = changes_since(base, status, host)
        if found.reason:
            self._publish_file(status, found.reason.name.lower())
        elif found.versions:
            update.serial = found.serial
            update.messages = deque(host.messages(status.name, host.apex.soa, base, found.versions))
            self._send(update)
        elif base == status.proven:
            self._publish_file(status, NOT_SERVED)
        else:
            self._ask(update)

    def _send(self, update: _Update) -> None:
        self._updates[update.status.name] = update
        self.client.send(update.messages[0])

    def _handle(self, update: _Update, response: UpdateResponse) -> None:
        status = update.status
        if response.rcode == Rcode.NOERROR:
            serial = update.messages.popleft().serial
            self.context.bases.acknowledge(status.uuid, serial)
            if update.messages:
                self._send(update)
            else:
                self._hand_over(update)
        elif response.rcode is None or response.rcode == Rcode.NXRRSET:
            self._ask(update)
        elif response.rcode == Rcode.SERVFAIL and not update.failures:
            update.failures += 1
            self._send(update)
        else:
            name, reason = print_domain(status.name), _reason(response)
            log.warning("event=update-refused zone=%s serial=%d reason=%r", name, update.serial, reason)
            self._publish_file(status, REFUSED)

    def _ask(self, update: _Update) -> None:
        """Let a proof say what the primary serves: it may have applied the message, or serve something else."""
        status = update.status
        self.proofs.request(status.uuid, status.name, partial(self._continue, update))

    def _continue(self, update: _Update, proof: ContentProof) -> None:
        """Continue after the proof: publish what is missing, or leave the zone to its file or to a reconciliation."""
        status = update.status
        is_unanswered = proof.verdict is ProofVerdict.UNANSWERED
        if proof.verdict is ProofVerdict.SUPERSEDED or (is_unanswered and status.error):
            self._publish_file(status, REFUSED)  # that needs neither UPDATE nor a transfer
        elif is_unanswered:
            self.context.zones.advance(status.name, RolloutEvent.REFUSED)
            self.context.recorder.attempt(status.uuid, update.serial, f"update: {proof.reason}")
        elif proof.verdict is not ProofVerdict.PROVEN or proof.serial is None:
            self.context.zones.advance(status.name, RolloutEvent.REFUSED)  # its file follows
        else:
            self.context.bases.acknowledge(status.uuid, proof.serial)
            update.status = replace(status, proven=proof.serial)
            if reaches(proof.serial, update.serial):
                update.serial = proof.serial
                self._hand_over(update)
            elif update.failures:
                self.context.zones.advance(status.name, RolloutEvent.REFUSED)
                self.proofs.doubt(proof)  # a late message may still be applied: the file gets a later serial
            else:
                update.failures += 1
                self._again.append(update)  # more may be open now than the client accepts

    def _hand_over(self, update: _Update) -> None:
        """Await the zone from its nameservers; it is live once its content is proven, too."""
        context, status, now = self.context, update.status, self.context.monotonic()
        context.recorder.updated(status.uuid, update.serial)
        expected = partial(context.publisher.expected, update.serial)
        context.verifier.watch(status.uuid, status.name, update.serial, expected, now, LOAD_PATIENCE, Method.UPDATE)
        context.zones.advance(status.name, RolloutEvent.HANDED_OVER)
        context.figures.count("published", Method.UPDATE)
        took, name = (now - update.began) * 1000, print_domain(status.name)
        log.info("event=deployed zone=%s serial=%d step=update ms=%.1f method=update", name, update.serial, took)

    def _publish_file(self, status: ZoneStatus, reason: str) -> None:
        self.context.figures.count("file_reasons", reason)
        self.context.zones.publish_file(status)

    @contextmanager
    def _falling_back(self, status: ZoneStatus) -> Iterator[None]:
        """Let the zone be published by its file after an unexpected error: its name must not stay held."""
        try:
            yield
        except Exception:
            self.context.zones.publish_file(status)
            raise


def update_client_of(host: PrimaryHost, monotonic: Callable[[], float]) -> UpdateClient:
    """Return a client that sends updates to the primary, signed with the time of this machine."""
    return UpdateClient(host.local_endpoint, host.update_key, partial(datetime.now, UTC), monotonic)


def _reason(response: UpdateResponse) -> str:
    if response.error == Rcode.BADTIME:
        return CLOCKS_DIFFER
    return to_text(Rcode.make(response.error or response.rcode or 0))
