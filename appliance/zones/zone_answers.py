"""What an authoritative server answers from a zone: data, an alias, a referral, NODATA or NXDOMAIN.

The answer is that of the zone alone, without the server's other zones; aliases are not followed. It is found as RFC
1034 section 4.3.2 and RFC 4592 section 3.3.1 describe.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.zones.rdata import parse_wire, print_line


class Kind(enum.Enum):
    """What an answer says; the value is its rcode, or the name of RFC 2308 for an empty answer."""

    DATA = "NOERROR"
    REFERRAL = "REFERRAL"
    NODATA = "NODATA"
    NXDOMAIN = "NXDOMAIN"


@dataclass(frozen=True, slots=True)
class Data:
    """An RRset as it is served: stored or derived. `wires` are sorted."""

    owner: Name
    rdtype: RdataType
    ttl: int
    wires: tuple[bytes, ...]

    def lines(self) -> list[str]:
        """Return the lines of a zone file, one for each record."""
        start = f"{self.owner.to_text()} {self.ttl} IN {self.rdtype.name}"
        return [f"{start} {print_line(parse_wire(self.rdtype, wire))}" for wire in self.wires]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a query for one name and type.

    `data` is the RRset that answers, which may be an alias; in a referral the NS RRset of the delegation and its glue.
    `wildcard` is the wildcard that answers for a name that does not exist.
    """

    kind: Kind
    data: tuple[Data, ...] = ()
    wildcard: Name | None = None

    def is_same(self, other: Answer) -> bool:
        """Return whether a client cannot tell the answers apart: it does not see which wildcard answered."""
        return (self.kind, self._seen()) == (other.kind, other._seen())

    @property
    def content(self) -> str | list[str]:
        """Return NODATA or NXDOMAIN, or the lines of a zone file that the answer has."""
        if self.is_negative:
            return str(self.kind.value)
        return [line for one in self.data for line in one.lines()]

    @property
    def is_negative(self) -> bool:
        """Return whether the answer has no data and no delegation."""
        return self.kind in (Kind.NODATA, Kind.NXDOMAIN)

    def _seen(self) -> tuple[object, ...]:
        if self.kind is Kind.DATA:
            return tuple((one.rdtype, one.ttl, one.wires) for one in self.data)
        return self.data


NODATA = Answer(Kind.NODATA)
NXDOMAIN = Answer(Kind.NXDOMAIN)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers for one name: `by_type` for these types, `other` for each other one.

    `cut` are the labels of the zone cut at or above the name.
    """

    other: Answer
    by_type: Mapping[RdataType, Answer] = field(default_factory=dict)
    cut: tuple[bytes, ...] | None = None

    @property
    def is_nxdomain(self) -> bool:
        """Return whether no type has an answer, because the name does not exist."""
        return self.other.kind is Kind.NXDOMAIN

    def of(self, rdtype: RdataType | None) -> Answer:
        """Return the answer for this type, for None that of types without records."""
        return self.other if rdtype is None else self.by_type.get(rdtype, self.other)
