"""A real primary and secondary for tests: two named processes on loopback, run by an unprivileged user.

`with Pair() as pair:` starts both and waits until each serves the catalog. If the block fails, their logs are kept and
their paths are logged.
"""

from __future__ import annotations

import logging
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TypedDict
from uuid import UUID, uuid4

import dns.name
from dns.name import Name

from appliance.addresses import Endpoint, Nameserver
from appliance.embedded.state import reachable_program, unprivileged_owner
from appliance.keys import Key, new_key
from appliance.nameserver.catalog import CatalogUpdates
from appliance.nameserver.control import Control
from appliance.nameserver.isccc import RndcConnection
from appliance.nameserver.notify_sender import NotifySender
from appliance.nameserver.version import current_version
from appliance.nameserver.zone_files import ZoneFiles
from appliance.queries.bulk import query_all
from appliance.render.named_conf import Peer, Primary, Secondary, catalog_zone, named_conf

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
CATALOG = dns.name.from_text("catalog.appliance.test")
MIN_PAUSE, MAX_PAUSE = 0.002, 0.05
"""Seconds between two polls of `wait_for`; polling takes time from what it waits for."""
_FOLDERS = (f"{sys.prefix}/sbin", "/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin")


def program(name: str, folder: Path | None = None) -> str:
    """Return the path of one of BIND's programs, in that folder or this machine's; fail if it is missing."""
    folders = (str(folder),) if folder else _FOLDERS
    found = shutil.which(name, path=os.pathsep.join(folders))
    assert found, f"{name} is in none of {folders}"
    return found


def free_port() -> int:
    """Return a port that is free for UDP and TCP, below the ephemeral range."""
    for port in random.sample(range(15000, 32000), 200):
        with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind((LOOPBACK, port))
                tcp.bind((LOOPBACK, port))
            except OSError:
                continue
        return port
    raise AssertionError("no free port")


