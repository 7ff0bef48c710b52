"""Which records a refusal concerns."""

from __future__ import annotations

import dns.name

from appliance.editing import RecordInput
from appliance.errors import Finding, InvalidName, InvalidValue, RuleBroken
from appliance.imports.refusals import refused_by
from appliance.imports.source import Note, SourceRecord

ORIGIN = dns.name.from_text("example.com")
RECORDS = [
    SourceRecord("z:1", RecordInput("A", "a.example.com.", "192.0.2.1")),
    SourceRecord("z:2", RecordInput("A", "b.example.com.", "192.0.2.999")),
    SourceRecord("z:3", RecordInput("A", "c..example.com.", "192.0.2.1")),
]


def test_an_invalid_record_and_all_others() -> None:
    found = refused_by(InvalidValue("x", "records.1.value"), RECORDS, "z", ORIGIN)
    assert [(index, note.where) for index, note in found.items()] == [(1, "z:2"), (2, "z:3")]


def test_broken_rules() -> None:
    error = RuleBroken([Finding("records.0.name", "one"), Finding("records.0.name", "two"), Finding(None, "all")])
    assert refused_by(error, RECORDS, "z", ORIGIN) == {0: Note("z:1", "one"), None: Note("z", "all")}


def test_a_zone_as_a_whole() -> None:
    found = refused_by(InvalidName("taken", "domain"), RECORDS[:1], "z", ORIGIN)
    assert found == {None: Note("z", "taken")}
