"""All doors on one zone at the same time, ns2 silent meanwhile; then strangers with malformed messages at each door.

Nothing that was answered may be lost, every request that changed something has one serial, each client gets its
response before it gives up, and reads are answered. Broken messages get a documented response or none, and others are
served meanwhile.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import dns.exception
import requests

from tests.appliance import Appliance
from tests.broken_dns import Signer, broken_messages
from tests.broken_http import broken_requests, calls_of
from tests.door_writers import Doors, Value, Writer, open_doors
from tests.soak.part_run import PartRun
from tests.strangers import peak_memory, send_datagrams, send_over_tcp, send_requests

SECONDS = 60.0
SILENT = 15.0
"""Seconds for which ns2 is suspended, in the middle."""
MESSAGES = 1_000
READ_PATIENCE = 2.0
"""Seconds after which a read counts as not answered."""
PAUSE = 0.05
"""Seconds between two writes of a door: a zone has ten a second for ever, and all of its burst."""
SECONDARY = "ns2/named.conf"
CHILDREN = ("appliance serve", "appliance updates")
SENDERS = {"update over UDP": send_datagrams, "update over TCP": send_over_tcp}
DOORS = ("powerdns", "httpreq", "dyndns2", "acme_dns", "external_dns", *SENDERS)
"""Where malformed messages are sent."""
MAX_GROWTH = 64 * 1024
"""KiB that malformed messages may add to the peak memory of a process."""


@dataclass(slots=True)
class Log:
    """What one client has done: the seconds of each request, and what is stored."""

    seconds: list[float] = field(default_factory=list)
    written: list[Value] = field(default_factory=list)


def run(part: PartRun, seconds: float = SECONDS, silent: float = SILENT, messages: int = MESSAGES) -> None:
    """Write by all doors for so many seconds, then send so many malformed messages to each."""
    with Appliance() as appliance:
        doors = open_doors(appliance, "doors.soak.example", "doors@example.org")
        write_by_all(part, doors, min(seconds, part.left / 3), silent)
        for door in DOORS:
            if part.left < 0:
                part.short(f"out of time: no malformed messages were sent to {door}")
                return
            send_broken_messages(part, doors, door, messages)


def write_by_all(part: PartRun, doors: Doors, seconds: float, silent: float) -> None:
    """Write by all doors and read; ns2 is suspended in the middle."""
    before, ended = doors.versions_by_comment(), threading.Event()
    with ThreadPoolExecutor(len(doors.writers) + 1) as threads:
        logs = {one: threads.submit(_write, part, one, ended.is_set) for one in doors.writers}
        reads = threads.submit(_read, part, doors, ended.is_set)
        ended.wait(max(0.0, seconds - silent) / 2)
        with doors.appliance.without(SECONDARY):
            ended.wait(silent)
        ended.wait(max(0.0, seconds - silent) / 2)
        ended.set()
    written = [value for log in logs.values() for value in log.result().written]
    part.check(doors.stored() == doors.kept(written), "what is stored is not what was answered")
    versions = doors.versions_by_comment() - before
    requested = {one.door: len(log.result().written) for one, log in logs.items()}
    part.check(versions.total() == len(written), f"versions by comment {versions} for the requests {requested}")
    doors.api.wait_until_live(doors.zone)
    _report(part, logs, reads.result())


def send_broken_messages(part: PartRun, doors: Doors, door: str, count: int) -> None:
    """Send malformed messages to one of DOORS, and write by all of them meanwhile."""
    random = Random(f"{part.seed}/{door}")
    with _others_are_served(part, doors):
        if door in SENDERS:
            signer = Signer(doors.credentials.key)
            sent = list(broken_messages(random, doors.domain, signer, int(time.time()), count))
            found = SENDERS[door](doors.update_port, sent)
        else:
            calls = calls_of(doors)[door]
            found = send_requests(doors.appliance.ports.api, list(broken_requests(random, door, calls, count)))
    for text in found.wrong:
        part.wrong(text)
    shown = ", ".join(f"{status} {times}" for status, times in sorted(found.answered.items()))
    part.figure(f"{count:,} malformed messages to {door}: {shown}")


def _write(part: PartRun, writer: Writer, is_ended: Callable[[], bool]) -> Log:
    log, number = Log(), 0
    while not is_ended():
        began = time.perf_counter()
        try:
            log.written.append(writer.write(number))
        except (AssertionError, requests.RequestException, dns.exception.DNSException) as error:
            part.wrong(f"{writer.door} {number}: {error!r}")
        log.seconds.append(time.perf_counter() - began)
        took = log.seconds[-1]
        part.check(took < writer.patience, f"{writer.door} {number}: answered after {took:.2f} s")
        number += 1
        time.sleep(PAUSE)
    return log


def _read(part: PartRun, doors: Doors, is_ended: Callable[[], bool]) -> Log:
    log, api = Log(), doors.appliance.client(doors.credentials.secret)
    while not is_ended():
        began = time.perf_counter()
        answer = api("GET", f"/dns-zones/{doors.zone['uuid']}/records/?page_size=50")
        log.seconds.append(time.perf_counter() - began)
        is_read = answer.status_code == requests.codes.ok and log.seconds[-1] < READ_PATIENCE
        part.check(is_read, f"a read has {answer.status_code} after {log.seconds[-1]:.2f} s")
        time.sleep(PAUSE)
    return log


@contextmanager
def _others_are_served(part: PartRun, doors: Doors) -> Iterator[None]:
    """Write by every door while the block runs; the processes must live, and their memory be bounded."""
    pids = [doors.appliance.child(words) for words in CHILDREN]
    memory, logged = [peak_memory(pid) for pid in pids], len(doors.appliance.log("serve"))
    number = len(doors.stored()) * 10
    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(lambda: [writer.write(number) for writer in doors.writers])
        yield
        part.check(set(writing.result()) <= doors.stored(), "a write of others is lost")
    if part.check(pids == [doors.appliance.child(words) for words in CHILDREN], "a process has ended"):
        growth = max(peak_memory(pid) - former for pid, former in zip(pids, memory, strict=True))
        part.check(growth < MAX_GROWTH, f"memory has grown by {growth} KiB")
    log = doors.appliance.log("serve")[logged:] + doors.appliance.log("updates")
    part.check("Traceback" not in log, f"an unexpected error: {log[log.find('Traceback') :][:3000]}")


def _report(part: PartRun, logs: dict[Writer, Future[Log]], reads: Log) -> None:
    for writer, done in logs.items():
        log = done.result()
        part.figure(f"{writer.door:12} {_figures(log)}; its clients wait {writer.patience:g} s")
    part.figure(f"{'reads':12} {_figures(reads)}")


def _figures(log: Log) -> str:
    if not log.seconds:
        return "none"
    median, longest = statistics.median(log.seconds), max(log.seconds)
    return f"{len(log.seconds):5,} requests, median {median:.3f} s, longest {longest:.3f} s"
