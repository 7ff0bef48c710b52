"""The listener over a real store, with its limits, as the process runs it; and what keeps it from starting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import dns.message
import dns.query
import dns.tsig
import dns.update
import pytest
from dns.rcode import Rcode

from appliance.addresses import Endpoint, Nameserver
from appliance.errors import AlreadyRunning, SettingsError
from appliance.principal import TokenLimits
from appliance.processes import exclusive_lock
from appliance.settings import DeployerSettings, DnsSettings, DoorsSettings, Settings, StoreSettings
from appliance.store import accounts
from appliance.store.file.snapshot import API_LOCK
from appliance.store.records import of_zone
from appliance.updates.updates_process import opened_listener
from tests.workspace import Workspace

LOOPBACK, TIMEOUT = "127.0.0.1", 20


def now() -> datetime:
    """Return the time by which clients sign."""
    return datetime.now(UTC)


@pytest.fixture
def settings(workspace: Workspace, tmp_path: Path) -> Settings:
    """The store of the workspace, a free port, and a primary that never answers."""
    return Settings(
        store=StoreSettings(path=workspace.store.path, busy_timeout=TIMEOUT),
        dns=DnsSettings(
            nameservers=(Nameserver("ns1.appliance.test", Endpoint(LOOPBACK, 1)),),
            catalog="catalog.appliance.test",
            rname="hostmaster.appliance.test",
        ),
        doors=DoorsSettings(update=Endpoint(LOOPBACK, 0)),
        deployer=DeployerSettings(socket=tmp_path / "deployer.sock"),
    )


@dataclass(frozen=True, slots=True)
class Client:
    """A client that signs with the key of a new token."""

    port: int
    key: dns.tsig.Key

    def send(self, message: dns.message.Message) -> Rcode:
        """Return the response code over TCP; the response must be signed."""
        message.use_tsig(self.key)
        response = dns.query.tcp(message, LOOPBACK, TIMEOUT, self.port)
        assert response.had_tsig
        return response.rcode()


@contextmanager
def running(settings: Settings, workspace: Workspace) -> Iterator[Client]:
    """Run the listener in a thread, and yield a client of the owner."""
    account, stopped = workspace.owner.account, threading.Event()
    token, secret = accounts.create_token(account, "key", ["dns:*"], now(), TokenLimits(), with_tsig_key=True)
    with opened_listener(settings, now) as listener:
        thread = threading.Thread(target=listener.run, args=(stopped.is_set,))
        thread.start()
        try:
            yield Client(listener.port, dns.tsig.Key(str(token.uuid), accounts.tsig_secret(secret)))
        finally:
            stopped.set()
            thread.join(TIMEOUT)


def test_updates_of_one_set_at_once_lose_nothing(settings: Settings, workspace: Workspace) -> None:
    zone = workspace.zone()
    workspace.add(zone, "TXT", "_acme-challenge", "by hand")

    def add(number: int) -> Rcode:
        message = dns.update.UpdateMessage("example.com")
        message.add("_acme-challenge", 60, "TXT", f"v{number}")
        return client.send(message)

    with running(settings, workspace) as client, ThreadPoolExecutor(12) as clients:
        assert list(clients.map(add, range(12))) == [Rcode.NOERROR] * 12
    assert {one.value for one in of_zone(zone)} == {"by hand", *(f"v{number}" for number in range(12))}
    assert len(workspace.journal()) == 14, "one serial for each request"


def test_a_query_without_a_primary_is_servfail(settings: Settings, workspace: Workspace) -> None:
    with running(settings, workspace) as client:
        assert client.send(dns.message.make_query("example.com", "SOA")) == Rcode.SERVFAIL


def test_only_this_host_is_answered_about_the_catalog(settings: Settings, workspace: Workspace) -> None:
    """ns1 refuses it to strangers, but sees the address of the listener."""
    endpoint = replace(settings.doors, update=Endpoint("127.0.0.2", 0))
    query = dns.message.make_query("version.CATALOG.appliance.test", "TXT")
    for listening, rcode in ((settings, Rcode.SERVFAIL), (replace(settings, doors=endpoint), Rcode.REFUSED)):
        with running(listening, workspace) as client:
            assert listening.doors.update
            response = dns.query.tcp(query, listening.doors.update.host, TIMEOUT, client.port, source=LOOPBACK)
            assert response.rcode() == rcode


def test_it_needs_an_address_and_a_primary(settings: Settings) -> None:
    for one in (replace(settings, doors=DoorsSettings()), replace(settings, dns=replace(settings.dns, nameservers=()))):
        with pytest.raises(SettingsError, match=r"doors\.update and dns\.nameservers"), opened_listener(one, now):
            pass


def test_an_address_in_use_is_named(settings: Settings) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        endpoint = Endpoint(LOOPBACK, other.getsockname()[1])
        taken = replace(settings, doors=DoorsSettings(update=endpoint))
        with (
            pytest.raises(SettingsError, match=rf"{endpoint} \(doors.update\): Address already in use"),
            opened_listener(taken, now),
        ):
            pass


def test_it_does_not_start_during_a_restore(settings: Settings) -> None:
    lock = settings.store.path.with_name(API_LOCK)
    with exclusive_lock(lock), pytest.raises(AlreadyRunning), opened_listener(settings, now):
        pass
