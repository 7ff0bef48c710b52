"""The testbed of sweeps: two nameservers, a store with its editor, and `deployer --once` as a program.

A round is one run of the deployer with every kind of change: five zones changed, one created, one deleted. Two of the
five have a version that is served and not yet proven, as if a deployer was killed after its UPDATE; of one of these
nothing is known any longer, so that it is published by a file over what that UPDATE changed. One is signed, and so is
every second one that is created; the keys of the former are known.
"""

from __future__ import annotations

import hashlib
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import dns.name
import dns.update
from dns.name import Name
from dns.rdatatype import RdataType

from appliance.addresses import Nameserver
from appliance.editing import RecordInput
from appliance.editing.new_zones import EMPTY, ZoneContent
from appliance.errors import CommandError
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.file_head import read_head
from appliance.render.zone_file import soa_line, zone_file
from appliance.store import records, zones
from appliance.zones.delta import WireRecord
from appliance.zones.model import Zone
from appliance.zones.signing import SigningState
from tests.deploy.signing.signer import Signer
from tests.deployed import host_of
from tests.pair import LOOPBACK, Pair, program, wait_for
from tests.signed_updates import send_update
from tests.soak.preloaded import ReadyProgram, RunResult
from tests.soak.transfers import Transfers
from tests.soak.validation import fault_of_copy
from tests.soak.zone_versions import Version, record_of, serial_of, version_in_file, version_of
from tests.workspace import APEX, Workspace, open_workspace

RECORDS = 30
SIGNED = ZoneContent(dnssec=True)

REPAIR_TIMEOUT = 60.0
"""Seconds within which a run without fault must make all zones live."""

LOAD_TIMEOUT = 10.0
"""Seconds within which a restarted primary must have loaded its zones."""

_AS_NAMED = b"$ORIGIN .\n"
"""How files begin that named wrote."""


