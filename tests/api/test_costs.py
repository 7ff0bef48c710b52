"""Costs of a request: its statements and calls, which are as many each time, and no SQL text that is built for it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from types import FrameType

import pytest

from tests.api.conftest import Bearer, counted
from tests.store.test_prepared import texts_built

ZONE = "/dns-zones/example.com"
READS = [
    ("/dns-records/{record}/", 4),
    (f"{ZONE}/", 12),
    (f"{ZONE}/records/", 6),
    (f"{ZONE}/records/?page=1", 7),
    (f"{ZONE}/deployment/", 9),
    ("/dns-records/", 5),
    ("/dns-records/?zone=example.com", 7),
    ("/dns-zones/", 10),
    ("/account/me/", 1),
]
"""Paths and their statements, with those that begin and end a transaction."""
MOST_CALLS = 500
"""Calls of functions for each record of a request that creates many."""


@pytest.mark.parametrize(("path", "statements"), READS)
def test_a_read_has_a_fixed_number_of_prepared_statements(me: Bearer, path: str, statements: int) -> None:
    zone = me.zone("example.com")
    path = path.format(record=me.record(zone, "A", "www", "192.0.2.1")["uuid"])
    check(me, "GET", path, [None, None], statements)


def test_a_write_has_a_fixed_number_of_prepared_statements(me: Bearer) -> None:
    zone = me.zone("example.com")
    record = f"/dns-records/{me.record(zone, 'A', 'www', '192.0.2.1')['uuid']}/"
    check(me, "PATCH", record, [{"value": f"192.0.2.{number}"} for number in (2, 3, 4)], 12)
    check(me, "PATCH", record, [{"comment": text} for text in ("one", "two", "three")], 12)
    new: list[object] = [{"record_type": "A", "name": name, "value": "192.0.2.1"} for name in ("a", "b", "c")]
    check(me, "POST", f"/dns-zones/{zone['uuid']}/records/", new, 12)
    for name in ("c", "d"):
        record = f"/dns-records/{me.record(zone, 'A', name, '192.0.2.9')['uuid']}/"
        check(me, "DELETE", record, [None], 12)


def test_signed_zones_add_no_cost_to_changes_of_others(me: Bearer) -> None:
    zone = me.zone("example.com")
    record = f"/dns-records/{me.record(zone, 'A', 'www', '192.0.2.1')['uuid']}/"
    before = calls(me, "PATCH", record, [{"value": f"192.0.2.{number}"} for number in (2, 3)])
    for number in range(20):
        assert me("POST", "/dns-zones/", {"domain": f"signed-{number}.example", "dnssec": True}).status_code == 201
    check(me, "PATCH", record, [{"value": f"192.0.2.{number}"} for number in (4, 5)], 12)
    assert calls(me, "PATCH", record, [{"value": "192.0.2.6"}]) <= 1.01 * before


def test_a_zone_is_created_with_a_fixed_number_of_prepared_statements(me: Bearer) -> None:
    me.zone("first.example")
    check(me, "POST", "/dns-zones/", [{"domain": f"zone-{number}.example"} for number in range(3)], 27)


def test_a_request_calls_few_functions(me: Bearer) -> None:
    zone = me.zone("example.com")
    record = f"/dns-records/{me.record(zone, 'A', 'www', '192.0.2.1')['uuid']}/"
    new = {"record_type": "A", "name": "other", "value": "192.0.2.1"}
    assert calls(me, "PATCH", record, [{"value": f"192.0.2.{number}"} for number in (2, 3)]) <= 2650
    assert calls(me, "POST", f"{ZONE}/records/", [new, new | {"name": "last"}]) <= 2780
    assert calls(me, "GET", record, [None, None]) <= 1200
    assert calls(me, "GET", "/account/me/", [None, None]) <= 960


def test_the_calls_for_many_records_grow_with_these_alone(me: Bearer) -> None:
    path = f"/dns-zones/{me.zone('example.com')['uuid']}/changes/"

    def created(size: int) -> int:
        names = [f"of-{size}-{at}" for at in range(size)]
        new = [{"action": "create", "record_type": "A", "name": name, "value": "192.0.2.1"} for name in names]
        return calls(me, "POST", path, [{"changes": new}])

    created(50)  # the first request of a process builds what later ones share
    first, second, third = map(created, (100, 200, 400))
    assert third - second < 200 * MOST_CALLS and (third - second) < 2.2 * (second - first)


def calls(me: Bearer, method: str, path: str, bodies: Sequence[object]) -> int:
    """Return how many functions written in Python the last request called, in the client and in the application."""
    counts: Counter[str] = Counter()

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        counts[event] += 1

    for body in bodies:
        counts.clear()
        sys.setprofile(count)
        try:
            answer = me(method, path, body)
        finally:
            sys.setprofile(None)
        assert answer.status_code < 300, answer.text
    return counts["call"]


def check(me: Bearer, method: str, path: str, bodies: Sequence[object], statements: int) -> None:
    """Send a request with each body: each has as many statements, and after the first one no text is built."""
    for number, body in enumerate(bodies):
        with counted() as executed, texts_built() as built:
            answer = me(method, path, body)
        assert answer.status_code < 300, answer.text
        assert len(executed) == statements, executed
        assert number == 0 or built == []
