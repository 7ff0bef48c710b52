"""A complete appliance for tests and benchmarks: `dns-appliance run` on free ports of loopback.

with Appliance() as appliance:
    api = appliance.client(appliance.token("someone@example.org"))
    zone = api.zone("example.com")
    appliance.expect("example.com", "SOA", ...)
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import requests

from appliance.embedded.state import ports_in_use
from appliance.settings.reading import STORE_IN_STATE
from appliance.store import accounts
from appliance.store.file.database import Store
from tests.pair import LOOPBACK, free_port, wait_for
from tests.suspension import suspended

PROGRAM = (sys.executable, "-m", "appliance")
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of an appliance; ns2 has the port after ns1's, DNS UPDATE the one after that."""

    api: int
    dns: int


class Appliance:
    """An embedded appliance in a temporary folder, or in the existing folder `state`, which is kept.

    `processes` answer requests, 0 for the default; in tests one, which starts sooner.
    """

    def __init__(self, state: Path | None = None, ports: Ports | None = None, processes: int = 1) -> None:
        self._own = state is None
        self.state = state or Path(tempfile.mkdtemp(prefix="story-"))
        self.state.chmod(0o755)
        self.ports = ports or free_ports()
        self.processes = processes
        self.process: subprocess.Popen[bytes] | None = None
        self.printed = self.state / "printed.log"

    def __enter__(self) -> Appliance:
        try:
            self.start()
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._own and error is None:
            shutil.rmtree(self.state)

    def start(self) -> None:
        """Start it and wait until it prints that it is ready."""
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                (
                    *PROGRAM,
                    "run",
                    "--state",
                    str(self.state),
                    "--api",
                    f"{LOOPBACK}:{self.ports.api}",
                    "--dns-port",
                    str(self.ports.dns),
                ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={"DNS_APPLIANCE_API_PROCESSES": str(self.processes), **os.environ},
            )
        wait_for(lambda: self._has_printed("ready"), f"ready, in {self.printed}", START_SECONDS)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Stop it by a signal, wait until it exits, and return its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def running_processes(self) -> dict[int, str]:
        """Return the command lines, by process id, of all processes that name the state folder, except `run`."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(self.state) in line and int(entry.name) not in (os.getpid(), self.process and self.process.pid):
                found[int(entry.name)] = line
        return found

    def child(self, words: str) -> int | None:
        """Return the process id of the child of `run` whose command line contains these words."""
        for pid, line in self.running_processes().items():
            if words in line and self.process and _parent_of(pid) == self.process.pid and " run " not in line:
                return pid
        return None

    def kill_children_of(self, words: str) -> None:
        """Kill the children of that child of `run`, such as the checkers that the deployer has started."""
        parent = self.child(words)
        for entry in Path("/proc").glob("[0-9]*"):
            if parent and _parent_of(int(entry.name)) == parent:
                os.kill(int(entry.name), signal.SIGKILL)

    @contextmanager
    def without(self, *words: str) -> Iterator[None]:
        """Suspend these children while the block runs; they are not restarted."""
        pids = [self.child(each) for each in words]
        assert all(pids), f"{words}: {pids}"
        with suspended(self.state / STORE_IN_STATE, *filter(None, pids)):
            yield

    def log(self, name: str) -> str:
        """Return the log of a child: serve, deployer, ns1 or ns2."""
        return (self.state / "logs" / f"{name}.log").read_text()

    def command(self, *words: str, status: int | None = 0, typed: str = "") -> str:
        """Run a command of `dns-appliance`, check its exit status, and return its output."""
        argv = (*PROGRAM, *words, "--state", str(self.state))
        done = subprocess.run(argv, input=typed, capture_output=True, text=True, check=False, timeout=60)
        assert status in (None, done.returncode), f"{words} exited with {done.returncode}: {done.stderr or done.stdout}"
        return done.stdout if status == 0 else done.stdout + done.stderr

    def token(self, email: str, *permissions: str, options: Iterable[str] = ()) -> str:
        """Create a token of the account, and the account if it does not exist; return the secret."""
        store, now, granted = Store(self.state / STORE_IN_STATE), datetime.now(UTC), permissions or ("dns:*",)
        store.attach()
        with store.connection():
            known = {account.email: account for account in accounts.list_accounts()}
            account = known.get(email) or accounts.create_account(email, now)
            if not options:  # as the command does, which takes a second to start
                return accounts.create_token(account, "story", granted, now)[1]
        words = [word for permission in granted for word in ("--permission", permission)]
        return self.command("token", "create", "--account", email, "--name", "story", *words, *options).strip()

    def client(self, token: str | None) -> Client:
        """Return an API client with that token."""
        return Client(f"http://{LOOPBACK}:{self.ports.api}", token)

    def get(self, path: str) -> requests.Response:
        """Return the response at that path outside the API."""
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://{LOOPBACK}:{self.ports.api}{path}", timeout=30)

    def ask(self, name: str, rdtype: str, server: int) -> dns.message.Message:
        """Query ns1 or ns2 and return the reply."""
        query = dns.message.make_query(name, rdtype, flags=dns.flags.Flag(0))
        reply, _ = dns.query.udp_with_fallback(query, LOOPBACK, timeout=2, port=self.ports.dns + server - 1)
        return reply

    def answer(self, name: str, rdtype: str, server: int) -> tuple[int | None, frozenset[bytes]]:
        """Return TTL and data in wire form from ns1 or ns2; (None, empty) without an answer."""
        try:
            reply = self.ask(name, rdtype, server)
        except (dns.exception.DNSException, OSError):
            return None, frozenset()
        for rrset in reply.answer:
            if rrset.rdtype == dns.rdatatype.from_text(rdtype):
                return rrset.ttl, frozenset(rdata.to_wire() or b"" for rdata in rrset)
        return None, frozenset()

    def rcode(self, name: str, server: int) -> str | None:
        """Return the response code of a SOA query, None without a reply."""
        try:
            return dns.rcode.to_text(self.ask(name, "SOA", server).rcode())
        except (dns.exception.DNSException, OSError):
            return None

    def wait_until_answered(self, name: str, rdtype: str, wires: Iterable[bytes]) -> None:
        """Wait until both nameservers answer with exactly this data."""
        expected = frozenset(wires)
        for server in (1, 2):
            wait_for(
                lambda s=server: self.answer(name, rdtype, s)[1] == expected,  # type: ignore[misc]
                f"ns{server} answers {name} {rdtype}",
            )

    def _has_printed(self, line: str) -> bool:
        assert self.process is not None
        text = self.printed.read_text()
        assert self.process.poll() is None, f"it exited: {text}"
        return line in text.splitlines()


class Client:
    """An API client; calling it sends a request and returns the response, whatever its status."""

    def __init__(self, base: str, token: str | None) -> None:
        self._base = base
        self._session = requests.Session()
        self._session.trust_env = False
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401 - JSON
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request; `path` is below /api/v1. A text is sent as a zone file."""
        url, sent = f"{self._base}/api/v1{path}", dict(headers or {})
        if isinstance(body, str):
            sent["Content-Type"], data, body = "text/dns", body.encode(), None
        else:
            data = None
        return self._session.request(method, url, data=data, json=body, headers=sent, timeout=90, allow_redirects=False)

    def expect(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Any:  # noqa: ANN401 - JSON
        """Send a request, check the status of the response, and return its JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self(method, path, body, sent)
        assert response.status_code == status, f"{method} {path} {body}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def zone(self, domain: str) -> dict[str, Any]:
        """Create a zone."""
        zone: dict[str, Any] = self.expect(201, "POST", "/dns-zones/", {"domain": domain})
        return zone

    def record(self, zone: Mapping[str, Any], record_type: str, name: str, value: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Create a record."""
        body = {"record_type": record_type, "name": name, "value": value, **more}
        record: dict[str, Any] = self.expect(201, "POST", f"/dns-zones/{zone['uuid']}/records/", body)
        return record

    def wait_until_live(self, zone: Mapping[str, Any]) -> dict[str, Any]:
        """Wait until the zone is live, and return its deployment."""
        path = f"/dns-zones/{zone['uuid']}/deployment/"
        seen: dict[str, Any] = {}

        def is_live() -> bool:
            seen.update(self.expect(200, "GET", path))
            return bool(seen["state"] == "live")

        wait_for(is_live, f"{zone['domain']} is live")
        return seen


def free_ports() -> Ports:
    """Return free ports: one for the API, and three consecutive ones for ns1, ns2 and DNS UPDATE."""
    while True:
        port, api = free_port(), free_port()
        if not ports_in_use(port + 1, port + 2) and api not in range(port, port + 3):
            return Ports(api, port)


def _parent_of(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def timed(action: Callable[[], object], until: Callable[[], bool]) -> float:
    """Return the seconds from the start of the action until the condition holds."""
    began = time.perf_counter()
    action()
    wait_for(until, "the timed condition holds")
    return time.perf_counter() - began
