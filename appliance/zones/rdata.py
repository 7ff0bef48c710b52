"""Record data: the API's `value` and `priority` <-> rdata, with one `RdataFormat` for each type.

    value, priority  --write-->  strict presentation text  --dnspython-->  wire  -->  rdata  -->  canonical value

The stored value is printed from the rdata and is never the input: dnspython accepts comments, parentheses, generic
forms and a second line, so each format first writes the presentation text that dnspython is to parse. Frequent types
write the wire form themselves, which takes a fraction of the time; the rdata of an address is parsed only when it is
read, since a request may have thousands of them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import dns.exception
import dns.rdata
from dns.name import IDNA_2008_Practical, Name
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.svcbbase import ParamKey, SVCBBase

from appliance.errors import InvalidValue, UnsupportedType
from appliance.zones import wire_formats
from appliance.zones.bind_limits import refuse_unloadable
from appliance.zones.character_strings import MAX_STRINGS, parse_quoted, parse_strings, print_quoted, refuse_brackets
from appliance.zones.names import parse_target, print_domain, refuse_control_characters
from appliance.zones.wire_formats import PRINT_ADDRESS

MAX_TXT_OCTETS = 4096
MAX_OCTETS = 60_000
"""The maximum rdata of a record, as of an RRset (`appliance.zones.rules`)."""
MAX_ESCAPED_OCTETS = 40_000
"""The same for types whose octets may be printed as `\\255`: a response with the value fits into a body of 256 KiB."""
MAX_PRIORITY = 65535

_CAA = re.compile(r"([0-9]{1,3}) ([a-z0-9]{1,15}) (.+)")
_CAA_TOKEN = re.compile(r"[!#-:<-\[\]-~]+")
_ALTITUDE = re.compile(r"(?<=[EW] )(-?[0-9]+)(?:\.([0-9]*))?(m?)(?= |$)")
_FIELD = r'(?:"(?:[^"\\]|\\.)*+"|\\[^ ();]|[^ "();\\])++'
_FIELDS = re.compile(rf"{_FIELD}(?: {_FIELD})*+")


@dataclass(frozen=True, slots=True)
class ParsedRdata:
    """The data of a record in uncompressed wire form, and the same as `value` and `priority` of the API."""

    rdtype: RdataType
    wire: bytes
    value: str
    priority: int | None
    _rdata: Rdata | None = field(default=None, repr=False, compare=False)

    @property
    def rdata(self) -> Rdata:
        """Return the rdata, parsed from its wire form on first use."""
        if self._rdata is None:
            object.__setattr__(self, "_rdata", parse_wire(self.rdtype, self.wire))
        return cast(Rdata, self._rdata)


@dataclass(frozen=True, slots=True)
class RdataFormat:
    """How a type is parsed: `write(value, priority, origin)` returns text for dnspython, rdata, or its wire form.

    `target` is the index of the host name among the fields of the value. `has_priority` is True if the first number of
    the rdata is the API's `priority`. `max_octets` is the maximum length of the rdata, by default that of a few numbers
    and a name.
    """

    write: Callable[[str, int, Name], str | bytes | Rdata]
    target: int | None = None
    has_priority: bool = False
    max_octets: int = 300

    @property
    def max_characters(self) -> int:
        """Return the maximum length of a value as sent; the canonical value of any rdata is shorter."""
        return 5 * self.max_octets + 1_000


def parse_rdata(record_type: str, value: str, priority: int | None, origin: Name) -> ParsedRdata:
    """Return the rdata of a record of the zone `origin`; raise InputError with the field if it is not valid."""
    rdtype = parse_type(record_type)
    _check_priority(record_type, TYPES[rdtype], priority)
    rdata_format = TYPES[rdtype]
    if len(value) > rdata_format.max_characters:
        raise InvalidValue(
            f"the value has {len(value)} characters; at most {rdata_format.max_characters} are allowed", "value"
        )
    if rdtype == RdataType.TXT:
        refuse_brackets(value)
    refuse_control_characters(value, "value")
    written = rdata_format.write(value, priority or 0, origin)
    if isinstance(written, bytes) and rdtype in PRINT_ADDRESS:
        return ParsedRdata(rdtype, written, PRINT_ADDRESS[rdtype](written), priority)
    rdata = _read(rdtype, written)
    wire = rdata.to_wire() or b""
    if len(wire) > rdata_format.max_octets:
        raise InvalidValue(f"the data has {len(wire)} octets; at most {rdata_format.max_octets} are allowed", "value")
    refuse_unloadable(rdata)
    plain = rdtype == RdataType.TXT and not value.startswith('"')
    return ParsedRdata(rdtype, wire, value if plain else print_value(rdata), priority, rdata)


def _read(rdtype: RdataType, written: str | bytes | Rdata) -> Rdata:
    """Return the rdata of what a format wrote."""
    if isinstance(written, str):
        return read_presentation(rdtype, written)
    return parse_wire(rdtype, written) if isinstance(written, bytes) else written


def parse_type(record_type: str) -> RdataType:
    """Return the type of that name, which must be in upper case and one of `TYPES`; raise UnsupportedType otherwise."""
    rdtype = _BY_NAME.get(record_type)
    if rdtype is None:
        raise UnsupportedType(
            f"the record type {record_type!r} is not supported; use one of {', '.join(_BY_NAME)}", "record_type"
        )
    return rdtype


def parse_wire(rdtype: RdataType, wire: bytes) -> Rdata:
    """Return the rdata with that wire form, which is uncompressed as `Rdata.to_wire` returns it."""
    return dns.rdata.from_wire(IN, rdtype, wire, 0, len(wire))


def read_presentation(rdtype: RdataType, text: str, origin: Name = dns.name.root) -> Rdata:
    """Return the rdata of one line of text, in which names are relative to `origin`, as zone files have it.

    Labels with letters other than ASCII are those of IDNA 2008. Raise InvalidValue if it is not valid data of the type.
    """
    if rdtype == RdataType.LOC:
        text = _ALTITUDE.sub(_exact_altitude, text, count=1)
    try:
        rdata = dns.rdata.from_text(IN, rdtype, text, origin, relativize=False, idna_codec=IDNA_2008_Practical)
        return parse_wire(rdtype, rdata.to_wire() or b"")
    except (dns.exception.DNSException, ValueError, OverflowError, struct.error) as error:
        raise InvalidValue(f"the value is not valid {rdtype.name} data: {_reason(error)}", "value") from None


def _exact_altitude(found: re.Match[str]) -> str:
    """Return the altitude of a LOC with a third decimal: the floats of dnspython would round `8465.71m` down."""
    return f"{found[1]}.{(found[2] or '')[:2]:0<2}4{found[3]}"


def has_priority(rdtype: RdataType) -> bool:
    """Return whether the first number of the type's rdata is the API's `priority`."""
    return TYPES[rdtype].has_priority


def print_value(rdata: Rdata) -> str:
    """Return the canonical value: the presentation form without the priority and the final dot of the host name."""
    rdata_format = TYPES[rdata.rdtype]
    if isinstance(rdata, TXT):
        return print_quoted(rdata.strings)
    if rdata.rdtype == RdataType.DHCID:  # dnspython splits its base64 into words
        return rdata.to_text().replace(" ", "")
    words = rdata.to_text().split(" ")[1 if rdata_format.has_priority else 0 :]
    name = target_of(rdata) or getattr(rdata, "replacement", None)
    if rdata_format.target is not None and isinstance(name, Name):
        words[rdata_format.target] = print_domain(name)
    return " ".join(words)


def print_data(data: ParsedRdata) -> str:
    """Return the presentation form for the zone file, from the wire form; as `print_line`."""
    print_address = PRINT_ADDRESS.get(data.rdtype)
    return print_address(data.wire) if print_address else print_line(data.rdata)


def print_line(rdata: Rdata) -> str:
    """Return the presentation form for the zone file; the generic form if BIND 9.18 lacks the name of a SvcParamKey."""
    if isinstance(rdata, SVCBBase) and max(rdata.params, default=0) > ParamKey.DOHPATH:
        return rdata.to_generic().to_text()
    return rdata.to_text()


def target_of(rdata: Rdata) -> Name | None:
    """Return the host name to which the rdata points (MX, NS, SRV, CNAME, PTR, SVCB, HTTPS), else None."""
    name = getattr(rdata, "exchange", None) or getattr(rdata, "target", None)
    return name if isinstance(name, Name) else None


def _check_priority(record_type: str, rdata_format: RdataFormat, priority: int | None) -> None:
    if rdata_format.has_priority and priority is None:
        raise InvalidValue(f"{record_type} records require a priority value", "priority")
    if not rdata_format.has_priority and priority is not None:
        raise InvalidValue(f"{record_type} records have no priority: omit it or set it to null", "priority")
    if priority is not None and not 0 <= priority <= MAX_PRIORITY:
        raise InvalidValue(f"the priority must be 0 to {MAX_PRIORITY}, not {priority}", "priority")


def _reason(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0] or type(error).__name__


def _txt(value: str, _priority: int, _origin: Name) -> Rdata:
    return TXT(IN, RdataType.TXT, parse_strings(value, MAX_TXT_OCTETS))


def _caa(value: str, _priority: int, _origin: Name) -> str:
    found = _CAA.fullmatch(value)
    if not found or int(found[1]) > 255 or found[1] != str(int(found[1])):
        raise InvalidValue('the value must be: flags tag "text", such as 0 issue "letsencrypt.org"', "value")
    flags, tag, text = found.groups()
    if text.startswith('"'):
        strings = parse_quoted(text)
    elif _CAA_TOKEN.fullmatch(text):
        strings = parse_quoted(f'"{text}"')
    else:
        raise InvalidValue(
            "the text of a CAA record must be quoted, or one word without spaces and semicolons", "value"
        )
    if len(strings) != 1 or not all(0x20 <= octet < 0x7F for octet in strings[0]):
        raise InvalidValue("the text of a CAA record must be one string of printable ASCII", "value")
    return f"{flags} {tag} {print_quoted(strings)}"


def _structured(value: str, _priority: int, _origin: Name) -> str:
    """Return a value of numbers, hexadecimal digits, base64 and quoted strings, separated by single spaces."""
    if not _FIELDS.fullmatch(value):
        raise InvalidValue(
            "separate the fields of this type by single spaces, close quotes, and use no comments or parentheses",
            "value",
        )
    if value.startswith("\\#"):
        raise InvalidValue("write the fields of this type; the generic form of RFC 3597 is not accepted", "value")
    return value


def _with_target(index: int) -> Callable[[str, int, Name], str]:
    def write(value: str, priority: int, origin: Name) -> str:
        words = _structured(value, priority, origin).split(" ")
        if len(words) < 2:
            raise InvalidValue(f"{value!r} has {len(words)} of at least 2 fields, separated by spaces", "value")
        words[index] = parse_target(words[index], origin, null_allowed=True).to_text()
        return " ".join(words)

    return write


TYPES: Mapping[RdataType, RdataFormat] = {
    RdataType.A: RdataFormat(wire_formats.write_ipv4),
    RdataType.AAAA: RdataFormat(wire_formats.write_ipv6),
    RdataType.CNAME: RdataFormat(wire_formats.write_target, target=0),
    RdataType.MX: RdataFormat(wire_formats.write_mx, target=0, has_priority=True),
    RdataType.TXT: RdataFormat(_txt, max_octets=MAX_TXT_OCTETS + MAX_STRINGS),
    RdataType.NS: RdataFormat(wire_formats.write_ns, target=0),
    RdataType.SRV: RdataFormat(wire_formats.write_srv, target=2, has_priority=True),
    RdataType.CAA: RdataFormat(_caa, max_octets=MAX_OCTETS),
    RdataType.PTR: RdataFormat(wire_formats.write_target, target=0),
    RdataType.TLSA: RdataFormat(_structured, max_octets=MAX_OCTETS),
    RdataType.SSHFP: RdataFormat(_structured, max_octets=MAX_OCTETS),
    RdataType.DS: RdataFormat(_structured, max_octets=MAX_OCTETS),
    RdataType.NAPTR: RdataFormat(_with_target(-1), target=-1, max_octets=1_100),
    RdataType.SVCB: RdataFormat(_with_target(1), target=1, max_octets=MAX_ESCAPED_OCTETS),
    RdataType.HTTPS: RdataFormat(_with_target(1), target=1, max_octets=MAX_ESCAPED_OCTETS),
    RdataType.LOC: RdataFormat(_structured),
    RdataType.URI: RdataFormat(_structured, max_octets=MAX_ESCAPED_OCTETS),
    RdataType.SMIMEA: RdataFormat(_structured, max_octets=MAX_OCTETS),
    RdataType.OPENPGPKEY: RdataFormat(_structured, max_octets=MAX_OCTETS),
    RdataType.DHCID: RdataFormat(_structured, max_octets=MAX_OCTETS),
}
"""Every type that is served, in the order of the documentation."""

_BY_NAME: Mapping[str, RdataType] = {rdtype.name: rdtype for rdtype in TYPES}