class Testbed:
    """Nameservers, store and zones of the rounds. `versions` and `files` have all committed versions."""

    def __init__(self, pair: Pair, workspace: Workspace, folder: Path, records: int) -> None:
        self.pair, self.folder = pair, folder
        self.workspace = replace(workspace, editor=replace(workspace.editor, announce=lambda: None))
        self.config = folder / "config.toml"
        self.config.write_text(_settings(pair, workspace.store.path, folder))
        self.program = ReadyProgram(folder, REPAIR_TIMEOUT)
        self.versions: dict[tuple[str, int], Version] = {}
        self.files: dict[str, set[bytes]] = {}
        """Their digests."""
        self._checker = ZoneChecker(program("named-checkzone"), program("named-checkconf"))
        self.rounds = 0
        self.large = workspace.zone("large.example")
        self.small = [workspace.zone(f"small-{number}.example") for number in range(3)]
        self.kept = workspace.zone("kept.example")
        self.signed = workspace.editor.create_zone(workspace.owner, "signed.example", SIGNED)
        self.newest = workspace.zone("fresh-0.example")
        self.deleted: list[Zone] = []
        texts = [RecordInput("TXT", f"t{number}", "x" * 200) for number in range(records)]
        self.workspace.editor.replace_records(workspace.owner, self.large.uuid, texts)
        self._changing = [
            workspace.add(zone, "A", "www", "10.1.0.0").uuid for zone in (self.large, *self.small, self.signed)
        ]
        self.deploy()
        signer = Signer(self.workspace, host_of(pair, APEX), pair, self.signed)
        signer.wait_for_state(SigningState.DS_WAIT)
        self._record_all()

    @property
    def zones(self) -> tuple[Zone, ...]:
        """The zones that must be served."""
        return self.large, *self.small, self.signed, self.kept, self.newest

    def change(self, *, touch: bool = False) -> None:
        """Change five zones, create one and delete one; `touch` the file of another as named itself does."""
        self.rounds += 1
        for number in (1, 2):
            self._update(number, f"10.2.{self.rounds // 250}.{self.rounds % 250}")
        for uuid in self._changing:
            self._change(uuid, f"10.0.{self.rounds // 250}.{self.rounds % 250}")
        self.workspace.editor.raise_serial(self.small[2].uuid, self._serial(self.small[2]))  # forgets what is proven
        self.workspace.editor.delete_zone(self.workspace.owner, self.newest.uuid)
        self.deleted = [*self.deleted[-1:], self.newest]
        content = SIGNED if self.rounds % 2 else EMPTY
        self.newest = self.workspace.editor.create_zone(self.workspace.owner, f"fresh-{self.rounds}.example", content)
        if touch:
            file = self.pair.files.path(self.kept.uuid)
            file.write_bytes(_AS_NAMED + file.read_bytes().removeprefix(_AS_NAMED))
        self._record_all()

    def deploy(self, strace: Sequence[str] = (), *, lasting: bool = False) -> RunResult:
        """Run the deployer once, under strace if given."""
        return self.program.run(("deployer", "--once", "--config", str(self.config)), strace, lasting=lasting)

    def faults(self) -> Iterator[str]:
        """Yield answers that were never committed or are not valid, and files that named would refuse."""
        self._record_all()
        yield from self._faults_of_files()
        for zone in self.zones:
            for server in (self.pair.primary, self.pair.secondary):
                found = self.served(server, zone)
                if found is not None and found != self.versions.get((str(zone.name), serial_of(found))):
                    yield f"{server.name} serves content of {zone.name} that was never committed"
        for server in (self.pair.primary, self.pair.secondary):
            found = self._transferred(server, self.signed)
            if found and (fault := fault_of_copy(self.signed.name, found, self.folder)):
                yield f"{server.name} serves {self.signed.name}, which is not valid: {fault}"

    def faults_after_repair(self) -> Iterator[str]:
        """Yield differences from the store, after a run without fault."""
        self._record_all()
        for zone in self.zones:
            expected = self.versions[str(zone.name), zones.get_any(zone.uuid).serial]
            for server in (self.pair.primary, self.pair.secondary):
                if self.served(server, zone) != expected:
                    yield f"{server.name} does not serve the newest {zone.name}"
        for zone in self.deleted:
            for server in (self.pair.primary, self.pair.secondary):
                if self.pair.serial(server, zone.name) is not None:
                    yield f"{server.name} still serves {zone.name}, which was deleted"
        if self.pair.files.staged_zones():
            yield "staged files were left behind"
        if self.pair.files.read_live(self.kept.uuid).startswith(_AS_NAMED):
            yield "the file of kept.example was not replaced"

    def restart_primary(self) -> Iterator[str]:
        """Kill and restart the primary; yield zones that it no longer serves, or only in an older version."""
        before = {zone: self.pair.serial(self.pair.primary, zone.name) for zone in self.zones}
        self.pair.ns1.stop(signal.SIGKILL)
        self.pair.ns1.start()
        self.pair.wait_for_any_serial(self.pair.primary, self.pair.catalog)
        for zone, serial in before.items():
            if serial is not None and not self._serves(zone, serial):
                now = self.pair.serial(self.pair.primary, zone.name)
                yield f"after a restart the primary serves serial {now} of {zone.name}; before it was {serial}"

    def _change(self, uuid: UUID, address: str) -> None:
        value = RecordInput("A", "www", address)
        self.workspace.editor.change_record(self.workspace.owner, uuid, lambda _zone, _before: value)

    def _update(self, number: int, address: str) -> None:
        """Change the small zone of that number, and bring that to the primary by UPDATE, as far as it accepts it."""
        zone = self.small[number]
        before = self._serial(zone)
        self._change(self._changing[1 + number], address)
        self._record(zone)
        soa = [soa_line(zone.name, serial, APEX).split(" IN SOA ")[1] for serial in (before, self._serial(zone))]

        def fill(message: dns.update.UpdateMessage) -> None:
            message.present(zone.name, "SOA", soa[0])
            message.replace(dns.name.from_text("www", zone.name), self._ttl_of(zone), "A", address)
            message.add(zone.name, APEX.ttl, "SOA", soa[1])

        send_update(self.pair, zone.name, fill)

    def _serial(self, zone: Zone) -> int:
        return zones.get_any(zone.uuid).serial

    def _ttl_of(self, zone: Zone) -> int:
        """Return the TTL of the zone's address record."""
        version = self.versions[str(zone.name), self._serial(zone)]
        return next(record.ttl for record in version if record.rdtype == RdataType.A)

    def _serves(self, zone: Zone, serial: int) -> bool:
        """Return True once the primary serves this serial or a later one, False after LOAD_TIMEOUT."""
        try:
            wait_for(lambda: (self.pair.serial(self.pair.primary, zone.name) or 0) >= serial, "it serves", LOAD_TIMEOUT)
        except AssertionError:
            return False
        return True

    def served(self, server: Nameserver, zone: Zone) -> Version | None:
        """Return the version that is served, None if the transfer fails."""
        found = self._transferred(server, zone)
        return None if found is None else version_of(found)

    def _transferred(self, server: Nameserver, zone: Zone) -> frozenset[WireRecord] | None:
        try:
            with Transfers(server, self.pair.transfer_key) as transfers:
                transfers.request(zone.name)
                return transfers.read()
        except CommandError:
            return None

    def _faults_of_files(self) -> Iterator[str]:
        """Yield live files that were never committed in this form, or that named-checkzone refuses."""
        live = {zone.name: self.pair.files.path(zone.uuid) for zone in self.zones}
        existing = {name: path for name, path in live.items() if path.exists()}
        for name, refusal in self._checker.check(existing).items():
            yield f"the live file of {name} is refused: {refusal}"
        for name, path in existing.items():
            if not self._is_committed(name, path.read_bytes()):
                yield f"the live file of {name} was never committed"

    def _is_committed(self, name: Name, content: bytes) -> bool:
        """Return True if the file is a committed version, as the appliance writes it or as named does."""
        head = read_head(content)
        if head is not None and head.by_named:
            return version_in_file(content, name) == self.versions.get((str(name), head.serial))
        return _digest(content) in self.files[str(name)]

    def _record_all(self) -> None:
        """Record what is committed now: the deployer may have raised a serial."""
        for zone in self.zones:
            self._record(zone)

    def _record(self, zone: Zone) -> None:
        """Record the committed version of the zone, as a file and as records."""
        now = zones.get_any(zone.uuid)
        lines = records.lines_of(now)
        content = zone_file(now.name, now.serial, APEX, lines.text, lines.count, signed=now.signed)
        self.files.setdefault(str(zone.name), set()).add(_digest(content))
        written = (line for line in content.decode().splitlines() if line and not line.startswith(";"))
        self.versions[str(zone.name), now.serial] = version_of(map(record_of, written))


