"""Zone files as people write them: stored through the API's parsers, served, transferred, and compared with BIND's own.

Each file of `corpus/` is read twice: by dnspython, whose records are stored as a client would send them, and by
named-compilezone. The secondary must transfer the octets of the latter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.name
import dns.zone
import pytest
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from appliance.editing import CreateRecord, RecordInput
from appliance.nameserver.programs import run
from appliance.render.zone_file import zone_file
from appliance.store import records
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.rdata import TYPES, has_priority
from tests.pair import Pair, program
from tests.soak.transfers import Row, Transfers
from tests.workspace import APEX, SERVERS, Workspace, open_workspace
from tests.zones.test_rdata import LONGEST

LONGEST_INPUTS = [
    RecordInput(record_type, f"h{number}", value)
    for number, (record_type, value, _) in enumerate(LONGEST)
    if record_type != "DS"  # which needs NS beside it
]
FILES = sorted((Path(__file__).parent / "corpus").glob("*.zone"))


@pytest.fixture(scope="module")
def published(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> dict[str, frozenset[Row]]:
    """The rows that the secondary transfers of each zone, by its domain: those of all files, and one of the longest."""
    with open_workspace(tmp_path_factory.mktemp("corpus")) as workspace:
        inputs = {print_domain(_origin(file)): [_input(*one) for one in _read(file, file)] for file in FILES}
        inputs["corpus-longest.example"] = LONGEST_INPUTS
        zones = [_stored(workspace, domain, requested) for domain, requested in inputs.items()]
        for zone in zones:
            with workspace.store.reading():
                lines = records.lines_of(zone)
            pair.control.add_zone(
                zone.name, pair.put(zone.uuid, zone_file(zone.name, zone.serial, APEX, lines.text, lines.count))
            )
    pair.updates.change(remove={}, add={zone.uuid.hex: zone.name for zone in zones})
    for zone in zones:
        pair.wait_for_serial(pair.secondary, zone.name, zone.serial)
    with Transfers(pair.secondary, pair.transfer_key) as transfers:
        return {print_domain(zone.name): _of_the_user(zone.name, _transferred(transfers, zone)) for zone in zones}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_zone_is_served_as_bind_reads_its_file(
    published: dict[str, frozenset[Row]], file: Path, tmp_path: Path
) -> None:
    origin, compiled = _origin(file), tmp_path / "compiled"
    argv = (program("named-compilezone"), "-i", "none", "-k", "ignore", "-o", str(compiled))
    run((*argv, origin.to_text(), str(file)), timeout=30)
    expected = frozenset(_row(origin, *one) for one in _read(file, compiled))
    served = published[print_domain(origin)]
    assert sorted(served - expected) == [] == sorted(expected - served)


def test_the_longest_data_is_served(published: dict[str, frozenset[Row]]) -> None:
    sizes = sorted(len(data) for _, _, _, data in published["corpus-longest.example"])
    assert sizes == sorted(octets for record_type, _, octets in LONGEST if record_type != "DS")


def test_the_corpus_has_every_type_and_directive() -> None:
    texts = [file.read_text("ascii") for file in FILES]
    read = {rdata.rdtype for file in FILES for _, _, rdata in _read(file, file)}
    assert read == set(TYPES)
    for part in ("$ORIGIN", "$TTL", "$GENERATE", "\\#", "CLASS1", "(", ";", "*.", "xn--", "\\032", "0/30", " 2h30m"):
        assert any(part in text for text in texts), part


def _origin(file: Path) -> Name:
    return dns.name.from_text(file.read_text("ascii").split()[1])


def _read(file: Path, text: Path) -> Iterator[tuple[Name, int, Rdata]]:
    """Yield the records that dnspython reads in a text of the file's zone, without the SOA."""
    zone = dns.zone.from_file(str(text), _origin(file), relativize=False)
    return (one for one in zone.iterate_rdatas() if one[2].rdtype != RdataType.SOA)


def _stored(workspace: Workspace, domain: str, requested: Sequence[RecordInput]) -> Zone:
    """Create a zone with these records."""
    zone = workspace.zone(domain)
    return workspace.editor.change_many(workspace.owner, zone.uuid, [CreateRecord(one) for one in requested]).after


def _input(owner: Name, ttl: int, rdata: Rdata) -> RecordInput:
    """Return a record as a client would send it."""
    text, priority = rdata.to_text(), None
    if has_priority(rdata.rdtype):
        first, text = text.split(" ", maxsplit=1)
        priority = int(first)
    return RecordInput(rdata.rdtype.name, owner.to_text(), text, ttl=ttl, priority=priority)


def _row(origin: Name, owner: Name, ttl: int, rdata: Rdata) -> Row:
    """Return a record as it is transferred; NS records of the apex have the TTL of the appliance's own."""
    is_apex_ns = owner == origin and rdata.rdtype == RdataType.NS
    return owner.to_digestable(), int(rdata.rdtype), APEX.ttl if is_apex_ns else ttl, rdata.to_digestable()


def _transferred(transfers: Transfers, zone: Zone) -> frozenset[Row]:
    transfers.request(zone.name)
    return transfers.read()


def _of_the_user(origin: Name, rows: frozenset[Row]) -> frozenset[Row]:
    """Return the rows without those that the appliance adds."""
    own = {(origin.to_digestable(), int(RdataType.NS), APEX.ttl, server.to_digestable()) for server in SERVERS}
    return frozenset(row for row in rows - own if row[1] != RdataType.SOA)
