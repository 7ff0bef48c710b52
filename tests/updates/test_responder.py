"""A whole message and its response, without a socket: updates, transfers, queries, and what is refused."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import uuid4

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.tsig
import dns.update
import dns.xfr
import dns.zone
import pytest
from dns.message import Message
from dns.rcode import Rcode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import RateLimited
from appliance.identity.authentication import Authenticator
from appliance.principal import Token, TokenLimits
from appliance.store import accounts
from appliance.store.records import of_zone
from appliance.updates.forwarding import Forwarder
from appliance.updates.messages import Request
from appliance.updates.responder import Responder, Sender
from appliance.zones.model import Zone
from tests.workspace import SERVERS, Workspace, open_workspace

UDP, TCP = Sender("192.0.2.7", is_tcp=False), Sender("192.0.2.7", is_tcp=True)
EVERYTHING = ("dns:*",)


class Echo:
    """A primary that answers every query with a response of its own length."""

    size = 0

    def ask(self, request: Request, *, is_tcp: bool) -> bytes:
        """Return an authoritative response, or one that is longer than what UDP carries."""
        record = b"\0\0\x10\0\1\0\0\0\0\0\2\1x"
        return request.response(Rcode.NOERROR, dns.flags.AA, record * self.size, self.size)


@dataclass
class Limits:
    """Limits that refuse an address or a token from a test's command on."""

    is_over: bool = False
    failures: list[str] = field(default_factory=list)

    def count_request(self, token: Hashable) -> None:
        """Raise RateLimited if there were too many."""
        if self.is_over:
            raise RateLimited("too many requests", 1)

    def check_failures(self, address: str) -> None:
        """Allow every address."""

    def count_failure(self, address: str) -> None:
        """Count a failure."""
        self.failures.append(address)


@dataclass
class Service:
    """A responder, what it waited for, and a key."""

    workspace: Workspace
    limits: Limits
    echo: Echo
    responder: Responder
    waited: list[tuple[Zone, float]]
    flooding: set[str]

    def key(self, *permissions: str, limits: TokenLimits | None = None) -> dns.tsig.Key:
        """Return the key of a new token of the owner."""
        return self.token(*permissions, limits=limits)[1]

    def token(self, *permissions: str, limits: TokenLimits | None = None) -> tuple[Token, dns.tsig.Key]:
        """Return a new token of the owner, and its key."""
        account, now = self.workspace.owner.account, self.workspace.clock()
        token, secret = accounts.create_token(
            account, "key", permissions or EVERYTHING, now, limits, with_tsig_key=True
        )
        return token, dns.tsig.Key(f"{token.uuid}.", accounts.tsig_secret(secret))

    def send(self, message: Message, key: dns.tsig.Key | None = None, sender: Sender = UDP) -> Message | None:
        """Return the only response as the client reads it, which verifies its signature."""
        if key:
            message.use_tsig(key)
        found = self.responder.respond(message.to_wire(), sender)
        assert len(found) < 2
        return next((dns.message.from_wire(one, message.keyring, message.mac) for one in found), None)

    def rcode(self, message: Message, key: dns.tsig.Key | None = None) -> Rcode:
        """Return the response code."""
        response = self.send(message, key)
        assert response
        return response.rcode()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with open_workspace(tmp_path) as workspace:
        workspace.clock.now = datetime.fromtimestamp(int(time.time()), UTC)
        limits, echo, waited, flooding = Limits(), Echo(), list[tuple[Zone, float]](), set[str]()
        authenticator = Authenticator(workspace.store, limits, workspace.store.reading)
        forwarder = cast(Forwarder, echo)
        is_over = flooding.__contains__

        def wait(zone: Zone, arrived_at: float) -> None:
            waited.append((zone, arrived_at))

        responder = Responder(workspace.editor, authenticator, forwarder, wait, is_over, workspace.clock)
        yield Service(workspace, limits, echo, responder, waited, flooding)


