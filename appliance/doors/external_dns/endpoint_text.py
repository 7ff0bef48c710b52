"""Endpoints of external-dns: RRsets as its JSON has them. Pure.

What is shown and what is adjusted must agree to the letter, because external-dns changes again at every
synchronisation what differs: both print targets with `print_target`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import dns.name

from appliance.errors import InputError
from appliance.zones.model import Record, RRset
from appliance.zones.names import parse_full_owner, print_domain
from appliance.zones.rdata import parse_rdata
from appliance.zones.record_text import print_content, read_content
from appliance.zones.rules import MAX_RRSET_RECORDS

TYPES = ("A", "AAAA", "CNAME", "TXT", "MX", "SRV", "NS", "PTR", "NAPTR")
"""The types that external-dns knows."""
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DnsEndpoint:
    """An RRset: its name without the final dot, its targets in presentation format, and its TTL, None if not given."""

    name: str
    record_type: str
    targets: tuple[str, ...]
    ttl: int | None = None
    labels: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def document(self) -> dict[str, object]:
        """Return the endpoint as JSON has it."""
        shown = {"dnsName": self.name, "targets": list(self.targets), "recordType": self.record_type}
        optional = {"recordTTL": self.ttl, "labels": self.labels}
        return {**shown, **{name: value for name, value in optional.items() if value}}


def endpoint_of(rrset: RRset) -> DnsEndpoint:
    """Return a stored RRset as an endpoint."""
    targets = tuple(map(print_target, rrset.records))
    return DnsEndpoint(print_domain(rrset.owner), rrset.rdtype.name, targets, rrset.records[0].ttl)


def read_endpoint(document: object, path: str) -> DnsEndpoint:
    """Return the endpoint of a JSON object; raise InputError with the path of its field at fault.

    Keys may have any letter case, and unknown ones are ignored, `providerSpecific` and `setIdentifier` among them.
    """
    if not isinstance(document, Mapping):
        raise InputError(f"{path} must be an object with dnsName, targets and recordType", path)
    fields = {str(key).lower(): value for key, value in document.items()}
    name, record_type, targets = (fields.get(key) for key in ("dnsname", "recordtype", "targets"))
    if not isinstance(name, str) or not name:
        raise InputError("dnsName is required, as a string", f"{path}.dnsName")
    if not isinstance(record_type, str):
        raise InputError("recordType is required, as a string such as A", f"{path}.recordType")
    if not isinstance(targets, list | None) or not all(isinstance(target, str) for target in targets or ()):
        raise InputError("targets must be a list of strings", f"{path}.targets")
    _check_number(targets or (), f"{path}.targets")
    ttl, labels = fields.get("recordttl"), fields.get("labels")
    if not isinstance(ttl, int | None) or isinstance(ttl, bool):
        raise InputError("recordTTL must be an integer, in seconds", f"{path}.recordTTL")
    known = labels if isinstance(labels, Mapping) else {}
    return DnsEndpoint(name.removesuffix(".").lower(), record_type.upper(), tuple(targets or ()), ttl or None, known)


def adjust(endpoint: DnsEndpoint) -> DnsEndpoint:
    """Return the endpoint as it will be shown once it is stored; what is not valid stays as it is."""
    targets = tuple(dict.fromkeys(canonical_target(endpoint.record_type, target) for target in endpoint.targets))
    return DnsEndpoint(_canonical_name(endpoint.name), endpoint.record_type, targets, endpoint.ttl, endpoint.labels)


def _canonical_name(name: str) -> str:
    """Return a name with A-labels: external-dns derives the name of its TXT record from it."""
    try:
        return print_domain(parse_full_owner(name))
    except InputError:
        return name


def canonical_target(record_type: str, target: str) -> str:
    """Return a target as `print_target` prints it, or as it is if it is not valid data of the type."""
    try:
        text = read_content(record_type, target)
        parsed = parse_rdata(record_type, text.value, text.priority, dns.name.root)
    except InputError:
        return target
    record = Record.from_parsed(
        parsed, uuid=UUID(int=0), owner=dns.name.root, ttl=0, comment="", created_at=_NO_TIME, updated_at=_NO_TIME
    )
    return print_target(record)


def print_target(record: Record) -> str:
    """Return the data of a record as a target: in presentation format, without the final dot of a host name."""
    content = print_content(record)
    is_null = content == "." or content.endswith(" .")
    return content if is_null else content.removesuffix(".")


def merge(endpoints: Iterable[DnsEndpoint]) -> list[DnsEndpoint]:
    """Return one endpoint for each name and type, with the targets of all; the last TTL that is given counts.

    external-dns sends several with a `setIdentifier` each, for services that answer by weight or place. Raise
    InputError for more targets than an RRset may have.
    """
    found: dict[tuple[str, str], DnsEndpoint] = {}
    for endpoint in endpoints:
        key = endpoint.name, endpoint.record_type
        former = found.get(key, endpoint)
        targets = tuple(dict.fromkeys((*former.targets, *endpoint.targets)))
        _check_number(targets, f"{endpoint.name}.targets")
        found[key] = DnsEndpoint(*key, targets, endpoint.ttl or former.ttl, endpoint.labels)
    return list(found.values())


def _check_number(targets: Sequence[object], path: str) -> None:
    if len(targets) > MAX_RRSET_RECORDS:
        raise InputError(
            f"there are {len(targets)} targets; an RRset may have at most {MAX_RRSET_RECORDS} records", path
        )
