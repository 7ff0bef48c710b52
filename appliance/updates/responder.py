"""The responses to one message: who signed it, what it requests, and how errors are answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import dns.flags
import dns.opcode
import dns.rcode
from dns.exception import FormError
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import AXFR, IXFR, SOA

from appliance.editing import Editor, RecordRequest
from appliance.errors import AuthenticationFailed, InputError, NotFound, RateLimited, StateError, StoreError
from appliance.identity.authentication import Authenticator
from appliance.principal import Principal
from appliance.store import zones
from appliance.store.records import ZoneView
from appliance.updates.forwarding import Forwarder
from appliance.updates.messages import ErrorResponse, Request, Signature, malformed_response, read_request
from appliance.updates.prerequisites import check_prerequisites
from appliance.updates.signatures import (
    ResponseSigner,
    SignatureRefused,
    WrongTime,
    check_time,
    refuse,
    verify,
)
from appliance.updates.update_section import check_updates, requests_of
from appliance.updates.zone_records import ZoneRecords
from appliance.updates.zone_transfer import soa_record, transfer
from appliance.zones.model import Zone

log = logging.getLogger(__name__)

DOOR = "DNS UPDATE"
"""The door that its changes name in the journal."""
READ = ("dns:list", "dns:read")
"""The permissions of which one is needed to read a zone."""
MIN_PAYLOAD, MAX_PAYLOAD, MAX_MESSAGE = 512, 4096, 65535
"""Octets of a response over UDP to a client that announces less or more, and of any."""
_READS = frozenset({AXFR, IXFR})

Responses = Collection[bytes]


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a message came from, and when, on the monotonic clock."""

    address: str
    is_tcp: bool
    arrived_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Responder:
    """Answers messages; every call may come from another thread.

    `wait` is called with a zone and the arrival of the update, and returns when the zone is seen served, or at a limit
    of its own after the arrival. `is_over` counts an unsigned datagram of an address and returns whether there were too
    many: the address may be forged.
    `is_private` returns whether ns1 would not answer queries about a name to the address. `count` counts an answered
    message by its response code, `may_log` a line of the log about one, and returns whether there were not too many.
    """

    editor: Editor
    authenticator: Authenticator
    forwarder: Forwarder
    wait: Callable[[Zone, float], None]
    is_over: Callable[[str], bool]
    clock: Callable[[], datetime]
    count: Callable[[str], None] = lambda _rcode: None
    is_private: Callable[[Name, str], bool] = lambda _name, _address: False
    may_log: Callable[[str], bool] = lambda _event: True

    def respond(self, wire: bytes, sender: Sender) -> Responses:
        """Return the responses to a message: one, several for a transfer, none for what is dropped."""
        responses = self._responses(wire, sender)
        for first in list(responses)[:1]:
            self.count(dns.rcode.to_text(Rcode(first[3] & 0xF)))
        return responses

    def _responses(self, wire: bytes, sender: Sender) -> Responses:
        try:
            request = read_request(wire)
        except FormError:
            response = malformed_response(wire)
            return [] if response is None else [response]
        if wire[2] & 0x80:
            return []
        try:
            return self._respond(request, sender)
        except RateLimited as limited:
            if self.may_log("rate-limited"):
                log.warning("event=rate-limited address=%s reason=%r", sender.address, str(limited))
            return []

    def _respond(self, request: Request, sender: Sender) -> Responses:
        """Return the responses, signed if the request is."""
        if request.signature is None:
            if not sender.is_tcp and self.is_over(sender.address):
                # A truncated query is repeated over TCP; another message must not look as if it succeeded.
                is_query = request.opcode == dns.opcode.QUERY
                return [request.response(Rcode.NOERROR, dns.flags.TC)] if is_query else []
            return [_fitting(request, one, sender) for one in self._answer(request, sender, None)]
        signature, now = request.signature, self._now()
        signers: list[ResponseSigner] = []
        try:
            principal = self._authenticate(request, signature, signers, sender)
        except (AuthenticationFailed, WrongTime) as refused:
            error = _tsig_error(refused)
            self._log_key(sender, signature.key_name, error)
            return [refuse(request, signature, error, signers[0] if signers else None, now)]
        except (FormError, StoreError) as failed:
            return [self._error_response(request, sender, failed)]
        answers = self._answer(request, sender, principal)
        signed = [signers[0].sign(one, self._now(), multi=len(answers) > 1) for one in answers]
        return [_fitting(request, one, sender, signers[0], self._now()) for one in signed]

    def _authenticate(
        self, request: Request, signature: Signature, signers: list[ResponseSigner], sender: Sender
    ) -> Principal:
        """Return who signed the request, and put the signer of its responses into `signers` if the secret was right."""

        def check(secret: bytes) -> None:
            signers.append(verify(request, signature, secret))
            check_time(signature, self._now())

        with self.editor.store.connection():
            uuid = _key_of(signature.key_name)
            return self.authenticator.authenticate_key(uuid, check, sender.address, self.clock(), DOOR)

    def _answer(self, request: Request, sender: Sender, principal: Principal | None) -> Responses:
        """Return the unsigned responses; raise RateLimited if the message is to be dropped."""
        try:
            return self._dispatch(request, sender, principal)
        except (ErrorResponse, FormError, InputError, StateError, StoreError) as error:
            return [self._error_response(request, sender, error)]

    def _dispatch(self, request: Request, sender: Sender, principal: Principal | None) -> Responses:
        if request.opcode == dns.opcode.UPDATE:
            return [self._update(request, _signed(principal), sender.arrived_at)]
        if request.opcode != dns.opcode.QUERY:
            raise ErrorResponse(Rcode.NOTIMP, f"opcode {request.opcode}")
        if len(request.questions) != 1:
            raise ErrorResponse(Rcode.FORMERR, f"{len(request.questions)} questions")
        question = request.questions[0]
        if question.rdclass != IN:  # ns1 has nothing there, and drops queries: each would occupy a thread for long
            raise ErrorResponse(Rcode.REFUSED, "the query has another class than IN")
        if question.rdtype in _READS:
            return self._transfer(request, sender, _signed(principal))
        if self.is_private(question.name, sender.address):
            raise ErrorResponse(Rcode.REFUSED, "ns1 answers that to its own host")
        return [self.forwarder.ask(request, is_tcp=sender.is_tcp)]

    def _update(self, request: Request, principal: Principal, arrived_at: float) -> bytes:
        """Store an update; return its response when the change is seen, or after the limit of the wait."""
        name, prerequisites, updates = _zone_name(request), request.prerequisites, request.updates
        names = {one.name for one in (*prerequisites, *updates)}
        apex = self.editor.apex

        def requests(zone: Zone) -> list[RecordRequest]:
            records = ZoneRecords(zone, apex, ZoneView(zone, apex.servers).nodes(names))
            check_prerequisites(prerequisites, records)
            return requests_of(updates, records)

        with self.editor.store.connection():
            with self.editor.store.reading():
                zone = _visible(name, principal)
            if prerequisites:
                principal.require(*READ)
            check_updates(updates, zone)
            diff = self.editor.change_many(principal, zone.uuid, requests)
        if updates:  # what is stored already may repeat an update whose response was late
            self.wait(diff.after, arrived_at)
        return request.response(Rcode.NOERROR)

    def _transfer(self, request: Request, sender: Sender, principal: Principal) -> Responses:
        """Return a transfer; over UDP its SOA alone, which says that TCP is needed (RFC 1995 section 2)."""
        question = request.questions[0]
        principal.require(*READ)
        if not sender.is_tcp and question.rdtype == AXFR:
            raise ErrorResponse(Rcode.FORMERR, "AXFR over UDP")
        with self.editor.store.connection(), self.editor.store.reading():
            zone = _visible(question.name, principal)
            if not sender.is_tcp:
                soa = soa_record(zone, self.editor.apex)
                return [request.response(Rcode.NOERROR, dns.flags.AA, soa, 1)]
            return transfer(request, zone, self.editor.apex)

    def _now(self) -> int:
        return int(self.clock().timestamp())

    def _error_response(self, request: Request, sender: Sender, error: Exception) -> bytes:
        rcode = _rcode_of(error)
        if self.may_log(rcode.name):
            level = logging.ERROR if rcode == Rcode.SERVFAIL else logging.INFO
            text = "event=message-refused address=%s rcode=%s reason=%r"
            log.log(level, text, sender.address, rcode.name, str(error))
        return request.response(rcode)

    def _log_key(self, sender: Sender, name: Name, error: Rcode) -> None:
        """Log that a key is refused; another name than a key here may have is not shown: it may be a secret."""
        text = dns.rcode.to_text(error, tsig=True)
        if self.may_log(text):
            key = _key_of(name)
            log.warning("event=key-refused address=%s key=%s error=%s", sender.address, key, text)


