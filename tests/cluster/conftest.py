"""Fixtures of the cluster tests: one lab per run, with ns1 and ns2 set up by the playbook on new hosts."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.appliance import Client
from tests.cluster.cluster import Cluster
from tests.cluster.image import built_image, default_folder, default_suite
from tests.cluster.lab import Lab
from tests.cluster.network import entered
from tests.cluster.playbook import Playbook
from tests.cluster.releases import next_package, previous_wheelhouse
from tests.cluster.setups import FirstPlays, Growth, Upgrade, grow, play_first, upgrade

TIMEOUT = 3600.0
ORDER = [
    "plays",
    "lab",
    "upgrade",
    "reboots",
    "zones",
    "updates",
    "access",
    "rights",
    "doctor",
    "services",
    "outages",
    "recovery",
    "front_door",
    "growth",
    "promotion",
]
BESIDE = ["sources", "bind", "package"]
"""The tests without ns1 and ns2, for which `make cluster` has a process of its own."""


class TwoProcesses(LoadScopeScheduling):
    """Run the tests of `BESIDE` in one process, all others in another."""

    def _split_scope(self, nodeid: str) -> str:
        return "beside" if Path(nodeid.partition("::")[0]).stem.removeprefix("test_") in BESIDE else "cluster"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TwoProcesses:
    """Distribute the tests over the two processes."""
    return TwoProcesses(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests: quick and general ones first, since their failures explain later ones."""
    items.sort(key=_position)
    for item in items:
        item.add_marker(pytest.mark.timeout(TIMEOUT))


def _position(item: pytest.Item) -> int:
    return (*BESIDE, *ORDER).index(item.path.stem.removeprefix("test_"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests recorded as properties."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def previous_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of the previous release."""
    return previous_wheelhouse(tmp_path_factory.mktemp("previous"))


@pytest.fixture(scope="session")
def next_package_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the next release."""
    return next_package(tmp_path_factory.mktemp("next"))


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A lab without hosts; the tests enter its network. Waits for the image if it is under construction."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("stopped by SIGTERM"))
    image = built_image(default_suite(), default_folder())
    with (
        tempfile.TemporaryDirectory(prefix="cluster-") as scratch,
        Lab(Path(scratch) / "lab", image) as opened,
        entered(opened.network.pid),
    ):
        yield opened


@pytest.fixture(scope="session")
def playbook(lab: Lab) -> Playbook:
    """The playbook, for the hosts of the lab."""
    return Playbook(lab.folder)


@pytest.fixture(scope="session")
def first_plays(previous_wheels: Path, lab: Lab, playbook: Playbook) -> FirstPlays:
    """New ns1 and ns2 with the previous release, and the output of the playbook."""
    return play_first(lab, playbook, previous_wheels)


@pytest.fixture(scope="session")
def upgraded(lab: Lab, playbook: Playbook, first_plays: FirstPlays) -> Upgrade:
    """ns1 and ns2 upgraded from the previous release to this one, and the queries meanwhile."""
    return upgrade(Cluster(lab, playbook))


@pytest.fixture(scope="session")
def cluster(upgraded: Upgrade) -> Cluster:
    """Running ns1 and ns2. Every test leaves them running and uses its own zones."""
    return upgraded.cluster


@pytest.fixture(scope="session")
def growth(cluster: Cluster, next_package_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Growth:
    """The cluster with a third nameserver, TLS, and the next release as a package."""
    return grow(cluster, next_package_file, tmp_path_factory.mktemp("grown"))


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Client]:
    """A client of the API of ns1 with all permissions of dns."""
    with cluster.api() as client:
        yield client
