"""The provider: what octoDNS calls to read zones and to apply plans."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.metadata import version

from octodns.provider import ProviderException
from octodns.provider.base import BaseProvider
from octodns.provider.plan import Plan
from octodns.record import Change, Record
from octodns.zone import Zone

from octodns_dns_appliance import records
from octodns_dns_appliance.api import Answer, Api, ApiError, zone_path

AGENT = f"octodns-dns-appliance/{version('octodns-dns-appliance')}"


@dataclass(frozen=True)
class Known:
    """What was read of a zone: its ETag, and the nameservers that the appliance itself publishes at the apex."""

    etag: str
    nameservers: frozenset[str]


class DnsApplianceProvider(BaseProvider):
    """Zones of one appliance, as a target and as a source."""

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS_MULTIVALUE_PTR = True
    SUPPORTS_ROOT_NS = True
    SUPPORTS = records.TYPES & set(Record.registered_types())

    def __init__(self, id: str, url: str, token: str, wait: int = 30, **options: object) -> None:  # noqa: A002 - octoDNS names it
        """Take URL and token of the appliance, and for how many seconds, 0 to 60, a plan waits to be served."""
        self.log = logging.getLogger(f"DnsApplianceProvider[{id}]")
        super().__init__(id, **options)
        if not 0 <= int(wait) <= 60:
            raise ProviderException(f"{id}: wait: {wait} is not a number of seconds from 0 to 60")
        self._wait = int(wait)
        self._known: dict[str, Known] = {}
        try:
            self._api = Api(url, token, AGENT)
        except ValueError as error:
            raise ProviderException(f"{id}: {error}") from error

    def list_zones(self) -> list[str]:
        """Return the domains, with a final dot, of all zones that the token sees."""
        try:
            return sorted(f"{zone['domain']}." for zone in self._api.listed("dns-zones/"))
        except ApiError as error:
            raise ProviderException(f"{self.id}: {error}") from error

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:
        """Add the records of the zone to it. Return whether the appliance has the zone."""
        self._known.pop(zone.name, None)
        try:
            answer = self._api.get(zone_path(zone.name))
            found = [*records.data_of(answer.document["records"])]
        except ApiError as error:
            if error.status == 404:
                return False
            raise ProviderException(f"{self.id}: {zone.name} {error}") from error
        except ValueError as error:
            raise ProviderException(f"{self.id}: {error}") from error
        known = self._known[zone.name] = known_of(answer)
        for fqdn, data in with_own(found, zone.name, known.nameservers, answer.document["default_ttl"]):
            name = zone.hostname_from_fqdn(fqdn)
            zone.add_record(Record.new(zone, name, data, source=self, lenient=lenient), lenient=lenient)
        self.log.info("populate:   found %d records, exists=True", len(zone.records))
        return True

    def _process_desired_zone(self, desired: Zone) -> Zone:
        known, root = self._known.get(desired.name), desired.root_ns
        if known and root and (missing := known.nameservers - set(root.values)):
            self.supports_warn_or_except(
                f"NS of {desired.name} without {' '.join(sorted(missing))}, which the appliance always publishes",
                "adding them",
            )
            whole = root.copy(values=sorted({*root.values, *missing}))
            desired.add_record(whole, replace=True, lenient=True)
        return super()._process_desired_zone(desired)

    def _process_existing_zone(self, existing: Zone, desired: Zone, lenient: bool = False) -> Zone:
        """Take the TTL of NS at the apex as it is: it is a setting of the appliance."""
        if existing.root_ns and desired.root_ns:
            same = existing.root_ns.copy()
            same.ttl = desired.root_ns.ttl
            existing.add_record(same, replace=True, lenient=True)
        return super()._process_existing_zone(existing, desired, lenient=lenient)

    def _apply(self, plan: Plan) -> None:
        name = plan.desired.name
        try:
            if not plan.exists:
                self._create(name, [change.new for change in plan.changes])
            else:
                self._change(name, plan.changes)
        except ApiError as error:
            raise ProviderException(f"{self.id}: {name} {explained(error, plan)}") from error

    def _create(self, name: str, desired: list[Record]) -> None:
        """Create the zone with its records, then publish further nameservers, which only the new zone can name."""
        root = [record for record in desired if is_root_ns(record)]
        rest = [created for record in desired if not is_root_ns(record) for created in records.creations(record)]
        answer = self._api.post("dns-zones/", {"domain": name.rstrip("."), "records": rest}, wait=self._wait)
        self._report(name, answer)
        self._known[name] = known_of(answer)
        further = [record for record in root if self._values(name, record)]
        if further:
            self._replace(name, [records.replacement(record, self._values(name, record)) for record in further])

    def _change(self, name: str, changes: list[Change]) -> None:
        """Apply all changes of a plan, if the zone is as it was when the plan was computed."""
        wanted = [
            records.replacement(change.new or change.existing, self._values(name, change.new) if change.new else [])
            for change in changes
        ]
        self._replace(name, wanted, {"If-Match": self._known[name].etag})

    def _replace(self, name: str, wanted: list[dict[str, object]], headers: dict[str, str] | None = None) -> None:
        body = {"comment": f"octoDNS, provider {self.id}"[:500], "changes": wanted}
        self._report(name, self._api.post(f"{zone_path(name)}changes/", body, wait=self._wait, headers=headers))

    def _values(self, name: str, record: Record) -> list[dict[str, object]]:
        """Return the values that the API accepts: at the apex without the appliance's own nameservers."""
        values = records.values_of(record)
        own = self._known[name].nameservers if is_root_ns(record) else ()
        return [value for value in values if value["value"] not in own]

    def _report(self, name: str, answer: Answer) -> None:
        if self._wait and not answer.live:
            self.log.warning("%s is stored; not every nameserver was seen serving it in %d s", name, self._wait)


def known_of(answer: Answer) -> Known:
    """Return what the answer with a zone says of it."""
    states = answer.document["deployment"]["nameservers"]
    return Known(answer.headers["ETag"], frozenset(f"{state['name'].rstrip('.').lower()}." for state in states))


def with_own(
    found: list[tuple[str, dict[str, object]]], apex: str, own: frozenset[str], ttl: int
) -> list[tuple[str, dict[str, object]]]:
    """Return the sets with the NS records at the apex, which the appliance publishes and its API does not show."""
    further = [data for fqdn, data in found if fqdn == apex and data["type"] == "NS"]
    rest = [(fqdn, data) for fqdn, data in found if not (fqdn == apex and data["type"] == "NS")]
    values = sorted({*own, *(value for data in further for value in data["values"])})  # type: ignore[attr-defined]
    return [*rest, (apex, {"type": "NS", "ttl": further[0]["ttl"] if further else ttl, "values": values})]


def is_root_ns(record: Record) -> bool:
    """Return whether these are the NS records at the apex of the zone."""
    return bool(record.name == "" and record.rrs[2] == "NS")


def explained(error: ApiError, plan: Plan) -> str:
    """Return the error with the name and type of the record set that it is about."""
    index = (error.field or "").removeprefix("changes.").split(".")[0]
    if error.status == 412:
        return "has changed since the plan was computed: run octodns-sync again"
    if not index.isdigit() or not plan.exists:
        return str(error)
    change = plan.changes[int(index)]
    name, _, kind, _ = (change.new or change.existing).rrs
    return f"{kind} {name}: {error}"
