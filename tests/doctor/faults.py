"""Temporary faults of an appliance, each with the check that must fail and words of its finding."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import dns.message
import dns.name
import dns.rrset

from appliance.doctor.result import DoctorContext
from appliance.keys import new_key, read_key
from appliance.nameserver.control import Control
from appliance.nameserver.isccc import RndcConnection
from appliance.settings import Settings
from appliance.store.file import sqlite
from tests.pair import LOOPBACK

Fault = Callable[[DoctorContext], AbstractContextManager[DoctorContext]]


def with_settings(context: DoctorContext, section: str, **values: object) -> DoctorContext:
    part = replace(getattr(context.settings, section), **values)
    return replace(context, settings=replace(context.settings, **{section: part}))


def changed(section: str, key: str, value: object) -> Fault:
    @contextmanager
    def fault(context: DoctorContext) -> Iterator[DoctorContext]:
        yield with_settings(context, section, **{key: value})

    return fault


@contextmanager
def content(file: Path, text: str) -> Iterator[None]:
    """Replace the content of the file while the block runs."""
    before = file.read_bytes()
    file.write_text(text)
    try:
        yield
    finally:
        file.write_bytes(before)


@contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    before = path.stat().st_mode & 0o7777
    path.chmod(bits)
    try:
        yield
    finally:
        path.chmod(before)


@contextmanager
def suspended(pid: int | None) -> Iterator[None]:
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def key_file_open(context: DoctorContext) -> Iterator[DoctorContext]:
    with mode(context.settings.deployer.control_key, 0o644):
        yield context


@contextmanager
def key_file_garbled(context: DoctorContext) -> Iterator[DoctorContext]:
    with content(context.settings.deployer.update_key, "no key"):
        yield context


def another_key(name: str) -> Fault:
    @contextmanager
    def fault(context: DoctorContext) -> Iterator[DoctorContext]:
        with content(getattr(context.settings.deployer, f"{name}_key"), new_key(name).statement()):
            yield context

    return fault


@contextmanager
def store_open(context: DoctorContext) -> Iterator[DoctorContext]:
    file = context.settings.store.path
    with mode(file.parent, 0o755), mode(file, 0o644):
        yield context


@contextmanager
def store_damaged(context: DoctorContext) -> Iterator[DoctorContext]:
    file = context.settings.store.path.with_name("damaged.sqlite3")
    file.write_bytes(b"\xa5" * 8192)
    yield with_settings(context, "store", path=file)
    file.unlink()


@contextmanager
def store_of_an_older_release(context: DoctorContext) -> Iterator[DoctorContext]:
    file = context.settings.store.path.with_name("older.sqlite3")
    with closing(sqlite.connect(context.settings.store.path)) as source:
        source.execute("vacuum into ?", (str(file),))
    with closing(sqlite.connect(file)) as copy:
        copy.execute("delete from schema_migration")
    yield with_settings(context, "store", path=file)
    file.unlink()


@contextmanager
def link_for_a_file(context: DoctorContext) -> Iterator[DoctorContext]:
    link = context.settings.deployer.zone_directory / f"{uuid4()}.zone"
    link.symlink_to("/etc/passwd")
    yield context
    link.unlink()


@contextmanager
def zones_open(context: DoctorContext) -> Iterator[DoctorContext]:
    with mode(context.settings.deployer.zone_directory, 0o777):
        yield context


@contextmanager
def bad_named_conf(context: DoctorContext) -> Iterator[DoctorContext]:
    file = context.settings.deployer.zone_directory.parent / "ns2" / "named.conf"
    with content(file, "options { no-such-option yes; };\n"):
        yield context


@contextmanager
def named_conf_of_a_former_release(context: DoctorContext) -> Iterator[DoctorContext]:
    file = context.settings.deployer.zone_directory.parent / "ns1" / "named.conf"
    with content(file, file.read_text().replace('dnssec-policy "appliance"', 'dnssec-policy "other"')):
        yield context


@contextmanager
def folder_of_keys_open(context: DoctorContext) -> Iterator[DoctorContext]:
    (key,) = context.settings.deployer.zone_directory.glob("keys/*/*.private")
    with mode(key.parent, 0o2775):
        yield context


@contextmanager
def private_key_open(context: DoctorContext) -> Iterator[DoctorContext]:
    (key,) = context.settings.deployer.zone_directory.glob("keys/*/*.private")
    with mode(key, 0o640):
        yield context


@contextmanager
def clock_behind(context: DoctorContext) -> Iterator[DoctorContext]:
    yield replace(context, clock=lambda: context.now - timedelta(days=1))


@contextmanager
def control_of(settings: Settings) -> Iterator[Control]:
    deployer = settings.deployer
    connection = RndcConnection(deployer.control, read_key(deployer.control_key))
    yield Control(connection)
    connection.close()


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "no checker": (changed("deployer", "named_checkzone", "/missing/named-checkzone"), "programs", "named_checkzone"),
    "no nameserver": (changed("dns", "nameservers", ()), "settings", "is empty"),
    "no store": (changed("store", "path", Path("/missing/store.sqlite3")), "store", "does not exist"),
    "damaged store": (store_damaged, "store", "not a database"),
    "older store": (store_of_an_older_release, "store", "lacks migration 0001_initial"),
    "open store": (store_open, "store-mode", "readable for everyone"),
    "clock": (clock_behind, "clock", "the clock was set back"),
    "open key": (key_file_open, "keys", "has mode 0644"),
    "garbled key": (key_file_garbled, "keys", "must hold exactly one key statement"),
    "missing key": (changed("deployer", "transfer_key", Path("/missing/key")), "keys", "does not exist"),
    "no zone directory": (changed("deployer", "zone_directory", Path("/missing")), "zone-directory", "does not exist"),
    "open zone directory": (zones_open, "zone-directory", "writable for everyone"),
    "link": (link_for_a_file, "zone-directory", "is a symbolic link"),
    "named.conf": (bad_named_conf, "named-conf", "no-such-option"),
    "former named.conf": (named_conf_of_a_former_release, "signing-policy", "and signed.example is to be signed"),
    "open folder of DNSSEC keys": (folder_of_keys_open, "signing-keys", "has mode 2775, and should have 2770"),
    "open DNSSEC key": (private_key_open, "signing-keys", "has mode 0640"),
    "control key": (another_key("control"), "control", "most likely it has another key"),
    "transfer key": (another_key("transfer"), "transfer", "transfer.key"),
    "update key": (another_key("update"), "transfer", "update.key"),
}


@contextmanager
def soa_proxy(forward: Callable[[dns.message.Message], dns.message.Message], *, ahead: int) -> Iterator[int]:
    """Yield a port that forwards SOA queries and adds `ahead` to the serial of each reply."""
    with socket.socket(type=socket.SOCK_DGRAM) as opened:
        opened.bind((LOOPBACK, 0))

        def serve() -> None:
            while True:
                octets, sender = opened.recvfrom(4096)
                if not octets:
                    return
                query = dns.message.from_wire(octets)
                reply = forward(query)
                reply.id = query.id
                (soa,) = reply.answer[0]
                later = soa.replace(serial=soa.serial + ahead)
                reply.answer = [dns.rrset.from_rdata(query.question[0].name, 0, later)]
                opened.sendto(reply.to_wire(), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        yield opened.getsockname()[1]
        opened.sendto(b"", opened.getsockname())
        thread.join()
