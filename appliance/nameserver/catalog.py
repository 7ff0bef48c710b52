"""The catalog zone (RFC 9432): signed updates of its members (RFC 2136), NOTIFY, and whether a key is accepted.

This module must not know why a zone is a member, nor read the catalog, which `appliance.queries.transfer` does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping

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
from appliance.zones.catalog import member_owner

MAX_CHANGES = 500
_TTL = 0
_SOA = "invalid. invalid. {serial} 60 10 2147483646 0"
"""As in the new catalog zone: names without meaning (RFC 9432 section 4.1), and timers in seconds."""


class CatalogUpdates:
    """Dynamic updates of the catalog zone of one primary; `timeout` is in seconds for each message."""

    def __init__(self, primary: Endpoint, catalog: Name, key: Key | KeyFile, timeout: float = 10.0) -> None:
        self._primary = primary
        self._catalog = catalog
        self._key = key
        self._timeout = timeout

    def change(self, remove: Iterable[str], add: Mapping[str, Name], serial: int | None = None) -> None:
        """Remove members by label and add others by label and zone, with at most 500 changes in a message.

        `serial` is the catalog's serial afterwards, which must be later than the present one; None increments it with
        each message. The operation is idempotent. A zone that is created again needs a new label, else secondaries keep
        its old data. Raise CommandFailed if the primary refuses or cannot be reached, CommandTimeout if it does not
        respond.
        """
        changes: list[tuple[str, Name | None]] = [(label, None) for label in remove]
        changes += add.items()
        batches = [changes[start : start + MAX_CHANGES] for start in range(0, len(changes), MAX_CHANGES)] or [[]]
        for batch in batches[:-1]:
            self._send(batch, None)
        self._send(batches[-1], serial)

    def _send(self, batch: list[tuple[str, Name | None]], serial: int | None) -> None:
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


def notify(secondary: Endpoint, zone: Name, key: Key | KeyFile | None, timeout: float = 2.0) -> None:
    """Send a NOTIFY for `zone` to a secondary (RFC 1996).

    Raise CommandFailed if it refuses, CommandTimeout if it does not respond within `timeout` seconds.
    """
    message = dns.message.make_query(zone, RdataType.SOA, flags=dns.flags.AA)
    message.set_opcode(dns.opcode.NOTIFY)
    if key is not None:
        _sign(message, key)
    argv = ("notify", zone.to_text())
    with _as_command_errors(argv, timeout):
        response = dns.query.udp(
            message, secondary.host, timeout, secondary.port, ignore_unexpected=True, ignore_errors=True
        )
    _expect_success(argv, response)


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
