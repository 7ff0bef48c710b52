"""The catalog zone (RFC 9432): signed updates of its members (RFC 2136), and whether a key is accepted.

This module must not know why a zone is a member, nor read the catalog, which `appliance.queries.transfer` does.
"""

from __future__ import annotations

import contextlib
import select
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.tsig
import dns.update
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Endpoint
from appliance.errors import CommandFailed, CommandTimeout
from appliance.keys import CLOCKS_DIFFER, Key, KeyFile, present_key
from appliance.nameserver.update_client import UpdateClient
from appliance.nameserver.update_messages import UpdateMessage
from appliance.zones.catalog import member_owner

MAX_CHANGES = 500
"""Changes of one message over TCP."""
MAX_DATAGRAM_CHANGES = 50
"""Changes of one message over UDP: with the longest names 32,000 octets."""
_TTL = 0
_SOA = "invalid. invalid. {serial} 60 10 2147483646 0"
"""As in the new catalog zone: names without meaning (RFC 9432 section 4.1), and timers in seconds."""

_Change = tuple[str, Name | None]
"""The label of a member, and its zone; None: it is removed."""
_FIXED = struct.Struct("!HHIH")
_IN, _ANY = 1, 255


class CatalogUpdates:
    """Dynamic updates of the catalog zone of one primary; `timeout` is in seconds for each message over TCP.

    `clock` is the time of day for signatures, `monotonic` is in seconds.
    """

    def __init__(
        self,
        primary: Endpoint,
        catalog: Name,
        key: Key | KeyFile,
        timeout: float = 10.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._primary = primary
        self._catalog = catalog
        self._key = key
        self._timeout = timeout
        self._clock = clock
        self._monotonic = monotonic

    def change(self, remove: Iterable[str], add: Mapping[str, Name], serial: int | None = None) -> None:
        """Remove members by label and add others by label and zone, with at most 500 changes in a message.

        `serial` is the catalog's serial afterwards, which must be later than the present one; None increments it with
        each message. The operation is idempotent. A zone that is created again needs a new label, else secondaries keep
        its old data. Raise CommandFailed if the primary refuses or cannot be reached, CommandTimeout if it does not
        respond.
        """
        changes: list[_Change] = [(label, None) for label in remove]
        changes += add.items()
        batches = [changes[start : start + MAX_CHANGES] for start in range(0, len(changes), MAX_CHANGES)] or [[]]
        for batch in batches[:-1]:
            self._send(batch, None)
        self._send(batches[-1], serial)

    def _send(self, batch: list[_Change], serial: int | None) -> None:
        """Send the changes: a few over UDP; many, or what the primary did not accept, over TCP, whose answer counts."""
        is_small = len(batch) <= MAX_DATAGRAM_CHANGES and serial is None
        if not (is_small and self._is_accepted(batch)):
            self._send_over_tcp(batch, serial)

    def _is_accepted(self, batch: list[_Change]) -> bool:
        message = UpdateMessage(self._catalog, 0, 0, _body(self._catalog, batch))
        try:
            opened = UpdateClient(self._primary, self._key, self._clock, self._monotonic)
        except OSError:  # there is no route; over TCP the reason is reported
            return False
        with contextlib.closing(opened) as client:
            poll = select.poll()
            poll.register(client, select.POLLIN)
            client.send(message)
            while not (responses := client.responses()):
                poll.poll((client.next_timeout() or 0.0) * 1000)
        return responses[0].rcode == dns.rcode.NOERROR and not responses[0].error

    def _send_over_tcp(self, batch: list[_Change], serial: int | None) -> None:
        update = dns.update.UpdateMessage(self._catalog)
        for label, zone in batch:
            owner = member_owner(label, self._catalog)
            update.delete(owner, RdataType.PTR)
            if zone is not None:
                update.add(owner, _TTL, RdataType.PTR, zone.to_text())
        if serial is not None:  # the primary ignores one that is not later than its own (RFC 2136 section 3.4.2.2)
            update.add(self._catalog, _TTL, RdataType.SOA, _SOA.format(serial=serial))
        _sign(update, self._key)
        argv = ("update", self._catalog.to_text())
        with _as_command_errors(argv, self._timeout):
            response = dns.query.tcp(update, self._primary.host, self._timeout, self._primary.port)
        _expect_success(argv, response)


def _body(catalog: Name, batch: Sequence[_Change]) -> bytes:
    """Return an UPDATE of these members (RFC 2136) without its id, encoded by hand as others are."""
    updates = []
    for label, zone in batch:
        owner = member_owner(label, catalog).to_digestable()
        updates.append(owner + _FIXED.pack(RdataType.PTR, _ANY, 0, 0))
        if zone is not None:
            target = zone.to_digestable()
            updates.append(owner + _FIXED.pack(RdataType.PTR, _IN, _TTL, len(target)) + target)
    header = struct.pack("!5H", dns.opcode.UPDATE << 11, 1, 0, len(updates), 0)
    question = catalog.to_digestable() + struct.pack("!HH", RdataType.SOA, _IN)
    return b"".join((header, question, *updates))


def check_key(server: Endpoint, catalog: Name, key: Key | KeyFile, timeout: float = 2.0) -> None:
    """Query the nameserver for the catalog with that key; raise CommandError if it refuses the key or is silent."""
    message = dns.message.make_query(catalog, RdataType.SOA, flags=dns.flags.Flag(0))
    _sign(message, key)
    argv = ("query", catalog.to_text())
    with _as_command_errors(argv, timeout):
        response = dns.query.udp(message, server.host, timeout, server.port, ignore_unexpected=True)
    if response.rcode() == dns.rcode.NOTAUTH:
        _expect_success(argv, response)


def _sign(message: dns.message.Message, source: Key | KeyFile) -> None:
    key = present_key(source)
    message.use_tsig(dns.tsig.Key(key.name, key.octets, key.algorithm))


def _expect_success(argv: tuple[str, ...], response: dns.message.Message) -> None:
    if response.rcode() != dns.rcode.NOERROR:
        raise CommandFailed(argv, f"refused with {dns.rcode.to_text(response.rcode())}")


@contextlib.contextmanager
def _as_command_errors(argv: tuple[str, ...], timeout: float) -> Iterator[None]:
    """Convert the errors of a DNS exchange to CommandError."""
    try:
        yield
    except dns.exception.Timeout:
        raise CommandTimeout(argv, f"no answer within {timeout:g} s") from None
    except (dns.tsig.BadTime, dns.tsig.PeerBadTime):
        raise CommandFailed(argv, CLOCKS_DIFFER) from None
    except (dns.exception.DNSException, OSError, EOFError) as error:
        raise CommandFailed(argv, str(error) or type(error).__name__) from error
