"""Fixtures of the cluster tests: a lab for each group of tests, whose hosts the playbook sets up."""

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
from tests.cluster.playbook import Playbook, PlayResult
from tests.cluster.releases import next_package, previous_wheelhouse
from tests.cluster.setups import FirstPlays, Upgrade, grow, install, inventory_of_three, play_first, upgrade

TIMEOUT = 3600.0
GROUPS = {
    "upgraded": (
        "plays",
        "lab",
        "upgrade",
        "reboots",
        "zones",
        "updates",
        "access",
        "rights",
        "audit",
        "doctor",
        "services",
        "outages",
    ),
    "grown": ("front_door", "growth"),
    "lost": ("recovery", "promotion"),
    "alone": ("sources", "bind", "package"),
}
"""The tests that share a lab, in their order: hosts that are upgraded, those that are added, those that are lost."""


class ProcessPerGroup(LoadScopeScheduling):
    """Run the tests of a group in one process."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(Path(nodeid.partition("::")[0]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ProcessPerGroup:
    """Distribute the groups over the processes; the largest first."""
    return ProcessPerGroup(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that needs hosts the lab of its group; in a process with several groups they have it in turn."""
    if "group" in metafunc.fixturenames:
        name = group_of(metafunc.definition.path)
        metafunc.parametrize("group", [name], indirect=True, ids=[pytest.HIDDEN_PARAM], scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests: quick and general ones first, since their failures explain later ones."""
    order = [name for names in GROUPS.values() for name in names]
    items.sort(key=lambda item: order.index(_name_of(item.path)))
    for item in items:
        item.add_marker(pytest.mark.timeout(TIMEOUT))


def group_of(file: Path) -> str:
    """Return the group of a file of tests."""
    (group,) = (group for group, names in GROUPS.items() if _name_of(file) in names)
    return group


def _name_of(file: Path) -> str:
    return file.stem.removeprefix("test_")


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
def group(request: pytest.FixtureRequest) -> str:
    """The group of the test."""
    return str(request.param)


@pytest.fixture(scope="session")
def lab(group: str) -> Iterator[Lab]:
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
def first_plays(previous_wheels: Path, lab: Lab) -> FirstPlays:
    """New ns1 and ns2 with the previous release, and the output of the playbook."""
    return play_first(lab, Playbook(lab.folder), previous_wheels)


@pytest.fixture(scope="session")
def upgraded(lab: Lab, first_plays: FirstPlays) -> Upgrade:
    """ns1 and ns2 upgraded from the previous release to this one, and the queries meanwhile."""
    return upgrade(Cluster(lab, Playbook(lab.folder)))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, group: str, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """Running ns1 and ns2, and ns3 where hosts are lost. Every test leaves them running and uses its own zones."""
    if group == "upgraded":
        upgraded: Upgrade = request.getfixturevalue("upgraded")
        return upgraded.cluster
    if group == "lost":
        return install(lab, Playbook(lab.folder, inventory_of_three(tmp_path_factory.mktemp("three"))), "ns3")
    return install(lab, Playbook(lab.folder))


@pytest.fixture(scope="session")
def growth(cluster: Cluster, next_package_file: Path, tmp_path_factory: pytest.TempPathFactory) -> PlayResult:
    """The cluster with a third nameserver, TLS, and the next release as a package: the second run of the playbook."""
    return grow(cluster, next_package_file, tmp_path_factory.mktemp("grown"))


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Client]:
    """A client of the API of ns1 with all permissions of dns."""
    with cluster.api() as client:
        yield client
