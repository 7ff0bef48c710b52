"""A new zone is published before those above it, a deleted one is withdrawn after them; nothing waits in a circle."""

from __future__ import annotations

from appliance.deploy.publish_order import PublishOrder
from tests.deploy.builders import zone_status

TOP, BETWEEN, DEEP = "example.com", "b.example.com", "a.b.example.com"


def test_a_zone_waits_for_new_zones_below_it() -> None:
    order, deep = PublishOrder(), zone_status(DEEP)
    order.begin(deep)
    assert [order.must_wait(zone_status(name)) for name in (TOP, BETWEEN, DEEP, "x.b.example.com")] == [
        True,
        True,
        False,
        False,
    ]
    order.begin(zone_status(BETWEEN))
    order.end(deep.name)
    assert [order.must_wait(zone_status(name)) for name in (TOP, BETWEEN)] == [True, False]
    order.end(zone_status(BETWEEN).name)
    assert not order.must_wait(zone_status(TOP))


def test_a_change_of_a_live_zone_blocks_no_other() -> None:
    order = PublishOrder()
    order.begin(zone_status(DEEP, live_serial=6))
    assert not order.must_wait(zone_status(TOP))
    order.begin(zone_status(DEEP, live_serial=6, removed=True))
    assert order.must_wait(zone_status(TOP)), "it was deleted and is back"


def test_a_deleted_zone_waits_for_the_zones_above_it() -> None:
    order, deleted = PublishOrder(), zone_status(DEEP, deleted=True)
    order.begin(deleted)
    assert not order.must_wait(deleted) and not order.must_wait(zone_status(TOP))
    order.begin(zone_status(TOP, live_serial=6))
    assert order.must_wait(deleted) and not order.must_wait(zone_status(TOP))
    order.begin(zone_status(TOP, deleted=True))
    assert not order.must_wait(deleted), "a deleted zone is not published"


def test_a_new_zone_that_is_deleted_blocks_nothing() -> None:
    order = PublishOrder()
    order.begin(zone_status(DEEP))
    order.begin(zone_status(DEEP, deleted=True))
    assert not order.must_wait(zone_status(TOP))
