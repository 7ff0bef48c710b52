"""The path of the field of an error: the index of the request that caused it."""

from __future__ import annotations

from uuid import uuid4

import dns.name
import pytest

from appliance.editing.steps import Steps
from appliance.errors import Finding, InputError

OWNER, OTHER = dns.name.from_text("www.example.com"), dns.name.from_text("example.com")


def test_a_single_write_has_no_index() -> None:
    steps = Steps()
    steps.note(uuid4(), OWNER)
    assert [one.field for one in steps.locate([Finding("value", "x", OWNER)])] == ["value"]


def test_errors_and_findings_have_the_index() -> None:
    steps, uuid = Steps("records"), uuid4()
    with steps.at(3):
        steps.note(uuid, OWNER)
    with pytest.raises(InputError) as refused, steps.at(4):
        raise InputError("x", "ttl")
    assert refused.value.field == "records.4.ttl"
    assert (steps.of(uuid), steps.of(OTHER)) == (3, 4)
    found = steps.locate([Finding("value", "x", OWNER), Finding(None, "y", OTHER)])
    assert [one.field for one in found] == ["records.3.value", "records.4"]
