"""PowerDNS Authoritative with its HTTP API on SQLite, and a second one as secondary, configured for speed.

Its commits are durable, as those of the appliance: synchronous=FULL. What makes it fast is that it rectifies no zone,
that no cache can be stale, and a transfer that the client itself starts after each change.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from appliance.addresses import Endpoint
from bench.series import POWERDNS
from bench.systems.connection import LOOPBACK, Connection, RequestFailed
from bench.systems.system import Access, Client, Content
from bench.systems.unpacked import UNPACKED, program
from tests.pair import free_port, wait_for

KEY = "bench"
ZONES = "/api/v1/servers/localhost/zones"
CONFIGURATION = """\
launch=gsqlite3
module-dir={modules}
gsqlite3-database={folder}/zones.sqlite3
gsqlite3-pragma-synchronous=2
gsqlite3-pragma-foreign-keys=yes
local-address=127.0.0.1
local-port={server.port}
socket-dir={folder}
api=yes
api-key={key}
webserver=yes
webserver-address=127.0.0.1
webserver-port={api}
webserver-loglevel=none
webserver-max-bodysize=256
loglevel=3
default-api-rectify=no
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
xfr-cycle-interval=1
allow-axfr-ips=127.0.0.0/8
allow-notify-from=127.0.0.0/8
"""
ROLES = ("primary=yes\nonly-notify=127.0.0.2/32\nalso-notify={peer}\n", "secondary=yes\n")


@dataclass(frozen=True, slots=True)
class PowerdnsAccess:
    """The APIs of both servers, and where the secondary transfers zones from."""

    primary: int
    secondary: int
    source: Endpoint

    def open(self) -> Client:
        """Return a new client."""
        return PowerdnsClient(self)


class PowerdnsClient:
    """A client of the APIs of both servers."""

    def __init__(self, access: PowerdnsAccess) -> None:
        self._primary, self._secondary = (
            Connection(port, {"X-API-Key": KEY}) for port in (access.primary, access.secondary)
        )
        self._source = f"{access.source.host}:{access.source.port}"

    def prepare(self, domain: str, hosts: Sequence[str]) -> None:
        """Do nothing: a change needs the names only."""

    def change(self, domain: str, host: str, address: str) -> bool:
        """Replace the addresses of a host; return whether the change was accepted."""
        body = {"rrsets": [_rrset(domain, host, address)]}
        return self._primary.status_and_body("PATCH", f"{ZONES}/{domain}.", body)[0] == 204

    def create_hosts(self, domain: str, hosts: Iterable[tuple[str, str]]) -> None:
        """Create an A record for each of these hosts, in one request."""
        body = {"rrsets": [_rrset(domain, host, address) for host, address in hosts]}
        self._primary.expect(204, "PATCH", f"{ZONES}/{domain}.", body)

    def create_zone(self, domain: str) -> None:
        """Create a zone without records."""
        body = {"name": f"{domain}.", "kind": "Master", "nameservers": ["localhost."]}
        self._primary.expect(201, "POST", f"{ZONES}?rrsets=false", body)

    def import_zone(self, content: Content) -> None:
        """Create a zone from a zone file."""
        body = {"name": f"{content.domain}.", "kind": "Master", "zone": content.zone_file()}
        self._primary.expect(201, "POST", f"{ZONES}?rrsets=false", body)

    def list_zones(self) -> int:
        """List all zones, since its API has no pages, and return how many there are."""
        return self._primary.expect(200, "GET", f"{ZONES}?dnssec=false").count(b'"url"')

    def replicate(self, domain: str, *, is_new: bool = False) -> None:
        """Create a new zone on the secondary, and let it transfer the zone."""
        if is_new:
            body = {"name": f"{domain}.", "kind": "Slave", "masters": [self._source]}
            self._secondary.expect(201, "POST", f"{ZONES}?rrsets=false", body)
        self._secondary.expect(200, "PUT", f"{ZONES}/{domain}./axfr-retrieve")


class _Server:
    """One pdns_server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.endpoint = Endpoint(LOOPBACK, free_port())
        self.api = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        with closing(self.connect()) as database:
            database.execute("pragma journal_mode = wal")
            database.execute((UNPACKED / "usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql").read_text())

    def connect(self) -> apsw.Connection:
        return apsw.Connection(str(self.folder / "zones.sqlite3"))

    def start(self, role: str) -> None:
        modules = next((UNPACKED / "usr/lib").glob("*/pdns"))
        text = CONFIGURATION.format(folder=self.folder, server=self.endpoint, key=KEY, api=self.api, modules=modules)
        (self.folder / "pdns.conf").write_text(text + role)
        argv = (program("pdns_server"), f"--config-dir={self.folder}", "--daemon=no", "--guardian=no")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self._answers, f"PowerDNS answers; its log is {self.folder}/log", 120)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
            self.process = None

    def _answers(self) -> bool:
        try:
            Connection(self.api, {"X-API-Key": KEY}).expect(200, "GET", "/api/v1/servers/localhost")
        except (OSError, RequestFailed):
            return False
        return True


