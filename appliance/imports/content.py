"""The records of a source that become records of a zone: without those that the appliance derives or has elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from dns.name import Name
from dns.rdatatype import RdataType

from appliance.imports.source import Note, SourceRecord, ZoneData
from appliance.render.zone_file import Apex
from appliance.zones.names import print_domain


def own_records(data: ZoneData, origin: Name, apex: Apex, children: Collection[Name], *, keep_ns: bool) -> ZoneData:
    """Return the data without what the appliance derives, each once, with notes of what is passed over.

    Derived are the appliance's NS records at the apex, the addresses of its nameservers, and the delegations of
    `children`, the zones below this one: what is at and below them is theirs. Without `keep_ns` no other NS record of
    the apex is kept either.
    """
    derived, hidden = _derived(origin, apex), {one.to_text() for one in children}
    kept: dict[tuple[str, str, str, int | None], SourceRecord] = {}
    passed: Counter[str] = Counter()
    for one in data.records:
        record = one.record
        key = record.record_type, record.name.lower(), record.value, record.priority
        if (*key[:2], record.value.removesuffix(".").lower()) in derived:
            passed["the appliance derives them"] += 1
        elif not keep_ns and record.record_type == "NS" and key[1] == origin.to_text():
            passed["former nameservers of the zone"] += 1
        elif hidden and (child := _child_of(key[1], hidden)):
            passed[f"at or below {child.removesuffix('.')}, which is a zone of its own"] += 1
        else:
            kept.setdefault(key, one)
    notes = [Note(print_domain(origin), f"{count} records: {reason}") for reason, count in passed.items()]
    return replace(
        data,
        records=list(kept.values()),
        passed_over=[*data.passed_over, *notes],
        notes=[*data.notes, *_foreign_ns(kept.values(), origin)],
    )


def _derived(origin: Name, apex: Apex) -> set[tuple[str, str, str]]:
    """Return type, owner and value of the records that the appliance derives at the apex and for its nameservers."""
    at_apex = {("NS", origin.to_text(), print_domain(server)) for server in apex.servers}
    return at_apex | {(one.rdtype.name, one.name.to_text(), one.address) for one in apex.addresses}


def _child_of(name: str, children: Collection[str]) -> str | None:
    """Return the child zone at or above a name."""
    labels = name.split(".")
    above = (".".join(labels[at:]) for at in range(len(labels) - 2))
    return next((one for one in above if one in children), None)


def _foreign_ns(records: Collection[SourceRecord], origin: Name) -> Iterator[Note]:
    """Yield a note if the zone keeps nameservers that are not the appliance's."""
    apex = origin.to_text()
    servers = [
        one.record.value for one in records if one.record.record_type == RdataType.NS.name and one.record.name == apex
    ]
    if servers:
        names = ", ".join(sorted(one.removesuffix(".") for one in servers))
        yield Note(print_domain(origin), f"keeps the nameservers {names}: they must go on serving it")
