"""What named does with signed zones, on which the deployer relies; each is measured on BIND 9.18 and 9.20."""

from __future__ import annotations

import signal
from pathlib import Path
from uuid import UUID, uuid4

import dns.name
import pytest
from dns.name import Name

from appliance.errors import CommandFailed
from appliance.nameserver.control import SIGNING
from appliance.queries.bulk import query_all
from appliance.zones.serial import is_later
from appliance.zones.signing import DsReport
from tests.pair import Pair, small_zone, wait_for

LONGEST_PATH = 254
"""Characters: with a longer path named keeps no private key, and signs nothing."""


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Name:
    """The name of a zone of each test."""
    return dns.name.from_text(f"z{abs(hash(request.node.name))}.signing.test")


def content(zone: Name, serial: int, ttl: int = 300) -> bytes:
    """Return a zone file with a content number."""
    text = small_zone(zone, serial).decode().replace(" 300 IN A", f" {ttl} IN A")
    return f"{text}{zone} 0 IN TYPE65280 \\# 4 {serial:08x}\n".encode()


def put_signed(pair: Pair, zone: Name, serial: int, ttl: int = 300) -> UUID:
    """Make the primary sign a zone."""
    uuid = uuid4()
    pair.control.add_zone(zone, pair.put(uuid, content(zone, serial, ttl)), str(pair.files.make_key_folder(uuid)))
    return uuid


def signed_zone(pair: Pair, zone: Name, serial: int) -> UUID:
    """Make the primary sign a zone, and wait until all of it is signed."""
    uuid = put_signed(pair, zone, serial)
    wait_for(lambda: state_is_secure(pair, zone), "the zone is signed")
    return uuid


def state_is_secure(pair: Pair, zone: Name) -> bool:
    state = pair.control.zone_state(zone)
    return state is not None and state.secure


def file_serial(pair: Pair, zone: Name) -> int | None:
    state = pair.control.zone_state(zone)
    return state.serial if state else None


def test_the_soa_is_counted_on_and_the_state_has_the_serial_of_the_file(pair: Pair, zone: Name) -> None:
    uuid = signed_zone(pair, zone, 7)
    state, served = pair.control.zone_state(zone), pair.serial(pair.primary, zone)
    assert state and state.serial == 7 and state.signed and not state.dynamic
    assert served and is_later(served, 7)
    pair.put(uuid, content(zone, 100))
    pair.control.reload(zone)
    pair.wait_for_serial(pair.primary, zone, 100)
    assert file_serial(pair, zone) == 100


def test_a_file_with_a_serial_that_is_not_later_is_not_followed(pair: Pair, zone: Name) -> None:
    uuid = signed_zone(pair, zone, 50)
    served = pair.serial(pair.primary, zone)
    pair.put(uuid, content(zone, 49))
    pair.control.reload(zone)
    wait_for(lambda: b"out of range" in pair.ns1.log.read_bytes(), "named refuses the file")
    assert file_serial(pair, zone) == 50 and pair.serial(pair.primary, zone) == served


def content_number(pair: Pair, zone: Name) -> int | None:
    query = pair.primary, zone
    answer = query_all([query], signed={zone})[query]
    return answer.serial if answer else None


def test_a_file_that_was_not_reloaded_is_signed_after_a_restart(pair: Pair, zone: Name) -> None:
    uuid = signed_zone(pair, zone, 1)
    pair.put(uuid, content(zone, 1000))
    pair.ns1.stop(signal.SIGKILL)
    pair.ns1.start()
    pair.wait_for_any_serial(pair.primary, pair.catalog)
    wait_for(lambda: content_number(pair, zone) == 1000, "the new content is served")


def test_modzone_turns_signing_neither_on_nor_off(pair: Pair, zone: Name) -> None:
    uuid = uuid4()
    file, keys = pair.put(uuid, content(zone, 7)), pair.files.make_key_folder(uuid)
    pair.control.add_zone(zone, file)
    name = f'"{zone.to_text(omit_final_dot=True)}"'
    signed = f'{{ type primary; file "{file}"; {SIGNING} key-directory "{keys}"; }};'
    assert "reconfigured" in pair.connection.command("modzone", name, signed)
    state = pair.control.zone_state(zone)
    assert state and not state.signed and pair.serial(pair.primary, zone) == 7
    with pytest.raises(CommandFailed, match="not found"):
        pair.connection.command("modzone", name, signed.replace('"appliance"', '"missing"'))
    pair.control.replace_zone(zone, file, str(keys))
    wait_for(lambda: state_is_secure(pair, zone), "delzone and addzone turn it on")


def test_a_ttl_above_that_of_the_policy_is_refused(pair: Pair, zone: Name) -> None:
    with pytest.raises(CommandFailed, match="out of range"):
        put_signed(pair, zone, 7, ttl=86_401)
    assert pair.serial(pair.primary, zone) is None


def test_a_refusal_of_a_key_command_is_an_error(pair: Pair, zone: Name) -> None:
    signed_zone(pair, zone, 7)
    (key,) = pair.control.key_status(zone)
    other = key.tag ^ 1
    with pytest.raises(CommandFailed, match="no matching key"):
        pair.control.note_ds(zone, other, DsReport.PUBLISHED)
    with pytest.raises(CommandFailed, match="Error"):
        pair.control.roll_key(zone, other)


def test_key_files_have_the_escaped_name_of_the_zone(pair: Pair) -> None:
    uuid = signed_zone(pair, dns.name.from_text("128/25.2.0.192.in-addr.arpa"), 7)
    names = {path.name[: path.name.rindex("+")] for path in Path(pair.files.key_folder(uuid)).iterdir()}
    assert names == {"K128%2F25.2.0.192.in-addr.arpa.+013"}
    assert {path.stat().st_mode & 0o777 for path in pair.files.key_folder(uuid).glob("*.private")} == {0o600}


def test_the_longest_path_of_a_key_file(pair: Pair) -> None:
    uuid = uuid4()
    keys = pair.files.make_key_folder(uuid)
    length = LONGEST_PATH - len(f"{keys}/K.+013+12345.private")
    zone = dns.name.from_text(f"{'a' * 60}.{'b' * 60}.{'c' * (length - 122)}")
    pair.control.add_zone(zone, pair.put(uuid, content(zone, 7)), str(keys))
    wait_for(lambda: state_is_secure(pair, zone), "the zone is signed")
