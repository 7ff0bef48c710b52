"""`dns-appliance run`: start everything in order, print how to use it, and supervise it until stopped."""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from dns.name import Name

from appliance.addresses import LOOPBACK, Endpoint, Nameserver
from appliance.embedded.first_start import FIRST_ACCOUNT, FirstSecrets, FirstStart
from appliance.embedded.state import (
    StateFolder,
    create_folders,
    ports_in_use,
    prepare_state_folder,
    reachable_program,
)
from appliance.embedded.supervisor import Child, stop_all
from appliance.errors import SettingsError
from appliance.nameserver.held_zones import hold_back
from appliance.nameserver.programs import find_program
from appliance.nameserver.version import read_version
from appliance.processes import exclusive_lock, handle_stop_signals
from appliance.queries.bulk import query_all
from appliance.store.file.database import Store

START_TIMEOUT = 50.0
"""Seconds within which everything must be ready."""
WATCH_INTERVAL = 0.2
MAX_EARLY_ENDS = 3
"""How often a child may end while everything starts."""

Say = Callable[[str], None]


def run(folder: Path, api: Endpoint, dns_port: int, clock: Callable[[], datetime], say: Say) -> None:
    """Run the appliance in the foreground until SIGINT or SIGTERM; raise SettingsError if it cannot start."""
    _refuse_shared_port(api, dns_port)
    named = _find_named()
    if not folder.exists():  # no process can run in it, and a refused start must not create it
        _refuse_ports_in_use(dns_port, dns_port + 1, dns_port + 2, api.port)
    create_folders(folder)
    with exclusive_lock(folder / "run.lock"):
        _refuse_ports_in_use(dns_port, dns_port + 1, dns_port + 2, api.port)
        state = prepare_state_folder(folder, api, dns_port, read_version(named), os.environ)
        named = str(reachable_program(Path(named), state.folder, state.owner))
        first_start = _open_store(state, clock)
        stopped = handle_stop_signals()
        children: list[Child] = []
        try:
            _start_in_order(children, state, named, stopped)
            if not stopped():
                _print_usage(state, first_start.create_secrets(), say)
                first_start.end()
            while not stopped():
                time.sleep(WATCH_INTERVAL)
                for child in children:
                    child.restart_if_dead(time.monotonic())
        finally:
            stop_all(children)


def _refuse_shared_port(api: Endpoint, dns_port: int) -> None:
    ports = {dns_port: "ns1", dns_port + 1: "ns2", dns_port + 2: "DNS UPDATE"}
    if server := ports.get(api.port):
        raise SettingsError(f"--api is {api}, and port {api.port} is that of {server} (--dns-port {dns_port})")


def _refuse_ports_in_use(*ports: int) -> None:
    if used := ports_in_use(*ports):
        raise SettingsError(f"port {used[0]} of {LOOPBACK} is in use; choose others with --dns-port and --api")


def _open_store(state: StateFolder, clock: Callable[[], datetime]) -> FirstStart:
    """Create or migrate the store; return the first start of this appliance, which may be past."""
    store = Store(state.store)
    store.create_or_migrate()
    first_start = FirstStart(store, state.folder / "first-start", clock)
    first_start.begin()
    return first_start


