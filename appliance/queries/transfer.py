"""Zone transfer: all records of a zone as a nameserver serves it, by signed AXFR (RFC 5936, RFC 8945).

This module must not know what the zone should hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import dns.exception
import dns.query
import dns.tsig
import dns.xfr
import dns.zone
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.errors import CommandFailed, CommandTimeout
from appliance.keys import CLOCKS_DIFFER, Key, KeyFile, present_key


@dataclass(frozen=True, slots=True)
class TransferredRecord:
    """One record of a transferred zone; names are absolute."""

    owner: Name
    ttl: int
    rdtype: RdataType
    rdata: Rdata


def axfr(
    server: Nameserver, zone: Name, source: Key | KeyFile | None, timeout: float = 30.0
) -> list[TransferredRecord]:
    """Return all records of `zone`.

    Raise CommandFailed if the transfer is refused or fails, CommandTimeout if it takes more than `timeout` seconds.
    """
    argv = ("transfer", zone.to_text())
    content = dns.zone.Zone(zone, relativize=False)
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
