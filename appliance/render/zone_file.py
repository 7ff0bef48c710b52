"""A zone as the bytes of its zone file (RFC 1035 section 5).

One record a line, every name absolute, no directive, no date: equal content gives equal bytes. An empty line separates
the records that the appliance derives from those of the zone: SOA and NS of the apex, addresses of nameservers in the
zone, and delegations of child zones. The last line is a comment with the number of records and a digest, so that a
truncated file is detected.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import dns.name
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.errors import CompileFailed
from appliance.render.templates import ENVIRONMENT
from appliance.settings import DnsSettings
from appliance.zones.delta import WireSoa
from appliance.zones.model import Record
from appliance.zones.names import print_domain
from appliance.zones.own_records import OwnAddress
from appliance.zones.rdata import print_data
from appliance.zones.signing import CONTENT_TYPE

_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))


@dataclass(frozen=True, slots=True)
class Apex:
    """The records of the appliance itself: at every apex its nameservers, the SOA fields and the TTL, in seconds.

    Zones that contain the name of a nameserver have its `addresses` too. Nothing else is served at the `catalog`.
    """

    servers: tuple[Name, ...]
    rname: Name
    refresh: int
    retry: int
    expire: int
    minimum: int
    ttl: int
    addresses: tuple[OwnAddress, ...] = ()
    catalog: Name | None = None

    @property
    def soa(self) -> WireSoa:
        """Return the SOA of every zone, without its serial."""
        times = struct.pack("!4I", self.refresh, self.retry, self.expire, self.minimum)
        return WireSoa(self.ttl, self.servers[0].to_digestable() + self.rname.to_digestable(), times)


def apex_of(settings: DnsSettings) -> Apex:
    """Return the apex that the settings describe."""
    return Apex(
        servers=tuple(dns.name.from_text(server.name) for server in settings.nameservers),
        rname=dns.name.from_text(settings.rname),
        refresh=settings.refresh,
        retry=settings.retry,
        expire=settings.expire,
        minimum=settings.minimum,
        ttl=settings.apex_ttl,
        addresses=tuple(one for server in settings.nameservers for one in _addresses_of(server, settings)),
        catalog=dns.name.from_text(settings.catalog),
    )


def _addresses_of(server: Nameserver, settings: DnsSettings) -> Iterator[OwnAddress]:
    """Yield the published addresses of the nameserver: those of `dns.addresses`, else that at which it is queried."""
    listed = [one.address for one in settings.addresses if one.name == server.name]
    for address in listed or [server.endpoint.host]:
        rdtype = RdataType.AAAA if ip_address(address).version == 6 else RdataType.A
        yield OwnAddress(dns.name.from_text(server.name), rdtype, address)


def own_lines(name: Name, apex: Apex) -> list[str]:
    """Return the lines of the appliance's addresses in the zone of that name, without line feeds."""
    return [
        f"{one.name.to_text()} {apex.ttl} IN {one.rdtype.name} {one.address}"
        for one in apex.addresses
        if one.name.is_subdomain(name)
    ]


def record_line(record: Record) -> str:
    """Return the line of a record, without the line feed; rendered from its rdata and never from input text."""
    owner = print_domain(record.owner)
    name = record.owner.to_text() if "\\" in owner else f"{owner}."
    line = f"{name} {record.ttl} IN {record.rdtype.name} {print_data(record.data)}"
    if not _PRINTABLE.issuperset(line) or line.startswith("$"):
        raise CompileFailed(f"record {record.uuid} cannot be written as one printable line")
    return line


def content_line(name: Name, serial: int) -> str:
    """Return the line of the content number of a signed zone, without the line feed."""
    return f"{name.to_text()} 0 IN TYPE{CONTENT_TYPE} \\# 4 {serial:08x}"


def soa_line(name: Name, serial: int, apex: Apex) -> str:
    """Return the line of the SOA record, without the line feed."""
    return zone_file(name, serial, apex, "", 0).decode("ascii").partition("\n")[0]


def delegation_lines(child: Name, apex: Apex, ds: Iterable[str] = ()) -> list[str]:
    """Return the lines that delegate a child zone to the nameservers of the appliance, without line feeds."""
    rows = [*(f"NS {server.to_text()}" for server in apex.servers), *(f"DS {one}" for one in ds)]
    return [f"{child.to_text()} {apex.ttl} IN {row}" for row in rows]


def derived_lines(name: Name, apex: Apex, delegated: Sequence[str] = ()) -> list[str]:
    """Return all derived lines but those of the apex; `delegated` are the `delegation_lines` of child zones."""
    return [*own_lines(name, apex), *delegated]


def managed_lines(
    name: Name, serial: int, apex: Apex, delegated: Sequence[str] = (), *, signed: bool = False
) -> list[str]:
    """Return the lines of all records that the appliance derives: those of the apex, and `derived_lines`."""
    content = zone_file(name, serial, apex, "", 0, delegated, signed=signed)
    return content.decode("ascii").partition("\n\n")[0].splitlines()


def zone_file(
    name: Name,
    serial: int,
    apex: Apex,
    lines: str,
    count: int,
    delegated: Sequence[str] = (),
    *,
    signed: bool = False,
) -> bytes:
    """Return the zone file: SOA, apex NS, the derived lines, and `lines`; the content number too if it is `signed`.

    `lines` are `count` results of `record_line`, each with a line feed; `delegated` are `delegation_lines`.
    """
    if lines.count("\n") != count or (lines and not lines.endswith("\n")):
        raise CompileFailed(f"{count} records gave {lines.count(chr(10))} lines")
    octets = _body(name, serial, apex, lines, derived_lines(name, apex, delegated), signed=signed)
    return octets + _last_line(octets)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def derived_digest(apex: Apex, derived: Sequence[str] = (), *, signed: bool = False) -> str:
    """Return a digest that is equal only for equal apexes and derived lines of zones that are both signed or not."""
    return digest_of(_body(dns.name.root, 0, apex, "", derived, signed=signed))


def is_complete(content: bytes) -> bool:
    """Return whether the content is as `zone_file` rendered it: neither truncated nor changed."""
    at = content.rfind(b"\n; records=") + 1
    return at > 0 and content[at:] == _last_line(content[:at])


def has_derived(content: bytes, name: Name, apex: Apex, derived: Sequence[str] = (), *, signed: bool = False) -> bool:
    """Return whether the content is complete and has this apex and these derived lines."""
    serial = serial_of(content)
    return serial is not None and content.startswith(_body(name, serial, apex, "", derived, signed=signed))


def serial_of(content: bytes) -> int | None:
    """Return the serial in content that `zone_file` rendered; None for any other content."""
    if not is_complete(content):
        return None
    return int(content.split(maxsplit=7)[6])


def _body(name: Name, serial: int, apex: Apex, lines: str, derived: Sequence[str], *, signed: bool) -> bytes:
    body = ENVIRONMENT.get_template("zone.j2").render(
        origin=name.to_text(),
        serial=serial,
        ttl=apex.ttl,
        mname=apex.servers[0].to_text(),
        rname=apex.rname.to_text(),
        servers=[server.to_text() for server in apex.servers],
        refresh=apex.refresh,
        retry=apex.retry,
        expire=apex.expire,
        minimum=apex.minimum,
        derived=[content_line(name, serial), *derived] if signed else derived,
        lines=lines,
    )
    return body.encode("ascii")


def _last_line(octets: bytes) -> bytes:
    count = octets.count(b"\n") - octets.count(b"\n\n")
    return f"; records={count} sha256={hashlib.sha256(octets).hexdigest()}\n".encode()
