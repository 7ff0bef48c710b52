"""RRsets of a request: how the sets of a zone are to be, as requests of the Editor.

All changes of one set are folded into one: DELETE and REPLACE of the same set keep the records that both have. A set
that stays as it is gives no change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from dns.name import Name

from appliance.doors.powerdns.zone_json import soa_content
from appliance.editing import RecordInput, ReplaceRRset, ValueInput
from appliance.errors import InputError, InvalidValue
from appliance.render.zone_file import Apex
from appliance.zones.model import Node, RRset
from appliance.zones.names import parse_owner, print_domain
from appliance.zones.rdata import parse_rdata, parse_type
from appliance.zones.record_text import print_name, read_content
from appliance.zones.rules import MAX_RRSET_RECORDS

CHANGE_TYPES = ("DELETE", "REPLACE", "EXTEND", "PRUNE")
"""The kinds of changes, in the order in which they are applied."""
_NUMBER = re.compile("[0-9]{1,10}")
_INDEX = re.compile(r"(?:changes|records)\.([0-9]+)")


@dataclass(frozen=True, slots=True)
class RRsetChange:
    """A change of one RRset; `contents` are its records as the client wrote them. `ttl` None: the client sent none."""

    owner: Name
    record_type: str
    change_type: str
    contents: Sequence[str]
    ttl: int | None

    @property
    def key(self) -> tuple[Name, str]:
        """Return owner and type."""
        return self.owner, self.record_type


@dataclass(slots=True)
class _Wanted:
    """An RRset as it is to be: its values by their wire form."""

    ttl: int | None
    values: dict[bytes, ValueInput] = field(default_factory=dict)


def read_changes(rrsets: object, zone: Name, default: str | None = None, most: int | None = None) -> list[RRsetChange]:
    """Return the changes of a request; `default` is the changetype of those that have none.

    Raise InputError, which names the set, if they are not well-formed, or one set is changed twice in the same way, or
    if they are of more than `most` sets: at once, because parsing many records takes long.
    """
    if not isinstance(rrsets, list):
        raise InputError("rrsets must be a list of RRsets", "rrsets")
    changes = list[RRsetChange]()
    seen, sets = set[tuple[Name, str, str]](), set[tuple[Name, str]]()
    for one in rrsets:
        change = _read_change(one, zone, default)
        if change is None:
            continue
        key = (*change.key, change.change_type)
        if key in seen:
            raise InputError(f"{_title(*change.key)}: rrsets has it twice with the changetype {change.change_type}")
        seen.add(key)
        sets.add(change.key)
        if most is not None and len(sets) > most:
            raise InputError(f"rrsets has more than {most} RRsets, the most that one request may change", "rrsets")
        changes.append(change)
    return sorted(changes, key=lambda change: CHANGE_TYPES.index(change.change_type))


def requests_of(
    changes: Sequence[RRsetChange], zone: Name, apex: Apex, nodes: Mapping[Name, Node]
) -> list[ReplaceRRset]:
    """Return the requests that make the changes in the zone of that name; `nodes` are the stored ones of their owners.

    Raise InputError, which names the set, for a change of what the appliance derives.
    """
    sets: dict[tuple[Name, str], _Wanted] = {}
    for change in changes:
        with _naming(*change.key):
            if change.record_type == "SOA":
                _check_soa(change, zone, apex)
                continue
            stored = nodes.get(change.owner, {}).get(parse_type(change.record_type))
            wanted = sets.setdefault(change.key, _as_stored(stored))
            _apply(change, wanted, stored, zone, apex)
    return [
        ReplaceRRset(record_type, print_name(owner), list(wanted.values.values()), wanted.ttl)
        for (owner, record_type), wanted in sorted(sets.items(), key=lambda item: bool(item[1].values))
    ]


@contextmanager
def naming_sets(requests: Callable[[], Sequence[ReplaceRRset | RecordInput]]) -> Iterator[None]:
    """Let an InputError of the Editor about one of the requests name its set."""
    try:
        yield
    except InputError as refused:
        found = _INDEX.match(refused.field or "")
        if not found:
            raise
        at = requests()[int(found[1])]
        raise InputError(f"RRset {at.name} IN {at.record_type}: {refused}", refused.field) from None


def _read_change(one: object, zone: Name, default: str | None) -> RRsetChange | None:
    """Return the change, or None if it is one of comments alone, which are not kept."""
    if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("name", "type")):
        raise InputError("each of rrsets must be an object with name and type", "rrsets")
    name, record_type = one["name"], one["type"].upper()
    owner = _read_owner(name, record_type, zone)
    with _naming(owner, record_type):
        change_type = one.get("changetype") or default
        if not isinstance(change_type, str) or change_type.upper() not in CHANGE_TYPES:
            raise InputError(f"changetype must be one of {', '.join(CHANGE_TYPES)}", "changetype")
        if isinstance(one.get("comments"), list) and one.get("records") is None and change_type.upper() == "REPLACE":
            return None
        contents = [] if change_type.upper() == "DELETE" else _read_contents(one.get("records"))
        if record_type != "SOA":
            parse_type(record_type)
        ttl = _read_ttl(one.get("ttl"))
        if ttl is None and contents and change_type.upper() == "REPLACE":
            raise InvalidValue("ttl is required, in seconds", "ttl")
        return RRsetChange(owner, record_type, change_type.upper(), contents, ttl)


def _read_ttl(ttl: object) -> int | None:
    """Return a TTL, which may be a number in a string, as PowerDNS reads it."""
    if isinstance(ttl, str) and _NUMBER.fullmatch(ttl):
        return int(ttl)
    if ttl is None or (isinstance(ttl, int) and not isinstance(ttl, bool)):
        return ttl
    raise InvalidValue("ttl must be an integer, in seconds", "ttl")


def _read_owner(name: str, record_type: str, zone: Name) -> Name:
    try:
        return parse_owner(name if name.endswith(".") else f"{name}.", zone)
    except InputError as refused:
        raise InputError(f"RRset {name} IN {record_type}: {refused}", "name") from None


def _read_contents(records: object) -> list[str]:
    if not isinstance(records, list):
        raise InvalidValue("records must be a list of objects with content", "records")
    if len(records) > MAX_RRSET_RECORDS:
        raise InvalidValue(
            f"there are {len(records)} records; an RRset may have at most {MAX_RRSET_RECORDS}", "records"
        )
    for one in records:
        if not isinstance(one, dict) or not isinstance(one.get("content"), str):
            raise InvalidValue("records must be a list of objects with content", "records")
        if one.get("disabled"):
            raise InvalidValue("a record cannot be disabled: delete it instead", "records")
    return [one["content"] for one in records]


def _as_stored(stored: RRset | None) -> _Wanted:
    if stored is None:
        return _Wanted(None)
    values = {record.wire: ValueInput(record.value, record.priority) for record in stored.records}
    return _Wanted(stored.records[0].ttl, values)


def _apply(change: RRsetChange, wanted: _Wanted, stored: RRset | None, zone: Name, apex: Apex) -> None:
    """Make the change to the set; a record with stored data keeps the form that is stored."""
    given = dict(_values(change, zone))
    if len(given) < len(change.contents):
        raise InvalidValue("two of its records are identical", "records")
    if change.record_type == "NS" and change.owner == zone:
        _take_own(change, given, apex)
    kept = _as_stored(stored).values
    given = {wire: kept.get(wire, value) for wire, value in given.items()}
    if change.ttl is not None and change.change_type in ("REPLACE", "EXTEND"):
        wanted.ttl = change.ttl
    match change.change_type:
        case "EXTEND":
            wanted.values |= given
        case "PRUNE":
            wanted.values = {wire: value for wire, value in wanted.values.items() if wire not in given}
        case _:
            wanted.values = given


def _values(change: RRsetChange, zone: Name) -> Iterator[tuple[bytes, ValueInput]]:
    """Yield the values that the client wrote, each with its wire form."""
    for content in change.contents:
        read = read_content(change.record_type, content)
        parsed = parse_rdata(change.record_type, read.value, read.priority, zone)
        yield parsed.wire, ValueInput(read.value, read.priority)


def _take_own(change: RRsetChange, given: dict[bytes, ValueInput], apex: Apex) -> None:
    """Remove the appliance's own nameservers from the records of the apex; raise InputError if they would change."""
    own = {server.to_wire() or b"" for server in apex.servers}
    names = ", ".join(map(print_name, apex.servers))
    keeps = change.change_type == "EXTEND" or (change.change_type == "REPLACE" and own <= given.keys())
    if not keeps and (change.change_type != "PRUNE" or own & given.keys()):
        raise InvalidValue(f"the zone is served by {names}: the set must have these nameservers", "records")
    if change.ttl not in (None, apex.ttl) and change.change_type != "PRUNE":
        raise InvalidValue(f"the nameservers of a zone have the TTL {apex.ttl}, not {change.ttl}", "ttl")
    for server in own:
        given.pop(server, None)


def _check_soa(change: RRsetChange, zone: Name, apex: Apex) -> None:
    """Raise InputError unless the set is the SOA that the zone has, with any serial."""
    own = soa_content(zone, 0, apex)
    if change.owner != zone or change.change_type in ("DELETE", "PRUNE"):
        raise InvalidValue("a zone has one SOA record, at its apex, which cannot be deleted", "records")
    same = [_without_serial(content) == _without_serial(own) for content in change.contents]
    if same != [True] or change.ttl not in (None, apex.ttl):
        raise InvalidValue(f"the SOA record comes from the settings: {own}, TTL {apex.ttl}; leave it out", "records")


def _without_serial(content: str) -> list[str]:
    words = content.lower().split()
    names = [word.removesuffix(".") for word in words[:2]]
    return [*names, *words[3:]]


@contextmanager
def _naming(owner: Name, record_type: str) -> Iterator[None]:
    """Let an InputError name the set."""
    try:
        yield
    except InputError as refused:
        raise InputError(f"{_title(owner, record_type)}: {refused}", refused.field) from None


def _title(owner: Name, record_type: str) -> str:
    return f"RRset {print_domain(owner)}. IN {record_type}"
