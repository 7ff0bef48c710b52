"""What was accepted can be patched and sent back, whatever its type and however long its printed form is."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from secrets import randbelow

import pytest
from dns.name import Name

from appliance.editing import CreateRecord, RecordInput, UpdateRecord, with_fields
from appliance.errors import InputError, InvalidValue
from appliance.zones.rdata import ParsedRdata, has_priority, parse_rdata, parse_type
from tests.soak.mutate import random_text
from tests.soak.values import VALUES
from tests.workspace import Workspace
from tests.zones.records import ORIGIN
from tests.zones.test_rdata import ACCEPTED, LONGEST

RANDOM_PER_TYPE = 30


def accepted_inputs(random: Random) -> list[RecordInput]:
    """Return records as clients may send them, each with its own name: known ones, and random ones of each type."""
    sent = [(record_type, value) for record_type, value, _ in (*ACCEPTED, *LONGEST)]
    sent += [(record_type, value) for record_type, values in VALUES.items() for value in values]
    sent += [(one, random_text(random, VALUES[one])) for one in VALUES for _ in range(RANDOM_PER_TYPE)]
    found = []
    for number, (record_type, value) in enumerate(sent):
        if record_type != "DS":  # which needs NS beside it
            priority = 0 if has_priority(parse_type(record_type)) else None
            try:
                parse_rdata(record_type, value, priority, ORIGIN)
            except InputError:
                continue
            found.append(RecordInput(record_type, f"h{number}", value, priority=priority))
    return found


def test_every_type_can_be_patched_and_sent_back(workspace: Workspace) -> None:
    seed = randbelow(10**6)
    zone, inputs = workspace.zone(), accepted_inputs(Random(seed))
    editor, owner = workspace.editor, workspace.owner
    created = editor.change_many(owner, zone.uuid, [CreateRecord(one) for one in inputs]).added
    assert {one.rdtype.name for one in created} == {rdtype for rdtype in VALUES if rdtype != "DS"}, seed

    patches = [UpdateRecord(one.uuid, {"ttl": 60}) for one in created]
    patched = [after for _, after in editor.change_many(owner, zone.uuid, patches).changed]
    assert [(one.wire, one.value, one.ttl) for one in patched] == [(one.wire, one.value, 60) for one in created], seed

    shown = [with_fields(one, zone, {}) for one in patched]
    puts = [UpdateRecord(one.uuid, vars_of(again)) for one, again in zip(patched, shown, strict=True)]
    assert not editor.change_many(owner, zone.uuid, puts).changed, seed

    copies = [CreateRecord(replace(one, name=f"copy-{one.name}")) for one in shown]
    copied = editor.change_many(owner, zone.uuid, copies).added
    assert [(one.wire, one.value) for one in copied] == [(one.wire, one.value) for one in created], seed


def vars_of(one: RecordInput) -> dict[str, object]:
    """Return the fields that a PUT of the record has."""
    return {name: getattr(one, name) for name in ("record_type", "name", "value", "priority", "comment")}


@pytest.mark.parametrize("fields", [{"ttl": 60}, {"name": "other"}, {"comment": "old"}, {"value": "192.0.2.1"}])
def test_a_value_that_was_not_sent_is_not_judged_again(workspace: Workspace, fields: dict[str, object]) -> None:
    record = workspace.add(workspace.zone(), "A", "www", "192.0.2.1")

    def refuse(_type: str, value: str, _priority: int | None, _origin: Name) -> ParsedRdata:
        raise InvalidValue(f"{value} is not accepted any longer", "value")

    stricter = replace(workspace.editor, parse=refuse)
    changed = stricter.change_record(workspace.owner, record.uuid, lambda zone, one: with_fields(one, zone, fields))[1]
    assert (changed.uuid, changed.wire) == (record.uuid, record.wire)
    with pytest.raises(InvalidValue, match="any longer"):
        stricter.change_record(
            workspace.owner, record.uuid, lambda zone, one: with_fields(one, zone, {"value": "192.0.2.2"})
        )
