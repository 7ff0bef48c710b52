"""List 100 zones of many, over HTTP. What is listed is not deployed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from appliance.store import accounts
from bench.cases.zones import present
from bench.run import Run
from bench.series import APPLIANCE, POWERDNS, Series
from bench.systems.appliance import ApplianceAccess, fill_store
from bench.systems.connection import RequestFailed
from bench.systems.powerdns import Powerdns
from bench.systems.system import Client
from tests.api.conftest import NS1, NS2
from tests.cli.conftest import SETTINGS
from tests.many_zones import make_all_live
from tests.pair import free_port, wait_for
from tests.workspace import Workspace, open_workspace

TEMPLATE = "template.example"


def lists(run: Run) -> Iterator[Series]:
    """Yield the series of each number of zones."""
    for count in run.scale.listed:
        with _appliance(count) as appliance, _powerdns(count) as powerdns:
            clients = {APPLIANCE: appliance, POWERDNS: powerdns}
            found = _times(clients, run.scale.rounds)
        for system, values in found.items():
            yield Series("100 zones listed", f"{count:,} zones present", system, "reply", "ms", tuple(values))


def _times(clients: Mapping[str, Client], rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {system: [] for system in clients}
    for _ in range(rounds):
        for system, client in clients.items():
            began = time.perf_counter()
            client.list_zones()
            found[system].append((time.perf_counter() - began) * 1000)
    return found


@contextmanager
def _powerdns(count: int) -> Iterator[Client]:
    system = Powerdns()
    try:
        system.fill(present(count))
        system.start()
        yield system.access().open()
    finally:
        system.close()


@contextmanager
def _appliance(count: int) -> Iterator[Client]:
    """Run `serve` alone on a store with that many zones, all of them live."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        state, port = Path(folder), free_port()
        (state / "store").mkdir()
        with open_workspace(state / "store") as workspace:
            secret = _fill(workspace, count)
            settings = SETTINGS.format(store=workspace.store.path, folder=state)
        limits = f'[api]\nlisten = "127.0.0.1:{port}"\ntoken_rate = 0\n'
        (state / "config.toml").write_text(settings + limits)
        argv = (sys.executable, "-m", "appliance", "serve", "--state", folder)
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                client = ApplianceAccess(port, secret).open()
                wait_for(lambda: _answers(client), "the API answers", 120)
                yield client
            finally:
                process.terminate()


def _fill(workspace: Workspace, count: int) -> str:
    """Store the zones as live ones, and return a token of their account."""
    workspace.zone(TEMPLATE)
    fill_store(workspace.store, TEMPLATE, present(count - 1))
    make_all_live(workspace.store, (NS1, NS2))
    account = accounts.find_account("owner@example.org")
    return accounts.create_token(account, "bench", ["dns:*"], datetime.now(UTC))[1]


def _answers(client: Client) -> bool:
    try:
        return client.list_zones() > 0
    except (OSError, RequestFailed):
        return False
