"""What the checks share: one lab for a whole run, with ns1 and ns2 as the playbook makes them of two fresh hosts."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance import Client
from tests.cluster.cluster import Cluster
from tests.cluster.image import built_image, default_folder, default_suite
from tests.cluster.lab import Lab
from tests.cluster.network import entered
from tests.cluster.playbook import Playbook
from tests.cluster.releases import former_wheelhouse, next_package
from tests.cluster.setups import FirstPlays, Growth, Upgrade, grow, play_first, upgrade

LONGEST = 900.0
COURSE = [
    "sources",
    "lab",
    "plays",
    "upgrade",
    "reboots",
    "zones",
    "strangers",
    "rights",
    "doctor",
    "services",
    "outages",
    "recovery",
    "front_door",
    "growth",
    "package",
]
FIGURES = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is quick and general comes first; what fails there explains what fails later. A play may take its time."""
    items.sort(key=_place_in_course)
    for item in items:
        item.add_marker(pytest.mark.timeout(LONGEST))


def _place_in_course(item: pytest.Item) -> int:
    return COURSE.index(item.path.stem.removeprefix("test_"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured on the way."""
    for figure in config.stash.get(FIGURES, []):
        terminalreporter.write_line(figure)


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Lines for the end of the report."""
    return request.config.stash.setdefault(FIGURES, [])


@pytest.fixture(scope="session")
def former_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of the release before."""
    return former_wheelhouse(tmp_path_factory.mktemp("former"))


@pytest.fixture(scope="session")
def newer_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the release after."""
    return next_package(tmp_path_factory.mktemp("next"))


@pytest.fixture(scope="session")
def lab(former_wheels: Path, newer_package: Path) -> Iterator[Lab]:
    """A network without hosts; from now on, this is the network that the checks are in.

    The image may still be under way: what else takes time and no hosts comes before it.
    """
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM"))
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
def first_plays(lab: Lab, playbook: Playbook, former_wheels: Path) -> FirstPlays:
    """ns1 and ns2, fresh, with the release before, and what the playbook said."""
    return play_first(lab, playbook, former_wheels)


@pytest.fixture(scope="session")
def upgraded(lab: Lab, playbook: Playbook, first_plays: FirstPlays) -> Upgrade:
    """ns1 and ns2 with this release in place of the one before, and what was asked meanwhile."""
    return upgrade(Cluster(lab, playbook))


@pytest.fixture(scope="session")
def cluster(upgraded: Upgrade) -> Cluster:
    """ns1 and ns2 at work. Every check leaves them so, and works on zones of its own."""
    return upgraded.cluster


@pytest.fixture(scope="session")
def growth(cluster: Cluster, newer_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Growth:
    """A third nameserver, TLS, and the release after, as a package."""
    return grow(cluster, newer_package, tmp_path_factory.mktemp("grown"))


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Client]:
    """The API of ns1, as the bearer of a token that may do everything."""
    with cluster.api() as client:
        yield client