@pytest.fixture
def zone(service: Service) -> Zone:
    return service.workspace.zone("example.com")


def adding(zone: str = "example.com", name: str = "www") -> dns.update.UpdateMessage:
    """Return an update that adds an address."""
    message = dns.update.UpdateMessage(zone)
    message.add(name, 60, "A", "192.0.2.1")
    return message


def test_a_signed_update_is_stored_once_and_waited_for(service: Service, zone: Zone) -> None:
    key = service.key("dns:create")
    response = service.send(adding(), key)
    assert response and response.had_tsig and response.rcode() == Rcode.NOERROR
    assert [one.value for one in of_zone(zone)] == ["192.0.2.1"]
    ((seen, arrived_at),) = service.waited
    assert arrived_at == UDP.arrived_at, "clients wait two seconds, also if a part of them was needed to store it"
    assert service.rcode(adding(), key) == Rcode.NOERROR, "it may have been sent again because the response was late"
    assert [zone.serial for zone, _ in service.waited] == [seen.serial] * 2
    (row,) = [row for row in service.workspace.rows()["change"] if row["kind"] == "records"]
    assert (row["comment"], row["serial"]) == ("DNS UPDATE", seen.serial)


def test_each_message_is_counted_once_by_its_response_code(service: Service, zone: Zone) -> None:
    counts = Counter[str]()
    responder = replace(service.responder, count=lambda rcode: counts.update([rcode]))
    signed, transfer = adding(), dns.message.make_query("example.com", "AXFR")
    for message in (signed, transfer):
        message.use_tsig(service.key())
    for one in (signed, adding(), transfer, adding("other.example")):
        responder.respond(one.to_wire(), TCP)
    responder.respond(b"junk", TCP)
    assert counts == {"NOERROR": 2, "REFUSED": 2}


def test_unsigned_updates_and_transfers_are_refused(service: Service, zone: Zone) -> None:
    for message in (adding(), dns.message.make_query("example.com", "AXFR")):
        assert service.rcode(message) == Rcode.REFUSED
    assert service.send(dns.message.make_query("example.com", "IXFR"), sender=TCP)
    assert not of_zone(zone)


def test_permissions_and_limits_of_the_token_hold(service: Service, zone: Zone) -> None:
    challenge = TokenLimits(record_types=("TXT",), record_names=("_acme-challenge",))
    elsewhere = TokenLimits(zones=frozenset({service.workspace.zone("other.example").uuid}))
    for key, rcode in (
        (service.key("dns:delete"), Rcode.REFUSED),
        (service.key(limits=challenge), Rcode.REFUSED),
        (service.key(limits=elsewhere), Rcode.NOTAUTH),
    ):
        assert service.rcode(adding(), key) == rcode
    guarded = adding()
    guarded.present("www")
    assert service.rcode(guarded, service.key("dns:create")) == Rcode.REFUSED
    assert service.rcode(guarded, service.key("dns:create", "dns:list")) == Rcode.NXDOMAIN
    assert not of_zone(zone) and not service.waited


def test_a_signed_zone_refuses_high_ttls_and_what_its_signer_writes(service: Service, zone: Zone) -> None:
    workspace, key = service.workspace, service.key()
    workspace.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
    high, number = dns.update.UpdateMessage("example.com"), dns.update.UpdateMessage("example.com")
    high.add("www", 86_401, "A", "192.0.2.1")
    number.add("@", 0, "TYPE65280", r"\# 4 00000001")
    assert service.rcode(high, key) == service.rcode(number, key) == Rcode.REFUSED
    assert of_zone(zone) == []
    assert service.rcode(adding(), key) == Rcode.NOERROR


def test_a_zone_of_others_is_as_one_that_does_not_exist(service: Service) -> None:
    service.workspace.editor.create_zone(service.workspace.stranger, "example.org")
    key = service.key()
    for domain in ("example.org", "none.example"):
        assert service.rcode(adding(domain), key) == Rcode.NOTAUTH


