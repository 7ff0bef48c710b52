"""Files of signed zones without their signed copy are held back from named, and no others."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import dns.name
import pytest

from appliance.errors import PublishFailed
from appliance.nameserver.held_zones import hold_back
from appliance.render.zone_file import zone_file
from tests.workspace import APEX

NAME = dns.name.from_text("held.test")
TEXT = 'www.held.test. 300 IN TXT "held.test. 0 IN TYPE65280 "\nwww.held.test. 0 IN TYPE65280 \\# 4 00000001\n'


def put(folder: Path, *suffixes: str, signed: bool = True, keys: bool = True) -> UUID:
    """Write the live file of a zone and, empty, the files with these suffixes."""
    uuid = uuid4()
    (folder / f"{uuid}.zone").write_bytes(zone_file(NAME, 5, APEX, TEXT, 2, signed=signed))
    for suffix in suffixes:
        (folder / f"{uuid}{suffix}").touch()
    if keys:
        (folder / "keys" / str(uuid)).mkdir(parents=True)
    return uuid


def test_a_signed_zone_without_its_signed_copy_is_held_back_once(tmp_path: Path) -> None:
    lost = put(tmp_path, ".zone.signed.jnl", ".zone.jbk", ".former")
    content = (tmp_path / f"{lost}.zone").read_bytes()
    assert hold_back(tmp_path) == [lost]
    assert not (tmp_path / f"{lost}.zone").exists()
    assert (tmp_path / f"{lost}.former").read_bytes() == content
    assert hold_back(tmp_path) == []


def test_all_other_zones_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, ".zone.signed")
    put(tmp_path, signed=False)
    put(tmp_path, signed=False, keys=False)
    (tmp_path / "keys" / str(uuid4())).mkdir()
    before = {*tmp_path.rglob("*")}
    assert hold_back(tmp_path) == []
    assert {*tmp_path.rglob("*")} == before


def test_a_host_without_signed_zones_has_nothing_to_hold_back(tmp_path: Path) -> None:
    assert hold_back(tmp_path) == hold_back(tmp_path / "missing") == []


def test_a_failure_of_the_disk_is_raised(tmp_path: Path) -> None:
    lost = put(tmp_path)
    (tmp_path / f"{lost}.former").mkdir()
    with pytest.raises(PublishFailed, match="hold back: "):
        hold_back(tmp_path)
