"""The appliance: `dns-appliance run`, as tests start it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import dns.name
from dns.rdatatype import RdataType

from appliance.addresses import Endpoint
from appliance.render.zone_file import record_line
from appliance.settings.reading import STORE_IN_STATE
from appliance.store import record_writes, tables, zones
from appliance.store.file import sqlite
from appliance.store.file.database import Store
from appliance.web.metrics import COUNTERS
from appliance.zones.changes import Create
from appliance.zones.model import Record, Zone
from appliance.zones.names import parse_domain
from bench.series import APPLIANCE
from bench.systems.connection import LOOPBACK, Connection
from bench.systems.system import Client, Content
from tests.appliance import Appliance
from tests.many_zones import add_zones
from tests.pair import wait_for

API = "/api/v1"
TEMPLATE = "template.example"
EMAIL = "bench@example.org"
_NOT_LIVE = (
    "select count(*) from zone left join deployment on zone_id = zone.id"
    " where deleted_at is null and (live_serial is null or live_serial <> zone.serial)"
)
_COPIED = [
    "kind",
    "account",
    "actor",
    "address",
    "comment",
    "created_at",
    "format",
    "removed",
    "added",
    "settings",
    "removed_count",
    "added_count",
    "changed_count",
]
_CREATIONS = (
    f"insert into change (uuid, zone_id, serial, {', '.join(_COPIED)})"  # noqa: S608 - names of columns
    f" select lower(hex(randomblob(16))), zone.id, zone.serial, {', '.join(f'first.{name}' for name in _COPIED)}"
    " from zone join (select * from change where zone_id = (select id from zone where uuid = ?) order by id limit 1)"
    " as first where zone.id not in (select zone_id from change)"
)
_RECONCILED = "select count(*) from heartbeat where reconciled_at > ?"


@dataclass(frozen=True, slots=True)
class ApplianceAccess:
    """The API of the appliance, and a token."""

    port: int
    token: str

    def open(self) -> Client:
        """Return a new client."""
        return ApplianceClient(self)


class ApplianceClient:
    """A client of the API."""

    def __init__(self, access: ApplianceAccess) -> None:
        self._http = Connection(access.port, {"Authorization": f"Bearer {access.token}"})
        self._records: dict[tuple[str, str], str] = {}

    def prepare(self, domain: str, hosts: Sequence[str]) -> None:
        """Look up the records of these hosts."""
        for host in hosts:
            path = f"{API}/dns-records/?zone={domain}&record_type=A&name={host}.{domain}"
            (record,) = json.loads(self._http.expect(200, "GET", path))
            self._records[domain, host] = f"{API}/dns-records/{record['uuid']}/"

    def change(self, domain: str, host: str, address: str) -> bool:
        """Change the address of a host; return whether the change was accepted."""
        return self._http.status_and_body("PATCH", self._records[domain, host], {"value": address})[0] == 200

    def create_hosts(self, domain: str, hosts: Iterable[tuple[str, str]]) -> None:
        """Create an A record for each of these hosts, in one request."""
        changes = [{"action": "create", "record_type": "A", "name": host, "value": value} for host, value in hosts]
        self._http.expect(200, "POST", f"{API}/dns-zones/{self._uuid(domain)}/changes/", {"changes": changes})

    def create_zone(self, domain: str) -> None:
        """Create a zone without records."""
        self._http.expect(201, "POST", f"{API}/dns-zones/", {"domain": domain})

    def import_zone(self, content: Content) -> None:
        """Create a zone and replace its records by those of a zone file."""
        zone = json.loads(self._http.expect(201, "POST", f"{API}/dns-zones/", {"domain": content.domain}))
        self._http.expect(200, "PUT", f"{API}/dns-zones/{zone['uuid']}/zonefile/", content.zone_file())

    def list_zones(self) -> int:
        """Return how many zones the first page has."""
        return len(json.loads(self._http.expect(200, "GET", f"{API}/dns-zones/?page_size=100")))

    def replicate(self, domain: str, *, is_new: bool = False) -> None:
        """Do nothing: the appliance replicates every change itself."""

    def _uuid(self, domain: str) -> str:
        found = json.loads(self._http.expect(200, "GET", f"{API}/dns-zones/?search={domain}"))
        return next(str(zone["uuid"]) for zone in found if zone["domain"] == domain)


class ApplianceSystem:
    """An embedded appliance."""

    name = APPLIANCE

    def __init__(self) -> None:
        self._state = Path(tempfile.mkdtemp(prefix="bench-appliance-"))
        self._appliance = Appliance(self._state, processes=0)
        self._token = ""

    @property
    def nameservers(self) -> tuple[Endpoint, Endpoint]:
        """Return where ns1 and ns2 answer."""
        port = self._appliance.ports.dns
        return Endpoint(LOOPBACK, port), Endpoint(LOOPBACK, port + 1)

    @property
    def store(self) -> Path:
        """Return the store's file."""
        return self._state / STORE_IN_STATE

    def start(self) -> None:
        """Start it; its first start creates an account, a token, and the zone that others are copies of."""
        self._appliance.start()
        if not self._token:
            self._token = self._appliance.token(EMAIL)
            self.access().open().create_zone(TEMPLATE)

    def stop(self) -> None:
        """Stop it."""
        if self._appliance.process is not None:
            self._appliance.stop(signal.SIGTERM)

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self._state)

    def fill(self, contents: Sequence[Content]) -> None:
        """Store the zones with the functions of the store, without any check."""
        store = Store(self.store, durable=False)
        store.attach()
        with store.connection():
            fill_store(store, TEMPLATE, contents)

    def wait_until_served(self) -> None:
        """Wait until the deployer has seen both serve every zone."""
        wait_for(lambda: not self._count(_NOT_LIVE), "every zone is live", 3600)

    def wait_until_reconciled(self, since: datetime) -> None:
        """Wait until the deployer has completed a reconciliation after that moment."""
        moment = tables.Heartbeat.reconciled_at.db_value(since)
        wait_for(lambda: self._count(_RECONCILED, moment), "the deployer has reconciled", 3600)

    def access(self) -> ApplianceAccess:
        """Return how clients reach it."""
        return ApplianceAccess(self._appliance.ports.api, self._token)

    def counted(self) -> Mapping[tuple[str, str], float]:
        """Return what the deployer has counted since its start, by counter and label, at most one heartbeat ago."""
        return counters(self._appliance.get("/metrics").text)

    def processes(self) -> Mapping[int, str]:
        """Return the name of each of its processes by its id."""
        found = {pid: process_name(line) for pid, line in self._appliance.running_processes().items()}
        own = {} if self._appliance.process is None else {self._appliance.process.pid: "run"}
        return own | found

    def _count(self, query: str, *parameters: object) -> int:
        with closing(sqlite.connect(self.store)) as reader:
            return int(reader.execute(query, parameters).get)


