"""Which content is known, and which change therefore goes by UPDATE."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.deploy.publishing.publish_method import Bases, may_update
from tests.deploy.builders import zone_status


@pytest.mark.parametrize(("proven", "deleted", "expected"), [(6, False, True), (None, False, False), (6, True, False)])
def test_only_known_content_is_updated(proven: int | None, deleted: bool, expected: bool) -> None:
    assert may_update(replace(zone_status(deleted=deleted), proven=proven)) is expected


@pytest.mark.parametrize(
    ("proven", "acknowledged", "base"),
    [(6, None, 6), (6, 8, 8), (9, 8, 9), (None, 8, None), (2**32 - 1, 3, 3)],
)
def test_the_base_is_the_latest_serial_that_the_primary_is_known_to_have(
    proven: int | None, acknowledged: int | None, base: int | None
) -> None:
    bases, status = Bases(), replace(zone_status(), proven=proven)
    if acknowledged is not None:
        bases.acknowledge(status.uuid, acknowledged)
    assert bases.of(status) == base


def test_content_in_doubt_is_no_base() -> None:
    bases, status = Bases(), replace(zone_status(), proven=6)
    bases.acknowledge(status.uuid, 8)
    bases.forget(status.uuid)
    assert bases.of(status) == 6