def test_errors_of_a_message_are_those_of_the_rfc(service: Service, zone: Zone) -> None:
    key = service.key()
    outside = adding()
    outside.add("www.example.net.", 60, "A", "192.0.2.1")
    alias = adding()
    alias.add("www", 60, "CNAME", "a.example.net.")
    notify = dns.message.make_query("example.com", "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    double = dns.message.make_query("example.com", "A")
    double.question += dns.message.make_query("example.net", "A").question
    for message, rcode in (
        (outside, Rcode.NOTZONE),
        (alias, Rcode.REFUSED),
        (notify, Rcode.NOTIMP),
        (double, Rcode.FORMERR),
    ):
        assert service.rcode(message, key) == rcode
    assert not of_zone(zone)


def test_keys_that_are_unknown_revoked_or_wrong(service: Service, zone: Zone) -> None:
    token, revoked = service.token()
    accounts.revoke_token(token.uuid, service.workspace.clock())
    right = service.key()
    wrong = dns.tsig.Key(right.name, b"another")
    strange = dns.tsig.Key("strange.", b"secret")
    for key, error in (
        (revoked, dns.tsig.PeerBadKey),
        (strange, dns.tsig.PeerBadKey),
        (wrong, dns.tsig.PeerBadSignature),
    ):
        with pytest.raises(error):
            service.send(adding(), key)
    assert len(service.limits.failures) == 3
    service.workspace.clock.forward(seconds=310)
    with pytest.raises(dns.tsig.PeerBadTime):
        service.send(adding(), right)
    assert len(service.limits.failures) == 3 and not of_zone(zone)


def test_over_the_limit_and_junk_are_dropped(service: Service, zone: Zone) -> None:
    key = service.key()
    response = dns.message.make_response(dns.message.make_query("example.com", "A"))
    for junk in (b"", b"\0" * 11, response.to_wire()):
        assert service.responder.respond(junk, UDP) == []
    (malformed,) = service.responder.respond(adding().to_wire()[:-1], UDP)
    assert dns.message.from_wire(malformed).rcode() == Rcode.FORMERR
    service.limits.is_over = True
    assert service.send(adding(), key) is None and not of_zone(zone)


def test_malformed_data_is_read_only_of_who_is_known(service: Service, zone: Zone) -> None:
    wire = bytearray(adding().to_wire())
    wire[-6:] = b"\0\3\xc0\0\2"
    (response,) = service.responder.respond(bytes(wire), UDP)
    assert dns.message.from_wire(response).rcode() == Rcode.REFUSED


def test_queries_are_passed_on_and_signed_ones_signed(service: Service) -> None:
    for key in (None, service.key("dns:list")):
        response = service.send(dns.message.make_query("example.com", "SOA"), key)
        assert response and response.flags & dns.flags.AA and response.had_tsig == bool(key)
    service.echo.size = 50
    truncated = service.send(dns.message.make_query("example.com", "TXT"), service.key("dns:list"))
    assert truncated and truncated.flags & dns.flags.TC and truncated.had_tsig and not truncated.answer
    service.echo.size = 5035  # with a signature it has 65,593 octets, more than TCP carries
    for key, is_truncated in ((None, False), (service.key("dns:list"), True)):
        longest = service.send(dns.message.make_query("example.com", "TXT", use_edns=False), key, TCP)
        assert longest and bool(longest.flags & dns.flags.TC) == is_truncated


def test_what_ns1_would_not_answer_is_refused(service: Service) -> None:
    """The listener asks from the host of ns1, which is not limited there."""
    catalog = dns.name.from_text("catalog.invalid.")
    responder = replace(service.responder, is_private=lambda name, address: name == catalog and address == UDP.address)
    for sender, query in (
        (TCP, dns.message.make_query("version.bind", "TXT", "CH")),
        (TCP, dns.message.make_query("CATALOG.invalid", "SOA")),
        (Sender("192.0.2.8", is_tcp=True), dns.message.make_query("catalog.invalid", "SOA")),
    ):
        (wire,) = responder.respond(query.to_wire(), sender)
        expected = Rcode.REFUSED if sender is TCP else Rcode.NOERROR
        assert dns.message.from_wire(wire).rcode() == expected
    transfer = dns.message.make_query("example.com", "AXFR", "CH")
    assert service.rcode(transfer, service.key()) == Rcode.REFUSED


def test_what_is_refused_is_logged_so_many_times(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    seen = Counter[str]()

    def may_log(event: str) -> bool:
        seen[event] += 1
        return seen[event] < 3

    responder, unknown = replace(service.responder, may_log=may_log), dns.tsig.Key(str(uuid4()), b"x")
    secret = dns.tsig.Key("vps_0123456789abcdef.", b"secret")
    wrong = dns.tsig.Key(service.key().name, b"another")
    for key in (None, secret, unknown, secret, wrong):
        message = adding()
        if key:
            message.use_tsig(key)
        responder.respond(message.to_wire(), TCP)
    service.limits.is_over = True
    limited = adding()
    limited.use_tsig(service.key())
    responder.respond(limited.to_wire(), TCP)
    events = [one.getMessage().partition(" ")[0] for one in caplog.records]
    assert events == ["event=message-refused", *["event=key-refused"] * 3, "event=rate-limited"]
    assert "vps_" not in caplog.text and f"key={unknown.name}"[:-1] in caplog.text and "error=BADSIG" in caplog.text


def test_too_many_unsigned_datagrams_get_no_data_and_may_come_by_tcp(service: Service) -> None:
    service.flooding.add(UDP.address)
    query = dns.message.make_query("example.com", "SOA")
    truncated, whole = service.send(query), service.send(query, sender=TCP)
    assert truncated and truncated.flags & dns.flags.TC and not truncated.flags & dns.flags.AA
    assert whole and whole.flags & dns.flags.AA
    assert service.send(query, service.key("dns:list"))
    assert service.send(adding()) is None


def test_a_transfer_has_what_is_stored_and_the_apex(service: Service, zone: Zone) -> None:
    key = service.key("dns:list")
    text = "x" * 250
    for number in range(100):
        service.workspace.add(zone, "TXT", f"t{number}", text)
    service.workspace.zone("below.example.com")
    service.workspace.add(zone, "NS", "@", "ns.example.net")
    query = dns.message.make_query("example.com", "AXFR")
    query.use_tsig(key)
    wires = service.responder.respond(query.to_wire(), TCP)
    assert len(wires) > 1
    target = dns.zone.Zone("example.com", relativize=False)
    context = None
    with dns.xfr.Inbound(target, dns.rdatatype.AXFR) as inbound:
        for wire in wires:
            read = dns.message.from_wire(wire, query.keyring, query.mac, True, tsig_ctx=context, multi=True)
            context = read.tsig_ctx
            inbound.process_message(read)
    assert {str(one.target) for one in target.find_rdataset("@", "NS")} == {
        *(server.to_text() for server in SERVERS),
        "ns.example.net.",
    }
    assert len(target.nodes) == 101
    assert service.rcode(dns.message.make_query("example.com", "AXFR"), service.key("dns:list")) == Rcode.FORMERR
    assert service.rcode(dns.message.make_query("example.com", "IXFR"), service.key("dns:create")) == Rcode.REFUSED


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 400), octet=st.integers(0, 255))
def test_no_octet_of_a_message_can_be_changed(service: Service, at: int, octet: int) -> None:
    message = adding("changed.example")
    message.use_tsig(service.key())
    wire = bytearray(message.to_wire())
    before = wire[at % len(wire)]
    wire[at % len(wire)] = octet
    for response in service.responder.respond(bytes(wire), UDP):
        assert octet == before or at % len(wire) < 2 or response[3] & 0xF != Rcode.NOERROR
