"""Record sets between octoDNS and the API. Pure: nothing here uses the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from octodns.record import Record
from octodns.record.rr import Rr, RrParseError

from octodns_dns_appliance import text

TYPES = frozenset([
    "A", "AAAA", "CAA", "CNAME", "DHCID", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS", "OPENPGPKEY", "PTR", "SMIMEA",
    "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI",
])  # fmt: skip
"""Types of the API. A release of octoDNS may know fewer."""

TARGETS = {"CNAME": 0, "HTTPS": 1, "MX": 0, "NAPTR": -1, "NS": 0, "PTR": 0, "SRV": 2, "SVCB": 1}
"""Which word of a value is a host name, which the API shows without its final dot."""

LOC_DEFAULTS = ("1.00m", "10000.00m", "10.00m")
"""Size and precisions that RFC 1876 section 3 allows to be left out, and octoDNS requires."""

PRIORITIES = ("MX", "SRV")


def data_of(records: Iterable[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield full name and octoDNS data of each set among records of the API that octoDNS knows the type of.

    Raise ValueError if octoDNS cannot read a value.
    """
    known = Record.registered_types()
    for (name, kind), group in groupby(sorted(records, key=set_of), key=set_of):
        if kind in TYPES and kind in known:
            yield f"{name}.", data_of_set(known[kind], list(group))


def set_of(record: dict[str, Any]) -> tuple[str, str]:
    """Return full name and type of a record of the API."""
    return record["fqdn"], record["record_type"]


def data_of_set(known: type[Record], records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the data with which octoDNS creates the record for a set. Raise ValueError if it cannot read a value."""
    (name, kind), ttl = set_of(records[0]), records[0]["ttl"]
    if kind == "TXT":
        return {"type": kind, "ttl": ttl, "values": [text.from_api(record["value"]) for record in records]}
    try:
        data: dict[str, Any] = known.data_from_rrs([Rr(f"{name}.", kind, ttl, rdata_of(record)) for record in records])
    except RrParseError as error:
        raise ValueError(f"octoDNS cannot read the {kind} records of {name}: {error}") from error
    return data


def rdata_of(record: dict[str, Any]) -> str:
    """Return a record of the API as in a zone file, with final dots and priority."""
    kind, words = record["record_type"], record["value"].split(" ")
    target = TARGETS.get(kind)
    if target is not None and words[target] != ".":
        words[target] += "."
    if kind == "LOC":
        words += LOC_DEFAULTS[len(words) - 9 :]
    if record["priority"] is not None:
        words.insert(0, str(record["priority"]))
    return " ".join(words)


def values_of(record: Record) -> list[dict[str, Any]]:
    """Return the values of an octoDNS record as the API accepts them, each with its priority if the type has one."""
    _, _, kind, rdatas = record.rrs
    if kind == "TXT":
        return [{"value": text.to_api(value)} for value in record.values]
    if kind == "CAA":
        return [{"value": f'{caa.flags} {caa.tag} "{caa.value}"'} for caa in record.values]
    if kind in PRIORITIES:
        words = [rdata.split(" ", 1) for rdata in rdatas]
        return [{"value": value, "priority": int(priority)} for priority, value in words]
    return [{"value": str(rdata)} for rdata in rdatas]


def replacement(record: Record, values: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the change of the API that gives a set these values; without values the set is removed."""
    name, ttl, kind, _ = record.rrs
    change = {"action": "replace", "name": name, "record_type": kind, "values": values}
    return {**change, "ttl": ttl} if values else change


def creations(record: Record) -> list[dict[str, Any]]:
    """Return the records of the API that make up a set, for a zone that is created with them."""
    name, ttl, kind, _ = record.rrs
    return [{"record_type": kind, "name": name, "ttl": ttl, **value} for value in values_of(record)]
