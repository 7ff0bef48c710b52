"""DNS UPDATE by nsupdate and zone transfers by dig, against a whole appliance: served when they return."""

from __future__ import annotations

import os
import random
import signal
import socket
import struct
import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import dns.exception
import dns.query
import dns.tsig
import dns.update
import dns.xfr
import dns.zone
import pytest

from appliance.keys import Key, read_key
from tests.appliance import Appliance, Client
from tests.pair import LOOPBACK, wait_for


@pytest.fixture
def key_file(appliance: Appliance, tmp_path: Path) -> Path:
    """The file of a key of the account of these tests, as the command line prints it."""
    printed = appliance.token("stories@example.org", options=["--tsig"])
    file = tmp_path / "key"
    file.write_text(f"{printed.partition(chr(10))[2]}\n")
    return file


def tsig_key(key_file: Path) -> dns.tsig.Key:
    """Return the key in that file, as dnspython takes it."""
    key = read_key(key_file)
    return dns.tsig.Key(key.name, key.octets, key.algorithm)


def nsupdate(appliance: Appliance, key_file: Path, *lines: str, options: tuple[str, ...] = ()) -> str:
    """Send an update whose zone nsupdate finds by its SOA; return what it prints of a failure."""
    script = "\n".join([f"server {LOOPBACK} {appliance.ports.dns + 2}", *lines, "send", ""])
    argv = ("nsupdate", *options, "-k", str(key_file))
    done = subprocess.run(argv, input=script, capture_output=True, text=True, check=False, timeout=60)
    return done.stderr.strip()


@pytest.mark.parametrize("options", [(), ("-v",)])
def test_nsupdate_changes_a_zone_that_is_served(
    appliance: Appliance, api: Client, key_file: Path, options: tuple[str, ...]
) -> None:
    domain = f"nsupdate{len(options)}.example"
    zone = api.zone(domain)
    api.wait_until_live(zone)
    add = f"update add www.{domain}. 60 A 192.0.2.1"
    assert nsupdate(appliance, key_file, f"prereq nxdomain www.{domain}.", add, options=options) == ""
    appliance.wait_until_answered(f"www.{domain}", "A", [b"\xc0\0\2\1"])
    assert "YXDOMAIN" in nsupdate(appliance, key_file, f"prereq nxdomain www.{domain}.", add)
    assert "REFUSED" in nsupdate(appliance, key_file, f"update add www.{domain}. 60 CNAME a.example.net.")
    assert nsupdate(appliance, key_file, f"update delete www.{domain}.") == ""
    appliance.wait_until_answered(f"www.{domain}", "A", [])
    comments = [one["comment"] for one in api.expect(200, "GET", f"/dns-zones/{zone['uuid']}/versions/")]
    assert comments[:2] == ["DNS UPDATE"] * 2


def test_a_wrong_key_is_refused(appliance: Appliance, api: Client, key_file: Path, tmp_path: Path) -> None:
    api.zone("wrongkey.example")
    wrong, right = tmp_path / "wrong", read_key(key_file)
    wrong.write_text(Key(right.name, right.algorithm, "c2VjcmV0").statement())
    for text, file in (("BADSIG", wrong), ("BADKEY", _renamed(right, tmp_path))):
        answer = nsupdate(appliance, file, "zone wrongkey.example.", "update add www.wrongkey.example. 60 A 192.0.2.1")
        assert text in answer


def _renamed(key: Key, folder: Path) -> Path:
    file = folder / "renamed"
    file.write_text(Key("unknown", key.algorithm, key.secret).statement())
    return file


def test_a_transfer_has_what_was_written(appliance: Appliance, api: Client, key_file: Path) -> None:
    zone = api.zone("axfr.example")
    api.record(zone, "TXT", "t", "text")
    target = dns.zone.Zone("axfr.example", relativize=False)
    query, _ = dns.xfr.make_query(target, keyring=tsig_key(key_file))
    dns.query.inbound_xfr(LOOPBACK, target, query, appliance.ports.dns + 2, 10)
    assert [one.to_text() for one in target.find_rdataset("t.axfr.example.", "TXT")] == ['"text"']


def test_what_was_answered_survives_kills(appliance: Appliance, api: Client, key_file: Path) -> None:
    """The listener is killed while updates come in: each that was answered is there, and none is half there."""
    zone, key = api.zone("kills.example"), tsig_key(key_file)
    answered, ended = list[str](), threading.Event()

    def send(client: int) -> None:
        number = 0
        while not ended.is_set():
            number += 1
            update = dns.update.UpdateMessage("kills.example", keyring=key)
            for rdtype, data in (("A", "192.0.2.1"), ("TXT", "text")):
                update.add(f"n{client}x{number}", 60, rdtype, data)
            with suppress(OSError, EOFError, dns.exception.DNSException):
                if dns.query.tcp(update, LOOPBACK, 5, appliance.ports.dns + 2).rcode() == 0:
                    answered.append(f"n{client}x{number}")

    with ThreadPoolExecutor(3) as clients:
        sending = [clients.submit(send, client) for client in range(3)]
        for kills in range(1, 3):
            wait_for(lambda count=5 * kills: len(answered) > count, "updates are answered")  # type: ignore[misc]
            killed = appliance.child("appliance updates")
            assert killed
            os.kill(killed, signal.SIGKILL)
            wait_for(lambda: appliance.rcode("kills.example", 3) == "NOERROR", "it runs again")
        ended.set()
        for one in sending:
            one.result()
    found = Counter(one["name"] for one in api.expect(200, "GET", f"/dns-zones/{zone['uuid']}/records/"))
    assert set(answered) <= set(found) and set(found.values()) == {2}


def test_junk_and_idle_connections_keep_nobody_out(appliance: Appliance, api: Client, key_file: Path) -> None:
    """1,000 broken datagrams, as many messages over TCP, and 200 connections that send nothing or a part."""
    zone, at = api.zone("junk.example"), (LOOPBACK, appliance.ports.dns + 2)
    randomness, valid = random.Random(7), dns.update.UpdateMessage("junk.example")
    valid.add("junk", 60, "A", "192.0.2.1")
    valid.use_tsig(dns.tsig.Key("key", b"secret"))
    junk = [broken(valid.to_wire(), randomness) for _ in range(1000)]
    with ExitStack() as opened:
        for number in range(200):
            idle = opened.enter_context(socket.create_connection(at, 5))
            idle.sendall(b"\0" * (number % 2))
        sender = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for one in junk:
            sender.sendto(one, at)
        for one in junk:
            with suppress(OSError), socket.create_connection(at, 5) as connection:
                connection.sendall(struct.pack("!H", len(one)) + one)
        for options in ((), ("-v",)):
            add = f"update add www{len(options)}.junk.example. 60 A 192.0.2.1"
            assert nsupdate(appliance, key_file, add, options=options) == ""
    assert [one["name"] for one in api.expect(200, "GET", f"/dns-zones/{zone['uuid']}/records/")] == ["www0", "www1"]
    assert appliance.rcode("junk.example", 1) == "NOERROR"
    log = appliance.log("updates")
    assert "Traceback" not in log and "event=message-failed" not in log


def broken(wire: bytes, randomness: random.Random) -> bytes:
    """Return random octets, or the message with octets changed or missing."""
    if randomness.random() < 0.3:
        return randomness.randbytes(randomness.randrange(300))
    changed = bytearray(wire)
    for _ in range(randomness.randrange(1, 9)):
        changed[randomness.randrange(len(changed))] = randomness.randrange(256)
    return bytes(changed[: randomness.randrange(len(changed)) if randomness.random() < 0.3 else None])
