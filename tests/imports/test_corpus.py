"""The zone files of the corpus, and random zones: imported as BIND reads them, with nothing refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

import dns.name
from dns.name import Name

from appliance.imports.formats import Options, read_path
from appliance.imports.importer import Importer
from appliance.imports.results import Outcome, ZoneResult
from appliance.imports.source import Source
from appliance.store import records, zones
from appliance.zones.delta import WireRecord
from appliance.zones.model import Record
from tests.corpus import reading
from tests.soak.random_zones import random_zone
from tests.workspace import APEX, Workspace

ZONES = 60


def imported(workspace: Workspace, source: Source) -> dict[Name, ZoneResult]:
    editor = replace(workspace.editor, announce=lambda: None)
    results = Importer(editor, lambda _: workspace.owner).run(source.zones)
    return {dns.name.from_text(one.domain): one for one in results}


def stored_rows(origin: Name) -> set[WireRecord]:
    """The records of a stored zone, as they are transferred."""
    zone = zones.get_by_name(origin)
    assert zone
    return rows_of(records.of_zone(zone))


def rows_of(found: Iterable[Record]) -> set[WireRecord]:
    return {WireRecord(one.owner.to_digestable(), int(one.rdtype), one.ttl, one.rdata.to_digestable()) for one in found}


def test_the_corpus(workspace: Workspace, tmp_path: Path) -> None:
    source = read_path(Path(reading.__file__).parent, Options())
    results = imported(workspace, source)
    assert {origin: one.reasons for origin, one in results.items() if one.outcome is not Outcome.IMPORTED} == {}
    assert results.keys() == {reading.origin_of(file) for file in reading.FILES}
    for file in reading.FILES:
        found, expected = stored_rows(reading.origin_of(file)), reading.compiled_rows(file, tmp_path)
        assert sorted(found - expected) == [] == sorted(expected - found)


def test_random_zones(workspace: Workspace, tmp_path: Path) -> None:
    random = Random()
    generated = [random_zone(random, number, APEX) for number in range(ZONES)]
    for number, zone in enumerate(generated):
        (tmp_path / f"{number}.zone").write_bytes(zone.file(2_000_000_000, APEX))
    results = imported(workspace, read_path(tmp_path, Options()))
    assert {origin: one.reasons for origin, one in results.items() if one.outcome is not Outcome.IMPORTED} == {}
    for zone in generated:
        assert stored_rows(zone.name) == rows_of(zone.records)
