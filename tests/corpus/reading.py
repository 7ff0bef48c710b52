"""The zone files of this folder: read by the reader of zone files and by BIND, stored as requested, and served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.name
import dns.zone
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from appliance.editing import CreateRecord, RecordInput
from appliance.nameserver.programs import run
from appliance.render.zone_file import zone_file
from appliance.store import records
from appliance.zones.delta import WireRecord
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.zone_file_reader import decode_zone_file, read_zone_file
from tests.pair import Pair, program
from tests.soak.transfers import Transfers
from tests.workspace import APEX, SERVERS, Workspace, open_workspace
from tests.zones.test_rdata import LONGEST

FILES = sorted(Path(__file__).parent.glob("*.zone"))
LONGEST_ZONE = dns.name.from_text("corpus-longest.example")
_LONGEST_INPUTS = [
    RecordInput(record_type, f"h{number}", value)
    for number, (record_type, value, _) in enumerate(LONGEST)
    if record_type != "DS"  # which needs NS beside it
]


def served_rows(pair: Pair, folder: Path) -> dict[Name, frozenset[WireRecord]]:
    """Store and publish the zones of all files, and one of the longest records; return what the secondary transfers.

    The store is created in that folder. The rows lack SOA and NS of the appliance itself.
    """
    with open_workspace(folder) as workspace:
        inputs = {origin_of(file): _inputs(file) for file in FILES}
        inputs[LONGEST_ZONE] = _LONGEST_INPUTS
        zones = [_stored(workspace, origin, requested) for origin, requested in inputs.items()]
        for zone in zones:
            with workspace.store.reading():
                lines = records.lines_of(zone)
            content = zone_file(zone.name, zone.serial, APEX, lines.text, lines.count)
            pair.control.add_zone(zone.name, pair.put(zone.uuid, content))
    pair.updates.change(remove={}, add={zone.uuid.hex: zone.name for zone in zones})
    for zone in zones:
        pair.wait_for_serial(pair.secondary, zone.name, zone.serial)
    with Transfers(pair.secondary, pair.transfer_key) as transfers:
        return {zone.name: _of_the_user(zone.name, _transferred(transfers, zone)) for zone in zones}


def compiled_rows(file: Path, folder: Path) -> frozenset[WireRecord]:
    """Return what named-compilezone makes of a file, in the same form; its output is written into that folder."""
    origin, compiled = origin_of(file), folder / "compiled"
    argv = (program("named-compilezone"), "-i", "none", "-k", "ignore", "-o", str(compiled))
    run((*argv, origin.to_text(), str(file)), timeout=30)
    return frozenset(_row(origin, *one) for one in read(file, compiled))


def origin_of(file: Path) -> Name:
    """Return the name of the file's zone, which its first line has."""
    return dns.name.from_text(file.read_text("ascii").split()[1])


def read(file: Path, text: Path) -> Iterator[tuple[Name, int, Rdata]]:
    """Yield the records that dnspython reads in a text of the file's zone, without the SOA."""
    zone = dns.zone.from_file(str(text), origin_of(file), relativize=False)
    return (one for one in zone.iterate_rdatas() if one[2].rdtype != RdataType.SOA)


def _stored(workspace: Workspace, origin: Name, requested: Sequence[RecordInput]) -> Zone:
    """Create a zone with these records."""
    zone = workspace.zone(print_domain(origin))
    return workspace.editor.change_many(workspace.owner, zone.uuid, [CreateRecord(one) for one in requested]).after


def _inputs(file: Path) -> list[RecordInput]:
    """Return the records of a file as a client would send them."""
    found = read_zone_file(decode_zone_file(file.read_bytes()), origin_of(file))
    assert not found.refused
    return [RecordInput(one.record_type, one.name, one.value, one.ttl, one.priority) for one in found.records]


def _row(origin: Name, owner: Name, ttl: int, rdata: Rdata) -> WireRecord:
    """Return a record as it is transferred; NS records of the apex have the TTL of the appliance's own."""
    is_apex_ns = owner == origin and rdata.rdtype == RdataType.NS
    return WireRecord(owner.to_digestable(), int(rdata.rdtype), APEX.ttl if is_apex_ns else ttl, rdata.to_digestable())


def _transferred(transfers: Transfers, zone: Zone) -> frozenset[WireRecord]:
    transfers.request(zone.name)
    return transfers.read()


def _of_the_user(origin: Name, rows: frozenset[WireRecord]) -> frozenset[WireRecord]:
    """Return the rows without those that the appliance adds."""
    own = {(origin.to_digestable(), int(RdataType.NS), APEX.ttl, server.to_digestable()) for server in SERVERS}
    return frozenset(row for row in rows - own if row[1] != RdataType.SOA)