def wait_for(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Return as soon as the condition is true; fail with `what` if it is not within that time."""
    end = time.monotonic() + seconds
    pause = MIN_PAUSE
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(pause)
        pause = min(pause * 1.2, MAX_PAUSE)


def small_zone(zone: Name, serial: int, address: str = "192.0.2.1") -> bytes:
    """Return a zone file with a few records."""
    name = zone.to_text()
    return (
        f"{name} 300 IN SOA {small_zone_soa(serial)}\n"
        f"{name} 300 IN NS ns1.appliance.test.\nwww.{name} 300 IN A {address}\n"
    ).encode()


def small_zone_soa(serial: int) -> str:
    """Return the data of the SOA record of a `small_zone`."""
    return f"ns1.appliance.test. hostmaster.appliance.test. {serial} 3600 300 2419200 300"


class Named:
    """A named process with its own directory."""

    def __init__(self, directory: Path, configuration: bytes, bind: Path | None = None) -> None:
        self.directory = directory
        self._configuration = directory / "named.conf"
        self._configuration.write_bytes(configuration)
        self._program = reachable_program(Path(program("named", bind)), directory, unprivileged_owner())
        self._process: subprocess.Popen[bytes] | None = None
        self.log = directory / "named.log"

    def start(self) -> None:
        """Start it, without waiting until it responds."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                (self._program, "-g", "-n", "2", "-c", str(self._configuration)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                **_unprivileged_user(),
            )

    def reconfigure(self, configuration: bytes) -> None:
        """Give it another configuration, without waiting until it has read that."""
        assert self._process is not None
        self._configuration.write_bytes(configuration)
        self._process.send_signal(signal.SIGHUP)

    def pause(self) -> None:
        """Suspend it until `resume`, as if it hung; return when every thread is stopped."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        threads = Path(f"/proc/{self._process.pid}/task")
        wait_for(lambda: all("T (stop" in (t / "status").read_text() for t in threads.iterdir()), "named is suspended")

    def resume(self) -> None:
        """Continue it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Terminate it and wait for its end; continue it first if it is suspended."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(number)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class Pair:
    """A primary and its secondary, with what a deployer needs to control them.

    `bind` are the folders of their programs, None for those of this machine.
    """

    def __init__(self, bind: tuple[Path | None, Path | None] = (None, None)) -> None:
        self._releases = tuple(current_version(program("named", folder)) for folder in bind)
        self.root = Path(tempfile.mkdtemp(prefix="pair-"))
        self.catalog = CATALOG
        self.primary = Nameserver("ns1.appliance.test", Endpoint(LOOPBACK, free_port()))
        self.secondary = Nameserver("ns2.appliance.test", Endpoint(LOOPBACK, free_port()))
        self.control_port = free_port()
        self.control_key, self.update_key, self.transfer_key = (new_key(n) for n in ("control", "update", "transfer"))
        self.zones = self.root / "ns1" / "zones"
        self.key_file = self.root / "rndc.key"
        self._create_folders()
        self.ns1 = Named(self.root / "ns1", named_conf(self._primary_settings()), bind[0])
        self.ns2 = Named(self.root / "ns2", named_conf(self._secondary_settings()), bind[1])
        self.files = ZoneFiles(self.zones)
        self.connection = RndcConnection(Endpoint(LOOPBACK, self.control_port), self.control_key)
        self.control = Control(self.connection)
        self.updates = CatalogUpdates(self.primary.endpoint, CATALOG, self.update_key)

    def __enter__(self) -> Pair:
        try:
            self.start()
        except BaseException:
            self._end(failed=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(failed=error is not None)

    def start(self) -> None:
        """Start the primary, then the secondary, and wait until both serve the catalog."""
        self.ns1.start()
        self.wait_for_any_serial(self.primary, CATALOG)
        self.ns2.start()
        self.wait_for_any_serial(self.secondary, CATALOG)

    def serial(self, server: Nameserver, zone: Name) -> int | None:
        """Return the serial that a server serves now; None if it has no such zone or does not respond."""
        response = query_all([(server, zone)], timeout=0.1, retries=0)[server, zone]
        return response.serial if response else None

    def wait_for_serial(self, server: Nameserver, zone: Name, serial: int | None) -> None:
        """Wait until a server serves exactly this serial (None: no longer serves the zone)."""
        wait_for(lambda: self.serial(server, zone) == serial, f"{server.name} serves {zone} at {serial}")

    def wait_for_any_serial(self, server: Nameserver, zone: Name) -> None:
        """Wait until a server serves the zone."""
        wait_for(lambda: self.serial(server, zone) is not None, f"{server.name} serves {zone}")

    def put(self, uuid: UUID, content: bytes) -> str:
        """Stage and publish one zone file; return its path."""
        self.files.stage(uuid, content)
        self.files.publish(uuid)
        return str(self.files.path(uuid))

    def notify(self, zone: Name) -> None:
        """Notify the secondary of the zone, as the deployer does."""
        with closing(NotifySender([self.secondary], self.transfer_key, lambda: datetime.now(UTC))) as notifies:
            notifies.send(zone)

    def create(self, zone: Name, serial: int, address: str = "192.0.2.1") -> UUID:
        """Make the primary serve a small zone and list it in the catalog under its uuid."""
        uuid = uuid4()
        self.control.add_zone(zone, self.put(uuid, small_zone(zone, serial, address)))
        self.updates.change(remove={}, add={uuid.hex: zone})
        return uuid

    def reconfigure(self, control: tuple[Key, ...], update: tuple[Key, ...], transfer: tuple[Key, ...]) -> None:
        """Let both use the first of these keys and accept the others."""
        self.control_key, self.update_key, self.transfer_key = control[0], update[0], transfer[0]
        primary = replace(
            self._primary_settings(),
            other_control_keys=control[1:],
            other_update_keys=update[1:],
            other_transfer_keys=transfer[1:],
        )
        self.ns1.reconfigure(named_conf(primary))
        self.ns2.reconfigure(named_conf(replace(self._secondary_settings(), other_keys=transfer[1:])))

    def lose_catalog(self) -> None:
        """Restart the primary with an empty catalog, whose serial is behind that of the secondary."""
        self.ns1.stop(signal.SIGKILL)
        self._catalog.with_name("catalog.zone.jnl").unlink(missing_ok=True)
        self._catalog.write_bytes(catalog_zone(CATALOG, 1))
        self.ns1.start()
        self.wait_for_serial(self.primary, CATALOG, 1)

    @property
    def _catalog(self) -> Path:
        return self.root / "ns1" / "catalog.zone"

    def _primary_settings(self) -> Primary:
        return Primary(
            listen=(self.primary.endpoint,),
            directory=str(self.root / "ns1"),
            catalog=CATALOG,
            catalog_file=str(self._catalog),
            control=Endpoint(LOOPBACK, self.control_port),
            control_key=self.control_key,
            update_key=self.update_key,
            transfer_key=self.transfer_key,
            secondaries=(Peer(self.secondary.endpoint, self.transfer_key),),
            release=self._releases[0],
        )

    def _secondary_settings(self) -> Secondary:
        return Secondary(
            listen=(self.secondary.endpoint,),
            directory=str(self.root / "ns2"),
            zone_directory=str(self.root / "ns2" / "zones"),
            catalog=CATALOG,
            catalog_file=str(self.root / "ns2" / "catalog.zone"),
            primary=Peer(self.primary.endpoint, self.transfer_key),
            release=self._releases[1],
        )

    def _create_folders(self) -> None:
        self.root.chmod(0o755)
        for folder in (self.root / "ns1", self.root / "ns2", self.zones, self.root / "ns2" / "zones"):
            folder.mkdir()
            os.chown(folder, _unprivileged_user().get("user", -1), -1)
        self._catalog.write_bytes(catalog_zone(CATALOG, 1))
        self.key_file.write_text(self.control_key.statement())

    def _end(self, failed: bool) -> None:
        self.connection.close()
        self.ns2.stop()
        self.ns1.stop()
        if failed:
            log.error("the logs are kept: %s %s", self.ns1.log, self.ns2.log)
        else:
            shutil.rmtree(self.root)


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _unprivileged_user() -> _Identity:
    """Return the user that runs named: an unprivileged one if the tests run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
