"""Check that the nameservers and the listener for DNS UPDATE answer over UDP and accept TCP."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator

import dns.name

from appliance.addresses import Nameserver
from appliance.doctor.result import DoctorContext, Result, Verdict, fail, ok
from appliance.problems import listener_problem
from appliance.queries.bulk import query_all
from appliance.store.file.database import Store

SECONDS = 1.0


def primary(context: DoctorContext) -> Iterator[Result]:
    """Check that the primary serves the catalog zone over UDP and accepts TCP."""
    yield from _check_reachable(context, context.settings.dns.nameservers[:1])


def secondaries(context: DoctorContext) -> Iterator[Result]:
    """Check that every secondary serves the catalog zone over UDP and accepts TCP."""
    yield from _check_reachable(context, context.settings.dns.nameservers[1:])


def updates(context: DoctorContext) -> Iterator[Result]:
    """Check that the listener for DNS UPDATE answers over UDP, accepts TCP and reports, where it has an address."""
    endpoint = context.settings.doors.update
    if endpoint is None:
        yield ok("doors.update has no address: DNS UPDATE is off")
        return
    remedy = "systemctl enable --now dns-appliance-updates; journalctl -u dns-appliance-updates shows why it stopped"
    listener = Nameserver("the listener for DNS UPDATE", endpoint)
    for result in _check_reachable(context, [listener]):
        yield result if result.verdict is Verdict.OK else fail(result.what, remedy)
    store = Store(context.settings.store.path, busy_timeout=context.settings.store.busy_timeout)
    store.attach()
    with store.connection():
        problem = listener_problem(context.now)
    if problem:
        yield fail(problem.text, problem.remedy)


def _check_reachable(context: DoctorContext, servers: Iterable[Nameserver]) -> Iterator[Result]:
    name = dns.name.from_text(context.settings.dns.catalog)
    for server in servers:
        answer = query_all([(server, name)], timeout=SECONDS, retries=1)[server, name]
        where = f"{server.name} at {server.endpoint.host} port {server.endpoint.port}"
        if answer is None:
            yield fail(f"{where} does not answer", "check that named runs there and that no firewall drops UDP")
        elif answer.serial is None:
            yield fail(f"{where} does not serve the catalog zone", "read its log: a key or an address may be wrong")
        elif not _accepts_tcp(server):
            yield fail(f"{where} accepts no TCP connection", "open TCP too: transfers and large answers need it")
        else:
            yield ok(f"{where} answers")


def _accepts_tcp(server: Nameserver) -> bool:
    try:
        socket.create_connection((server.endpoint.host, server.endpoint.port), SECONDS).close()
    except OSError:
        return False
    return True