def _start_in_order(children: list[Child], state: StateFolder, named: str, is_stopped: Callable[[], bool]) -> None:
    """Start ns1, ns2, deployer, listener for updates and API, in this order.

    Started together, ns2 may take a minute to find ns1.
    """
    deadline = time.monotonic() + START_TIMEOUT

    def start(child: Child, is_ready: Callable[[], bool]) -> None:
        children.append(child)
        child.start(time.monotonic())
        while not is_ready() and not is_stopped():
            if time.monotonic() > deadline:
                raise SettingsError(f"{child.name} is not ready after {START_TIMEOUT:.0f} s; see {child.log_file}")
            child.restart_if_dead(time.monotonic())
            if child.ends >= MAX_EARLY_ENDS:
                raise SettingsError(f"{child.name} does not start: {child.last_end}; see {child.log_file}")
            time.sleep(0.01)

    ns1, ns2, updates = Endpoint(LOOPBACK, state.dns_port), Endpoint(LOOPBACK, state.dns_port + 1), state.updates
    hold = partial(hold_back, state.zones)
    start(_named(state, named, "ns1", hold), lambda: _answers(ns1, state.catalog))
    start(_named(state, named, "ns2"), lambda: _answers(ns2, state.catalog))
    start(_own(state, "deployer"), lambda: True)
    if updates:
        start(_own(state, "updates"), lambda: _answers(updates, state.catalog))
    start(_own(state, "serve"), lambda: _is_ready(state.api))


def _find_named() -> str:
    """Return the path of named; raise SettingsError if it is not installed."""
    named = find_program("named")
    if not Path(named).is_file():
        raise SettingsError("the program named is not installed: run `make setup`, or install Debian's bind9")
    return named


def _named(state: StateFolder, named: str, server: str, prepare: Callable[[], object] = lambda: None) -> Child:
    """Return a nameserver. Its log has the times of named.conf; `-L` is where named logs until it has read that."""
    log_file = state.logs / f"{server}.log"
    argv = (named, "-f", "-L", str(log_file), "-c", str(state.named_conf(server)))
    return Child(server, argv, log_file, {**os.environ, "TZ": "UTC"}, state.owner, prepare)


def _own(state: StateFolder, command: str) -> Child:
    argv = (sys.executable, "-m", "appliance", command, "--state", str(state.folder))
    return Child(command, argv, state.logs / f"{command}.log", os.environ)


def _answers(endpoint: Endpoint, catalog: Name) -> bool:
    """Return True if the nameserver at that endpoint serves the catalog zone."""
    query = (Nameserver("starting", endpoint), catalog)
    answer = query_all([query], timeout=0.05, retries=0)[query]
    return answer is not None and answer.serial is not None


def _is_ready(api: Endpoint) -> bool:
    connection = http.client.HTTPConnection(api.host, api.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _print_usage(state: StateFolder, first: FirstSecrets | None, say: Say) -> None:
    base = f"http://{state.api}/api/v1"
    say(f"console   http://{state.api}/")
    say(f"API       {base}/  (try it: {base}/docs/)")
    say(f"ns1, ns2  {LOOPBACK} ports {state.dns_port} and {state.dns_port + 1}")
    if state.updates:
        say(f"UPDATE    {state.updates}, signed with the key of a token (token create --tsig)")
    say(f"state     {state.folder}")
    if first:
        say(f"account   {FIRST_ACCOUNT}")
        say(f"password  {first.password}  (shown only once; change it in the console)")
        say(f"token     {first.secret}  (shown only once)")
        say("\nCreate a zone with a record, show it, and query both nameservers. Running this again changes nothing:\n")
        say(f"  {_first_requests(base, first.secret)}\n")
        ports = f"{state.dns_port} {state.dns_port + 1}"
        say(f"  for port in {ports}; do dig +short @{LOOPBACK} -p $port www.first.example; done\n")
    say("ready")


def _first_requests(base: str, secret: str) -> str:
    """Return a shell command that creates a zone and a record in it, and shows both.

    Pasted a second time, it prints that they exist already, and shows them again.
    """
    curl = f"curl -s -H 'Authorization: Bearer {secret}' -H 'Content-Type: application/json' -H 'Prefer: wait=10'"
    zone, record = '{"domain": "first.example"}', '{"record_type": "A", "name": "www", "value": "192.0.2.1"}'
    return (
        f'api() {{ {curl} "{base}/dns-zones/$@"; }}; api "" -d \'{zone}\'; '
        f"api first.example/records/ -d '{record}'; api first.example/"
    )