@contextmanager
def open_testbed(records: int = RECORDS) -> Iterator[Testbed]:
    """Yield a testbed on which all zones are live; the largest has that many records."""
    with (
        Pair() as pair,
        tempfile.TemporaryDirectory(prefix="testbed-") as folder,
        open_workspace(Path(folder)) as workspace,
    ):
        testbed = Testbed(pair, workspace, Path(folder), records)
        try:
            yield testbed
        finally:
            testbed.program.close()


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _settings(pair: Pair, store: Path, folder: Path) -> str:
    keys = {"control": pair.control_key, "transfer": pair.transfer_key, "update": pair.update_key}
    for name, key in keys.items():
        (folder / f"{name}.key").write_text(key.statement())
    servers = ", ".join(f'"{one.name}={one.endpoint}"' for one in (pair.primary, pair.secondary))
    return f"""
[store]
path = "{store}"
[dns]
nameservers = [{servers}]
catalog = "{pair.catalog.to_text(omit_final_dot=True)}"
rname = "{APEX.rname.to_text(omit_final_dot=True)}"
apex_ttl = {APEX.ttl}
[deployer]
socket = "{folder / "deployer.sock"}"
zone_directory = "{pair.zones}"
control = "{LOOPBACK}:{pair.control_port}"
control_key = "{folder / "control.key"}"
transfer_key = "{folder / "transfer.key"}"
update_key = "{folder / "update.key"}"
"""
