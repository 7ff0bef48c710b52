"""The records of a source that become records of a zone: without those that the appliance derives or has elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.errors import InputError
from appliance.imports.source import Note, SourceRecord, ZoneData, counted
from appliance.render.zone_file import Apex
from appliance.zones.names import print_domain
from appliance.zones.rdata import parse_rdata


def own_records(
    data: ZoneData, origin: Name, apex: Apex | None, children: Collection[Name], *, keep_ns: bool
) -> ZoneData:
    """Return the data without what the appliance derives, each once, with notes of what is passed over.

    Derived are the appliance's NS records at the apex, the addresses of its nameservers, and the delegations of
    `children`, the zones below this one: what is at and below them is theirs. Without `keep_ns` no other NS record of
    the apex is kept either. `apex` is None for a remote appliance: it passes its own records over by itself, and warns
    of other nameservers.
    """
    derived, hidden = _derived(origin, apex) if apex else set(), {_text(one) for one in children}
    kept = list[SourceRecord]()
    passed: Counter[str] = Counter()
    for one in data.records:
        record = one.record
        name = record.name.lower()
        if (record.record_type, name, record.value.removesuffix(".").lower()) in derived:
            passed["the appliance derives them"] += 1
        elif not keep_ns and record.record_type == "NS" and name == _text(origin):
            passed["former nameservers of the zone"] += 1
        elif hidden and (child := _child_of(name, hidden)):
            passed[f"at or below {child.removesuffix('.')}, which is a zone of its own"] += 1
        else:
            kept.append(one)
    notes = [Note(print_domain(origin), f"{counted(count, 'record')}: {reason}") for reason, count in passed.items()]
    return replace(
        data,
        records=list(_once(kept, origin)),
        passed_over=[*data.passed_over, *notes],
        notes=[*data.notes, *(_foreign_ns(kept, origin) if apex else ())],
    )


def _once(records: Collection[SourceRecord], origin: Name) -> Iterator[SourceRecord]:
    """Yield each record once, whatever the spelling of its data, as BIND reads records that are there twice."""
    counts = Counter(_rrset(one) for one in records)
    seen: set[object] = set()
    for one in records:
        key = None if counts[_rrset(one)] == 1 else (*_rrset(one), _data(one, origin))
        if key is None or key not in seen:
            seen.add(key)
            yield one


def _rrset(one: SourceRecord) -> tuple[str, str]:
    return one.record.record_type, one.record.name.lower()


def _data(one: SourceRecord, origin: Name) -> object:
    """Return the data in wire form; what is not valid is compared as text, and refused later."""
    record = one.record
    try:
        return parse_rdata(record.record_type, record.value, record.priority, origin).rdata.to_wire()
    except InputError:
        return record.value, record.priority


def _derived(origin: Name, apex: Apex) -> set[tuple[str, str, str]]:
    """Return type, owner and value of the records that the appliance derives at the apex and for its nameservers."""
    at_apex = {("NS", _text(origin), print_domain(server)) for server in apex.servers}
    return at_apex | {(one.rdtype.name, _text(one.name), one.address) for one in apex.addresses}


def _text(name: Name) -> str:
    """Return the name as records of sources have it."""
    return f"{print_domain(name)}."


def _child_of(name: str, children: Collection[str]) -> str | None:
    """Return the child zone at or above a name."""
    labels = name.split(".")
    above = (".".join(labels[at:]) for at in range(len(labels) - 2))
    return next((one for one in above if one in children), None)


def _foreign_ns(records: Collection[SourceRecord], origin: Name) -> Iterator[Note]:
    """Yield a note if the zone keeps nameservers that are not the appliance's."""
    apex = _text(origin)
    servers = [
        one.record.value for one in records if one.record.record_type == RdataType.NS.name and one.record.name == apex
    ]
    if servers:
        names = ", ".join(sorted(one.removesuffix(".") for one in servers))
        yield Note(print_domain(origin), f"keeps the nameservers {names}: they must go on serving it")
