"""What a nameserver answers, in a form that can be compared with `appliance.zones.zone_answers`."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.zones.zone_answers import Answer, Kind

Seen = tuple[object, ...]
"""The kind of an answer, and its data, without the owner unless it is a referral."""
Query = tuple[Name, RdataType]

WINDOW = 40
"""Queries that are sent before the first response is read."""


def observe(server: Nameserver, queries: Iterable[Query]) -> dict[Query, Seen]:
    """Return the answer of the nameserver to each query."""
    seen: dict[Query, Seen] = {}
    todo = list(queries)
    with socket.create_connection((server.endpoint.host, server.endpoint.port), 30) as connection:
        stream = connection.makefile("rb")
        for start in range(0, len(todo), WINDOW):
            part = dict(enumerate(todo[start : start + WINDOW]))
            for number, (name, rdtype) in part.items():
                wire = dns.message.make_query(name, rdtype, flags=0, id=number).to_wire()
                connection.sendall(len(wire).to_bytes(2, "big") + wire)
            for _ in part:
                response = dns.message.from_wire(stream.read(int.from_bytes(stream.read(2), "big")))
                seen[part[response.id]] = _seen(response)
    return seen


def expected(answer: Answer) -> Seen:
    """Return what a client should see of the answer."""
    if answer.kind is Kind.DATA:
        return (Kind.DATA, *((one.rdtype, one.ttl, one.wires) for one in answer.data))
    data = frozenset((one.owner, one.rdtype, one.ttl, one.wires) for one in answer.data)
    return (answer.kind, data) if data else (answer.kind,)


def _seen(response: Message) -> Seen:
    question = response.question[0].name
    first = next((one for one in response.answer if one.name == question), None)
    if first is not None:
        return (Kind.DATA, _data(first)[1:])
    if response.rcode() == dns.rcode.NXDOMAIN:
        return (Kind.NXDOMAIN,)
    assert response.rcode() == dns.rcode.NOERROR, response
    if response.flags & dns.flags.AA:
        return (Kind.NODATA,)
    return (Kind.REFERRAL, frozenset(_data(one) for one in (*response.authority, *response.additional)))


def _data(rrset: dns.rrset.RRset) -> tuple[Name, RdataType, int, tuple[bytes, ...]]:
    wires = sorted(rdata.to_wire(origin=None) or b"" for rdata in rrset)
    return rrset.name, rrset.rdtype, rrset.ttl, tuple(wires)
