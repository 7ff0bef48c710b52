"""Costs of calls of the PowerDNS API, in SQL statements, never in time."""

from __future__ import annotations

import pytest

from appliance.editing import MAX_CHANGES
from appliance.store.records import BATCH
from tests.api.conftest import counted
from tests.doors.conftest import KeyClient
from tests.doors.powerdns.calls import ZONE, change, created, is_done, is_refused, patched

HOST = "host-1.example.com."
CHANGES = [
    change(HOST, "A", "REPLACE", "192.0.2.99"),
    change(HOST, "A", "EXTEND", "192.0.2.98"),
    change(HOST, "A", "PRUNE", "192.0.2.98"),
    change("new.example.com.", "TXT", "REPLACE", '"x"'),
    change(HOST, "A", "DELETE"),
]


def statements_of(pdns: KeyClient, records: int) -> list[int]:
    """Return the statements that each call takes in a new zone of so many records."""
    rrsets = [change(f"host-{number}.example.com.", "A", "REPLACE", "192.0.2.1") for number in range(records)]
    created(pdns, rrsets=rrsets)
    counts = []
    for changed in CHANGES:
        with counted() as statements:
            assert is_done(patched(pdns, changed))
        counts.append(len(statements))
    for path in ("/zones", f"{ZONE}?rrsets=false", f"{ZONE}?rrset_name={HOST}&rrset_type=A"):
        with counted() as statements:
            assert pdns("GET", path).status_code == 200
        counts.append(len(statements))
    assert is_done(pdns("DELETE", ZONE))
    return counts


def test_calls_about_one_rrset_cost_the_same_in_a_large_zone(pdns: KeyClient) -> None:
    statements_of(pdns, 1)  # the first calls of a process fill caches
    assert statements_of(pdns, 2 * BATCH) == statements_of(pdns, 10)


def test_too_many_rrsets_are_refused_before_the_store_is_read(pdns: KeyClient) -> None:
    created(pdns)
    rrsets = [change(f"host-{number}.example.com.", "A", "REPLACE", "192.0.2.1") for number in range(MAX_CHANGES + 1)]
    with counted() as none:
        assert is_refused(pdns("PATCH", ZONE, {"rrsets": [{}]}), "422 Unprocessable Entity")
    with counted() as many:
        assert is_refused(patched(pdns, *rrsets), "422 Unprocessable Entity", f"more than {MAX_CHANGES} RRsets")
    assert len(many) == len(none)


@pytest.mark.parametrize("batches", [1, 2])
def test_a_whole_zone_takes_a_statement_for_each_batch_of_records(pdns: KeyClient, batches: int) -> None:
    created(pdns)
    with counted() as before:
        pdns("GET", ZONE)
    rrsets = [change(f"host-{number}.example.com.", "A", "REPLACE", "192.0.2.1") for number in range(batches * BATCH)]
    assert is_done(patched(pdns, *rrsets))
    with counted() as after:
        assert len(pdns.rrsets(ZONE.removeprefix("/zones/"))) == batches * BATCH + 2
    assert len(after) == len(before) + batches
