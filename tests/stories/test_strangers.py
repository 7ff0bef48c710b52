"""Malformed messages to every door: the documented response or none, and nobody else notices."""

from __future__ import annotations

import secrets

import pytest

from tests.appliance import Appliance
from tests.door_writers import Doors, open_doors
from tests.soak.doors import DOORS, send_broken_messages
from tests.soak.part_run import PartRun

MESSAGES = 100
SLOWNESS = 6.0
"""How much longer than real clients the others wait: other tests use the machine meanwhile."""


@pytest.fixture(scope="module")
def doors(appliance: Appliance) -> Doors:
    """The doors of a zone that no other test uses."""
    return open_doors(appliance, "strangers.example", "strangers@example.org", SLOWNESS)


@pytest.mark.parametrize("door", DOORS)
def test_broken_messages_get_documented_responses_and_others_are_served(doors: Doors, door: str) -> None:
    part = PartRun(door, secrets.randbelow(10**6), 60)
    send_broken_messages(part, doors, door, MESSAGES)
    assert part.violations == [], f"seed {part.seed}"
