"""The control channel of a real named: commands, lost connections, wrong keys, a server that does not reply."""

from __future__ import annotations

import signal
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import dns.name
import pytest
from dns.rcode import NOERROR, REFUSED

from appliance.addresses import Endpoint
from appliance.errors import CommandFailed, CommandTimeout
from appliance.keys import new_key
from appliance.nameserver.control import Control, RndcProgram, WithFallback, ZoneState, quoted
from appliance.nameserver.file_head import FileHead
from appliance.nameserver.isccc import BrokenConnection, RndcConnection, Table, pack, unpack
from tests.pair import LOOPBACK, Pair, free_port, program, small_zone, wait_for
from tests.proxy import Proxy
from tests.signed_updates import update_small_zone


def zone_of(label: str) -> dns.name.Name:
    return dns.name.from_text(f"{label}.control.test")


def test_a_zone_is_added_reloaded_shown_and_deleted(pair: Pair) -> None:
    zone = dns.name.from_text("0/25.2.0.192.in-addr.arpa")
    uuid = pair.create(zone, 1)
    pair.wait_for_serial(pair.primary, zone, 1)
    assert str(pair.files.path(uuid)) in (pair.control.show_zone(zone) or "")
    pair.put(uuid, small_zone(zone, 2))
    pair.control.resume_updates(zone)
    pair.wait_for_serial(pair.primary, zone, 2)
    pair.control.delete_zone(zone)
    pair.wait_for_serial(pair.primary, zone, None)
    assert pair.control.show_zone(zone) is None


def test_a_zone_is_replaced_by_one_from_another_file(pair: Pair) -> None:
    zone = zone_of("replaced")
    former = pair.create(zone, 1)
    other = pair.put(uuid4(), small_zone(zone, 2))
    pair.control.replace_zone(zone, other)
    pair.wait_for_serial(pair.primary, zone, 2)
    assert other in (pair.control.show_zone(zone) or "")
    assert pair.files.path(former).exists()


def test_updates_are_suspended_and_the_file_is_loaded_when_they_resume(pair: Pair) -> None:
    zone = zone_of("suspended")
    uuid = pair.create(zone, 1)
    assert update_small_zone(pair, zone, 2, "192.0.2.2") == NOERROR
    assert pair.control.zone_state(zone) == ZoneState(str(pair.files.path(uuid)), 2)
    for _ in range(2):  # the second time as after a crash
        assert pair.control.suspend_updates(zone)
    assert pair.control.zone_state(zone) == ZoneState(str(pair.files.path(uuid)), 2, suspended=True)
    assert update_small_zone(pair, zone, 3, "192.0.2.3") == REFUSED
    wait_for(lambda: pair.files.head(uuid) == FileHead(zone, 2, by_named=True), "named has written the file")
    pair.put(uuid, small_zone(zone, 4))
    pair.control.resume_updates(zone)
    pair.wait_for_serial(pair.primary, zone, 4)
    pair.put(uuid, small_zone(zone, 5))
    pair.control.resume_updates(zone)  # not suspended, as after a restart of named
    pair.wait_for_serial(pair.primary, zone, 5)
    assert update_small_zone(pair, zone, 6, "192.0.2.6") == NOERROR


def test_updates_of_a_file_that_is_not_loaded_stay_suspended(pair: Pair) -> None:
    zone = zone_of("broken")
    uuid = pair.create(zone, 1)
    pair.wait_for_serial(pair.primary, zone, 1)
    assert pair.control.suspend_updates(zone)
    pair.put(uuid, b"broken")
    pair.control.resume_updates(zone)
    assert update_small_zone(pair, zone, 2, "192.0.2.2") == REFUSED
    assert pair.files.restore(uuid)
    pair.control.resume_updates(zone)
    wait_for(lambda: update_small_zone(pair, zone, 2, "192.0.2.2") == NOERROR, "updates are accepted")


def test_a_zone_of_the_former_configuration_takes_no_updates_and_is_reloaded(pair: Pair) -> None:
    zone = zone_of("static")
    uuid = pair.create(zone, 1)
    file = pair.files.path(uuid)
    static = f'{{ type primary; file "{file}"; allow-update {{ none; }}; }};'
    pair.connection.command("modzone", quoted(zone), static)
    assert not pair.control.suspend_updates(zone)
    assert pair.control.zone_state(zone) == ZoneState(str(file), 1, dynamic=False)
    pair.put(uuid, small_zone(zone, 2))
    pair.control.resume_updates(zone)
    pair.wait_for_serial(pair.primary, zone, 2)


