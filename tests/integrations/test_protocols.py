"""The names of protocols."""

from __future__ import annotations

from dataclasses import fields

from flask import Response

from appliance.doors.registry import DOORS
from appliance.identity.authentication import API_DOOR
from appliance.integrations.protocols import PATHS, PROTOCOLS
from appliance.settings import DoorsSettings
from appliance.web.front_doors import FrontDoor, FrontDoors


def test_every_door_has_a_title() -> None:
    assert set(PROTOCOLS) == {API_DOOR} | {one.name for one in fields(DoorsSettings)}
    assert {door.key for door in DOORS} <= set(PROTOCOLS)


def test_the_paths_are_those_of_the_doors() -> None:
    claimed = {door.key: door.opened() for door in DOORS}
    assert set(PATHS) == {API_DOOR, *claimed}
    doors = FrontDoors(FrontDoor((), lambda _: Response()))
    for door in claimed.values():
        doors.claim(door)
    assert all(doors.at(PATHS[key]) is claimed[key] for key in claimed if key != "powerdns")
