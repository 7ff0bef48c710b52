"""Objects of strings and integers are read as marshmallow reads them, in less time."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import pytest

from appliance.api.change_schemas import CreateChange, DryRun, ReplaceChange
from appliance.api.history_schemas import CompareQuery
from appliance.api.schemas import RecordBody
from appliance.api.strict_schema import Strict

PLAIN = {"record_type": "A", "name": "www", "value": "192.0.2.1"}


def by_marshmallow(schema: Strict, data: object) -> Any:  # noqa: ANN401 - data or messages
    try:
        return ma.Schema.load(schema, data)  # type: ignore[arg-type] # whatever a client sends
    except ma.ValidationError as error:
        return error.messages


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        (RecordBody(), PLAIN),
        (RecordBody(), {**PLAIN, "ttl": 60, "priority": 0, "comment": ""}),
        (RecordBody(), {**PLAIN, "ttl": None}),
        (RecordBody(), {**PLAIN, "ttl": -1}),
        (RecordBody(), {**PLAIN, "ttl": True}),
        (RecordBody(), {**PLAIN, "ttl": "60"}),
        (RecordBody(), {**PLAIN, "name": 5}),
        (RecordBody(), {**PLAIN, "more": "x"}),
        (RecordBody(), {"record_type": "A"}),
        (RecordBody(), "text"),
        (RecordBody(), {**PLAIN, "expires_at": "2031-05-04T12:00:00Z"}),
        (RecordBody(partial=True), {"name": "www"}),
        (CreateChange(), {"action": "create", **PLAIN}),
        (ReplaceChange(), {"action": "replace", "record_type": "A", "name": "www", "values": ["192.0.2.1"]}),
        (ReplaceChange(), {"action": "replace", "record_type": "A", "name": "www", "comment": "x"}),
        (DryRun(), {}),
        (CompareQuery(), {"from": "5"}),
    ],
)
def test_they_are_read_as_marshmallow_reads_them(schema: Strict, data: object) -> None:
    try:
        loaded = schema.load(data)
    except ma.ValidationError as error:
        loaded = error.messages
    assert loaded == by_marshmallow(schema, data)


def test_what_is_read_is_a_copy() -> None:
    assert RecordBody().load(PLAIN) is not PLAIN