def test_sync_makes_named_write_the_file(pair: Pair) -> None:
    zone = zone_of("written")
    uuid = pair.create(zone, 1)
    update_small_zone(pair, zone, 2, "192.0.2.2")
    pair.control.sync(zone)
    wait_for(lambda: pair.files.head(uuid) == FileHead(zone, 2, by_named=True), "named has written the file")


def test_the_state_of_a_zone_that_is_not_loaded_or_not_there(pair: Pair) -> None:
    zone = zone_of("unloaded")
    broken = uuid4()
    file = pair.put(broken, small_zone(zone, 1).replace(b" NS ", b" TXT "))  # the file exists, and holds no valid zone
    with pytest.raises(CommandFailed):
        pair.control.add_zone(zone, file)
    assert pair.control.zone_state(zone) is None
    loaded = pair.create(zone, 1)
    pair.connection.command("modzone", quoted(zone), f'{{ type primary; file "{file}"; }};')
    assert pair.control.zone_state(zone) in (ZoneState(file), ZoneState(str(pair.files.path(loaded)), 1))
    pair.control.delete_zone(zone)


class StartedNamed:
    """A transport to a named that began at a certain time, or that does not say so."""

    def __init__(self, status: str) -> None:
        self._status = status

    def command(self, *words: str) -> str:
        """Answer as named does."""
        return self._status if words == ("status",) else ""


def test_the_time_at_which_named_started(pair: Pair) -> None:
    status = "version: BIND 9.18.49 <id:>\nboot time: Fri, 27 Nov 2026 13:48:02 GMT\nserver is up and running"
    assert Control(StartedNamed(status)).boot_time() == datetime(2026, 11, 27, 13, 48, 2, tzinfo=UTC)
    assert pair.control.boot_time() <= datetime.now(UTC)
    for without in ("", "boot time: soon"):
        with pytest.raises(CommandFailed, match="boot time"):
            Control(StartedNamed(without)).boot_time()