class Powerdns:
    """The pair of PowerDNS servers."""

    name = POWERDNS

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="bench-powerdns-"))
        self._servers = [_Server(self._folder / server) for server in ("ns1", "ns2")]

    @property
    def nameservers(self) -> tuple[Endpoint, Endpoint]:
        """Return where the primary and the secondary answer."""
        primary, secondary = self._servers
        return primary.endpoint, secondary.endpoint

    def start(self) -> None:
        """Start both."""
        peer = self._servers[1].endpoint
        for server, role in zip(self._servers, ROLES, strict=True):
            server.start(role.format(peer=f"{peer.host}:{peer.port}"))

    def stop(self) -> None:
        """Stop both."""
        for server in self._servers:
            server.stop()

    def close(self) -> None:
        """Stop both and remove their folders."""
        self.stop()
        shutil.rmtree(self._folder)

    def fill(self, contents: Sequence[Content]) -> None:
        """Insert the zones into both databases."""
        source = self.nameservers[0]
        for server, kind in zip(self._servers, ("MASTER", "SLAVE"), strict=True):
            with closing(server.connect()) as database, database:
                for content in contents:
                    _insert(database, content, kind, f"{source.host}:{source.port}")

    def wait_until_served(self) -> None:
        """Return at once: what is in the databases is served."""

    def access(self) -> Access:
        """Return how clients reach it."""
        primary, secondary = self._servers
        return PowerdnsAccess(primary.api, secondary.api, primary.endpoint)

    def processes(self) -> Mapping[int, str]:
        """Return the name of each of its processes by its id."""
        running = zip(("ns1", "ns2"), self._servers, strict=True)
        return {server.process.pid: name for name, server in running if server.process is not None}


def _rrset(domain: str, host: str, address: str) -> dict[str, object]:
    records = [{"content": address, "disabled": False}]
    return {"name": f"{host}.{domain}.", "type": "A", "ttl": 300, "changetype": "REPLACE", "records": records}


def _insert(database: apsw.Connection, content: Content, kind: str, source: str) -> None:
    domain = content.domain
    database.execute(
        "insert into domains (name, type, master, notified_serial) values (?, ?, ?, 1)",
        (domain, kind, source if kind == "SLAVE" else None),
    )
    number = database.last_insert_rowid()
    if kind == "MASTER":
        database.execute(
            "insert into domainmetadata (domain_id, kind, content) values (?, 'SOA-EDIT-API', 'DEFAULT')", (number,)
        )
    soa = f"localhost hostmaster.{domain} 1 10800 3600 604800 3600"
    rows = [(number, domain, "SOA", soa), (number, domain, "NS", "localhost")]
    rows += ((number, f"{host}.{domain}", "A", address) for host, address in content.hosts())
    database.executemany(
        "insert into records (domain_id, name, type, content, ttl, disabled, auth) values (?, ?, ?, ?, 300, 0, 1)", rows
    )