def process_name(command_line: str) -> str:
    """Return the name of a process of the appliance: ns1, ns2, a command of the program, or its program's name."""
    for pattern in (r"/(ns[12])/named\.conf", r"-m appliance ([a-z]+)"):
        if found := re.search(pattern, command_line):
            return found[1]
    return Path(command_line.split(maxsplit=1)[0]).name


def counters(metrics: str) -> dict[tuple[str, str], float]:
    """Return the counters of the deployer among the metrics."""
    names = "|".join(COUNTERS)
    found = re.findall(rf'^dns_appliance_({names})_total{{\w+="([^"]*)"}} ([0-9.e+]+)$', metrics, re.MULTILINE)
    return {(name, label): float(number) for name, label, number in found}


def fill_store(store: Store, template: str, contents: Sequence[Content]) -> None:
    """Insert zones, copies of the template except for their records. This thread must be connected."""
    like = zones.get_by_name(parse_domain(template))
    if like is None:
        raise SystemExit(f"{template} is missing")
    for records, same in groupby(sorted(contents, key=lambda one: one.records), key=lambda one: one.records):
        part = list(same)
        add_zones(store, like, (one.domain for one in part), record_count=records)
        if records:
            with store.writing():
                for content in part:
                    _insert_records(content)
    with store.writing():  # as every zone has one: without it the first change of a zone is published by its file
        tables.Change._meta.database.execute_sql(_CREATIONS, (like.uuid.hex,))


def _insert_records(content: Content) -> None:
    zone = zones.get_by_name(parse_domain(content.domain))
    if zone is None:
        raise SystemExit(f"{content.domain} was not stored")
    record_writes.execute(record_writes.prepare(zone, map(Create, _records(zone, content)), record_line))


def _records(zone: Zone, content: Content) -> Iterator[Record]:
    now = datetime.now(UTC)
    for host, address in content.hosts():
        owner = dns.name.Name((host.encode(), *zone.name.labels))
        wire = bytes(map(int, address.split(".")))
        yield Record(uuid4(), owner, RdataType.A, 300, wire, address, None, "", now, now)