class ForgettingNamed:
    """A transport to a named that loses the configuration of a zone that is added right after it was deleted."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.sent: list[str] = []

    def command(self, *words: str) -> str:
        """Answer as named does."""
        self.sent.append(words[0])
        if words[0] == "showzone" and self.sent.count("showzone") <= self.times:
            raise CommandFailed(words, "failure")
        return 'zone "a.test" { type primary; file "/a.zone"; };'


def test_a_zone_whose_configuration_named_lost_is_replaced_again() -> None:
    named = ForgettingNamed(times=1)
    Control(named).replace_zone(dns.name.from_text("a.test"), "/a.zone")
    assert named.sent == ["delzone", "addzone", "showzone"] * 2
    assert Control(ForgettingNamed(times=1)).show_zone(dns.name.from_text("a.test")) == ""


def test_the_reason_of_named_is_reported(pair: Pair) -> None:
    zone = zone_of("twice")
    uuid = pair.create(zone, 1)
    with pytest.raises(CommandFailed, match="already exists") as refused:
        pair.control.add_zone(zone, str(pair.files.path(uuid)))
    assert not isinstance(refused.value, BrokenConnection)
    with pytest.raises(CommandFailed, match="not found"):
        pair.control.delete_zone(zone_of("never"))


def test_a_missing_file_is_refused_at_once(pair: Pair) -> None:
    with pytest.raises(CommandFailed, match="file not found"):
        pair.control.add_zone(zone_of("fileless"), str(pair.zones / "nothing"))


def test_a_closed_connection_is_reopened(pair: Pair) -> None:
    with Proxy(pair.control_port) as proxy:
        connection = RndcConnection(Endpoint(LOOPBACK, proxy.port), pair.control_key)
        connection.command("status")
        for _ in range(2):
            proxy.refuse()
            proxy.accept()
            assert "server is up" in connection.command("status")
        connection.close()


def test_the_connection_is_reopened_after_a_restart() -> None:
    with Pair() as pair:
        assert "server is up" in pair.connection.command("status")
        pair.ns1.stop()
        with pytest.raises(BrokenConnection, match="refused"):
            pair.connection.command("status")
        pair.ns1.start()
        pair.wait_for_any_serial(pair.primary, pair.catalog)
        assert "server is up" in pair.connection.command("status")
        pair.ns1.stop(signal.SIGKILL)
        pair.ns1.start()
        pair.wait_for_any_serial(pair.primary, pair.catalog)
        assert "server is up" in pair.connection.command("status")


def test_a_wrong_key_is_reported_without_its_secret(pair: Pair) -> None:
    key = new_key("control")
    with pytest.raises(BrokenConnection, match="most likely it has another key") as refused:
        RndcConnection(Endpoint(LOOPBACK, pair.control_port), key).command("status")
    assert key.secret not in str(refused.value)


def test_a_hanging_named_is_a_timeout(pair: Pair) -> None:
    connection = RndcConnection(Endpoint(LOOPBACK, pair.control_port), pair.control_key, timeout=1)
    for prepare in (lambda: connection.command("status"), connection.close):
        prepare()
        pair.ns1.pause()
        try:
            with pytest.raises(CommandTimeout):
                connection.command("status")
        finally:
            pair.ns1.resume()
        assert "server is up" in connection.command("status")
    connection.close()


def test_the_program_runs_the_same_commands(pair: Pair) -> None:
    control = Control(RndcProgram(program("rndc"), Endpoint(LOOPBACK, pair.control_port), str(pair.key_file)))
    zone = zone_of("by-program")
    uuid = pair.create(zone, 1)
    assert str(pair.files.path(uuid)) in (control.show_zone(zone) or "")
    for _ in range(2):
        assert control.suspend_updates(zone)
    pair.put(uuid, small_zone(zone, 2))
    control.resume_updates(zone)
    pair.wait_for_serial(pair.primary, zone, 2)
    assert control.boot_time() == pair.control.boot_time()
    assert control.zone_state(zone) == ZoneState(str(pair.files.path(uuid)), 2)
    assert control.zone_state(zone_of("never")) is None
    control.delete_zone(zone)
    assert control.show_zone(zone) is None
    control.add_zone(zone, str(pair.files.path(uuid)))
    with pytest.raises(CommandFailed, match="already exists"):
        control.add_zone(zone, str(pair.files.path(uuid)))


def test_the_program_replaces_a_broken_connection_only(pair: Pair) -> None:
    broken = RndcConnection(Endpoint(LOOPBACK, free_port()), pair.control_key)
    rndc = RndcProgram(program("rndc"), Endpoint(LOOPBACK, pair.control_port), str(pair.key_file))
    assert "catalog.appliance.test" in (Control(WithFallback(broken, rndc)).show_zone(pair.catalog) or "")
    missing = RndcProgram("/nonexistent/rndc", Endpoint(LOOPBACK, pair.control_port), str(pair.key_file))
    with pytest.raises(CommandFailed, match="not found"):
        Control(WithFallback(pair.connection, missing)).delete_zone(zone_of("never"))


@pytest.mark.parametrize("label", [b'a"b', b"a b", b"a;b", b"a{b", b"a\nb", b"a\\b", b"\x00", b"\xe4"])
def test_unsafe_characters_are_refused(label: bytes) -> None:
    with pytest.raises(CommandFailed):
        quoted(dns.name.Name((label, b"test", b"")))


def test_the_root_and_an_empty_name_are_refused() -> None:
    for name in (dns.name.root, dns.name.empty):
        with pytest.raises(CommandFailed):
            quoted(name)


def test_a_file_name_cannot_end_its_string(pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="file name"):
        pair.control.add_zone(zone_of("file"), f'{tmp_path}/x"; }}; type secondary; "')


def test_packed_tables_unpack_to_the_same() -> None:
    tree: Table = {"_ctrl": {"_ser": b"1"}, "_data": {"type": b"null", "empty": b""}}
    assert unpack(pack(tree)) == tree


@pytest.mark.parametrize(
    "octets", [b"\x05ab", b"\x01a\x01\x00\x00\x00\x09x", b"\x01a\x07\x00\x00\x00\x00", b"\x01\xff\x01\0\0\0\0"]
)
def test_a_malformed_table_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(octets)


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x08\0\0\0\x02abcd", b"\0\0\0\x04\0\0\0\x01"]
)
def test_another_protocol_is_reported(greeting: bytes) -> None:
    def answer() -> None:
        client, _ = server.accept()
        with client:
            client.sendall(greeting)
            client.recv(1000)

    with socket.create_server((LOOPBACK, 0)) as server:
        other_server = threading.Thread(target=answer)
        other_server.start()
        with pytest.raises(BrokenConnection):
            RndcConnection(Endpoint(LOOPBACK, server.getsockname()[1]), new_key("control")).command("status")
        other_server.join()
