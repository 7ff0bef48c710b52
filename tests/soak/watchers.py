"""Query one nameserver repeatedly and keep its answers, to compare them with the journal at the end.

Of a signed zone, whose SOA has a serial of named's own, the serial is the content number. Serials are checked
at once: they must not decrease while named runs, nor on the primary after a restart. They may on a
secondary that was killed right after a large transfer: it serves its former serial until its first refresh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from random import Random

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
from dns.rdata import Rdata
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.SOA import SOA

from appliance.addresses import Nameserver
from appliance.errors import CommandError
from appliance.keys import Key
from appliance.queries.transfer import TransferredRecord as TransferredRow
from appliance.queries.transfer import axfr
from appliance.zones.serial import is_later
from appliance.zones.signed_content import NAMED_ADDS
from appliance.zones.signing import CONTENT_TYPE
from tests.soak.base_records import condensed
from tests.soak.journal import Content, Journal
from tests.soak.part_run import PartRun

_PAUSE = 0.005
_TYPES = ("A", "TXT", "MX")


@dataclass(slots=True)
class Watcher:
    """The answers of one nameserver. `restarts` is incremented before and after each kill."""

    part: PartRun
    server: Nameserver
    key: Key
    may_decrease: bool
    domains: Sequence[str]
    owners: Callable[[Random], str]
    large: str = ""
    """A zone that is seldom transferred."""
    signed: Collection[str] = ()
    """Zones that are signed at all times."""
    restarts: int = 0
    replies: Counter[str] = field(default_factory=Counter)
    dips: int = 0
    _last: dict[str, tuple[int, int]] = field(default_factory=dict)
    _serials: set[tuple[str, int]] = field(default_factory=set)
    zones: set[tuple[str, int, Content]] = field(default_factory=set)
    rrsets: set[tuple[str, str, str, Content]] = field(default_factory=set)
    absent: set[tuple[str, str, str, int]] = field(default_factory=set)

    def run(self, is_running: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Query until `is_running` returns False."""
        random = Random(f"{self.part.seed}/{self.server.name}")
        try:
            while is_running():
                self.query_zone(random)
                pause(_PAUSE)
        except Exception as error:  # noqa: BLE001 - the top of a thread
            self.part.wrong(f"queries to {self.server.name} failed: {error!r}")

    def query_zone(self, random: Random) -> None:
        """Query the serial and one RRset of a random zone, and sometimes transfer it."""
        domain = random.choice(self.domains)
        restarts = self.restarts
        serial = self._query_serial(domain)
        if serial is not None and restarts == self.restarts:
            self.check_serial(domain, serial, restarts)
        self._query_rrset(domain, f"{self.owners(random)}.{domain}.", random.choice(_TYPES))
        if random.random() < (0.01 if domain == self.large else 0.2):
            self._transfer(domain)

    def faults(self, journal: Journal) -> list[str]:
        """Return the answers that match no committed version."""
        name, wrong = self.server.name, []
        wrong += [
            f"{name}: {domain} {serial} was never committed"
            for domain, serial in self._serials
            if (domain, serial) not in journal.versions
        ]
        for domain, serial, content in self.zones:
            version = journal.versions.get((domain, serial))
            if version != content:
                wrong.append(
                    f"{name}: {domain} {serial} was transferred with other content: {_difference(version, content)}"
                )
        for domain, owner, rdtype, content in self.rrsets:
            if content not in journal.sets[domain, owner, rdtype]:
                wrong.append(f"{name}: {owner} {rdtype} {sorted(content)} was in no version")
        for domain, owner, rdtype, serial in self.absent:
            if any(row[:2] == (owner, rdtype) for row in journal.versions.get((domain, serial), ())):
                wrong.append(f"{name}: {owner} {rdtype} was missing in serial {serial}")
        return wrong

    def check_serial(self, domain: str, serial: int, restarts: int) -> None:
        last = self._last.get(domain)
        if last and is_later(last[1], serial):
            if self.may_decrease and last[0] != restarts:
                self.dips += 1
            else:
                self.part.wrong(f"{self.server.name}: the serial of {domain} went from {last[1]} back to {serial}")
        self._last[domain] = (restarts, serial)

    def _query_serial(self, domain: str) -> int | None:
        rdtype = RdataType.make(CONTENT_TYPE if domain in self.signed else RdataType.SOA)
        reply = self._query(domain, rdtype)
        for rrset in reply.answer if reply else ():
            if rrset.rdtype == rdtype:
                serial = _serial_of(rrset[0])
                self._serials.add((domain, serial))
                return serial
        return None

    def _query_rrset(self, domain: str, owner: str, rdtype: str) -> None:
        reply = self._query(owner, rdtype)
        if reply is None:
            return
        for rrset in reply.answer:
            rows = frozenset((owner, rdtype, rrset.ttl, rdata.to_wire() or b"") for rdata in rrset)
            self.rrsets.add((domain, owner, rdtype, rows))
        for rrset in () if reply.answer else reply.authority:
            if domain not in self.signed and rrset.rdtype == RdataType.SOA and rrset.name.to_text() == f"{domain}.":
                self.absent.add((domain, owner, rdtype, rrset[0].serial))

    def _transfer(self, domain: str) -> None:
        zone = dns.name.from_text(domain)
        try:
            rows = axfr(self.server, zone, self.key, timeout=5)
        except CommandError:
            self.replies["transfers refused or cut"] += 1
            return
        self.replies["transfers"] += 1
        self.zones.add((domain, *content_of(domain, rows)))

    def _query(self, name: str, rdtype: str | RdataType) -> dns.message.Message | None:
        query = dns.message.make_query(name, rdtype, flags=dns.flags.Flag(0))
        try:
            reply, _ = dns.query.udp_with_fallback(
                query, self.server.endpoint.host, timeout=0.3, port=self.server.endpoint.port
            )
        except (dns.exception.DNSException, OSError):
            self.replies["no answer"] += 1
            return None
        self.replies[dns.rcode.to_text(reply.rcode())] += 1
        return reply if reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) else None


def content_of(domain: str, rows: Sequence[TransferredRow]) -> tuple[int, Content]:
    """Return the serial of a transferred zone, and its content, `condensed`.

    That is without SOA, apex NS, and what belongs to DNSSEC; of a signed zone the serial is the content number.
    """
    data = {row.rdtype: row.rdata for row in rows if row.rdtype in (RdataType.SOA, CONTENT_TYPE)}
    shown = (row for row in rows if row.rdtype not in (CONTENT_TYPE, *NAMED_ADDS))
    return _serial_of(data.get(CONTENT_TYPE, data[RdataType.SOA])), condensed(  # type: ignore[call-overload]
        domain,
        (
            (row.owner.to_text(), row.rdtype.name, row.ttl, row.rdata.to_wire() or b"")
            for row in shown
            if row.owner.to_text() != f"{domain}." or row.rdtype != RdataType.NS
        ),
    )


def _serial_of(rdata: Rdata) -> int:
    """Return the serial of an SOA, or the content number."""
    if isinstance(rdata, SOA):
        return int(rdata.serial)
    return int.from_bytes(rdata.to_wire() or b"", "big")


def _difference(expected: Content | None, found: Content) -> str:
    if expected is None:
        return "there is no such version"
    return f"missing {sorted(expected - found)}, unexpected {sorted(found - expected)}"