def _rcode_of(error: Exception) -> Rcode:
    match error:
        case ErrorResponse():
            return error.rcode
        case FormError():
            return Rcode.FORMERR
        case NotFound():
            return Rcode.NOTAUTH
        case StoreError():
            return Rcode.SERVFAIL
    return Rcode.REFUSED


def _tsig_error(refused: Exception) -> Rcode:
    """Return the error in the TSIG record; that of a key that is unknown, void, or not accepted here is BADKEY."""
    if isinstance(refused, WrongTime):
        return Rcode.BADTIME
    return refused.rcode if isinstance(refused, SignatureRefused) else Rcode.BADKEY


def _signed(principal: Principal | None) -> Principal:
    if principal is None:
        raise ErrorResponse(Rcode.REFUSED, "it is not signed")
    return principal


def _zone_name(request: Request) -> Name:
    """Return the zone of an update (RFC 2136 section 3.1.1)."""
    if len(request.questions) != 1 or request.questions[0].rdtype != SOA:
        raise ErrorResponse(Rcode.FORMERR, "the zone section must have one zone of the type SOA")
    if request.questions[0].rdclass != IN:
        raise ErrorResponse(Rcode.NOTAUTH, "the zone has another class than IN")
    return request.questions[0].name


def _visible(name: Name, principal: Principal) -> Zone:
    zone = zones.get_by_name(name, principal.scope)
    if zone is None:
        raise NotFound(f"there is no zone {name}")
    return zone


def _key_of(name: Name) -> UUID | None:
    """Return the uuid that is the name of a key."""
    text = name.to_text(omit_final_dot=True)
    with suppress(ValueError):
        uuid = UUID(text)
        return uuid if str(uuid) == text else None
    return None


def _fitting(
    request: Request, response: bytes, sender: Sender, signer: ResponseSigner | None = None, now: int = 0
) -> bytes:
    """Return the response, or a truncated one if it is longer than TCP carries, or over UDP the client accepts."""
    limit = MAX_MESSAGE if sender.is_tcp else min(max(request.payload or MIN_PAYLOAD, MIN_PAYLOAD), MAX_PAYLOAD)
    if len(response) <= limit:
        return response
    truncated = request.response(response[3] & 0xF, dns.flags.TC)
    return signer.sign(truncated, now) if signer else truncated
