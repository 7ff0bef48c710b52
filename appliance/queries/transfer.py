"""Zone transfer: all records of a zone as a nameserver serves it, by signed AXFR (RFC 5936, RFC 8945).

This module must not know what the zone should hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import dns.exception
import dns.query
import dns.transaction
import dns.tsig
import dns.xfr
import dns.zone
from dns.name import Name
from dns.rdata import Rdata
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.errors import CommandFailed, CommandTimeout
from appliance.keys import CLOCKS_DIFFER, Key, KeyFile, present_key

RECORD_OCTETS = 50
"""Octets that a record counts for in the limit of a transfer, besides its data."""


@dataclass(frozen=True, slots=True)
class TransferredRecord:
    """One record of a transferred zone; names are absolute."""

    owner: Name
    ttl: int
    rdtype: RdataType
    rdata: Rdata


class _LimitedZone(dns.zone.Zone):
    """A zone that raises CommandFailed when it grows beyond a limit in octets of its records."""

    def __init__(self, origin: Name, limit: float, argv: tuple[str, ...]) -> None:
        super().__init__(origin, relativize=False)
        self._left, self._argv = limit, argv

    def writer(self, replacement: bool = False) -> dns.zone.Transaction:
        """Return a transaction that counts what is put into the zone."""
        transaction = super().writer(replacement)
        transaction.check_put_rdataset(self._count)
        return transaction

    def _count(self, _transaction: dns.transaction.Transaction, _name: Name, rdataset: Rdataset) -> None:
        self._left -= sum(RECORD_OCTETS + len(rdata.to_wire() or b"") for rdata in rdataset)
        if self._left < 0:
            raise CommandFailed(self._argv, "the zone is too large")


def axfr(
    server: Nameserver,
    zone: Name,
    source: Key | KeyFile | None,
    timeout: float = 30.0,
    *,
    limit: float = math.inf,
) -> list[TransferredRecord]:
    """Return all records of `zone`, of `limit` octets at most, RECORD_OCTETS and its data for each record.

    Raise CommandFailed if the transfer is refused or fails, CommandTimeout if it takes more than `timeout` seconds.
    """
    argv = ("transfer", zone.to_text())
    content = _LimitedZone(zone, limit, argv)
    key = None if source is None else present_key(source)
    keyring = None if key is None else dns.tsig.Key(key.name, key.octets, key.algorithm)
    try:
        query, _ = dns.xfr.make_query(content, keyring=keyring)
        dns.query.inbound_xfr(server.endpoint.host, content, query, server.endpoint.port, timeout, timeout)
    except dns.exception.Timeout:
        raise CommandTimeout(argv, f"not complete within {timeout:g} s") from None
    except (dns.tsig.BadTime, dns.tsig.PeerBadTime):
        raise CommandFailed(argv, f"{server.name}: {CLOCKS_DIFFER}") from None
    except (dns.exception.DNSException, OSError, EOFError) as error:
        raise CommandFailed(argv, f"{server.name}: {str(error) or type(error).__name__}") from error
    return [TransferredRecord(owner, ttl, rdata.rdtype, rdata) for owner, ttl, rdata in content.iterate_rdatas()]
