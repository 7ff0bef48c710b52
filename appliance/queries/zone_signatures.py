"""What a nameserver serves of a signed zone: its DNSKEYs, the serial of its SOA, and until when that is signed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dns.flags
import dns.message
import dns.query
from dns.dnssec import key_id
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.queries.lookup import FAILURES, TIMEOUT
from appliance.zones.signing import ServedSigning


@dataclass(frozen=True, slots=True)
class ServedKey:
    """A DNSKEY that is served; `public_key` is base64."""

    tag: int
    algorithm: int
    flags: int
    public_key: str


@dataclass(frozen=True, slots=True)
class ServedZone:
    """The answers of a nameserver: `signing` is None without them, and if it does not serve the zone.

    `signed_from` is the inception of the signature of its SOA, None without one.
    """

    signing: ServedSigning | None = None
    keys: Sequence[ServedKey] = ()
    is_answered: bool = True
    signed_from: datetime | None = None


def query_signatures(server: Nameserver, zone: Name, timeout: float = TIMEOUT) -> ServedZone:
    """Query one nameserver for DNSKEY and SOA of the zone with their signatures."""
    try:
        keys, soa = (_send(server, zone, rdtype, timeout) for rdtype in (RdataType.DNSKEY, RdataType.SOA))
    except FAILURES:
        return ServedZone(is_answered=False)
    serials = [rdata.serial for rrset in soa.answer if rrset.rdtype == RdataType.SOA for rdata in rrset]
    is_refused = any(one.rcode() != Rcode.NOERROR for one in (keys, soa))  # one of them alone while named starts
    if is_refused or not serials or not soa.flags & dns.flags.AA:
        return ServedZone()
    found = tuple(_keys(keys))
    signatures = [rdata for rrset in soa.answer if rrset.rdtype == RdataType.RRSIG for rdata in rrset]
    expires_at = min((datetime.fromtimestamp(one.expiration, UTC) for one in signatures), default=None)
    signed_from = max((datetime.fromtimestamp(one.inception, UTC) for one in signatures), default=None)
    signing = ServedSigning(serials[0], expires_at, frozenset(key.tag for key in found))
    return ServedZone(signing, found, signed_from=signed_from)


def _send(server: Nameserver, zone: Name, rdtype: RdataType, timeout: float) -> Message:
    query = dns.message.make_query(zone, rdtype, want_dnssec=True, payload=1232, flags=dns.flags.Flag(0))
    endpoint = server.endpoint
    return dns.query.udp_with_fallback(query, endpoint.host, timeout, endpoint.port, ignore_unexpected=True)[0]


def _keys(response: Message) -> list[ServedKey]:
    rdatas = [rdata for rrset in response.answer if rrset.rdtype == RdataType.DNSKEY for rdata in rrset]
    return [
        ServedKey(key_id(one), int(one.algorithm), int(one.flags), base64.b64encode(one.key).decode()) for one in rdatas
    ]
