"""What the checks share: one lab for a whole run, with ns1 and ns2 as the playbook makes them of two fresh hosts."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance import Client
from tests.cluster.cluster import Cluster, FirstPlays
from tests.cluster.image import built_image, default_folder
from tests.cluster.lab import SUITE, Lab
from tests.cluster.network import entered
from tests.cluster.playbook import Playbook

LONGEST = 900.0
COURSE = [
    "sources",
    "plays",
    "zones",
    "strangers",
    "rights",
    "doctor",
    "outages",
    "upgrade",
    "recovery",
    "growth",
    "package",
    "front_door",
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
def lab() -> Iterator[Lab]:
    """A network without hosts; from now on, this is the network that the checks are in."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("ended by SIGTERM"))
    image = built_image(os.environ.get("SUITE", SUITE), default_folder())
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
def first_plays(lab: Lab, playbook: Playbook) -> FirstPlays:
    """ns1 and ns2, fresh, and what the playbook said: in check mode, then in earnest, then again."""
    lab.boot(("ns1", "ns2"))
    checked = playbook.play("--check", "--diff")
    left = "ls -d /etc/bind /etc/dns-appliance /opt/dns-appliance /etc/systemd/system/dns-appliance* 2>/dev/null"
    left_by_check = "".join(host.ssh(f"{left} || true").output for host in lab.hosts.values())
    first, second = playbook.play("-vvv", "--diff"), playbook.play()
    return FirstPlays(checked, first, second, left_by_check)


@pytest.fixture(scope="session")
def cluster(lab: Lab, playbook: Playbook, first_plays: FirstPlays) -> Cluster:
    """ns1 and ns2 at work. Every check leaves them so, and works on zones of its own."""
    return Cluster(lab, playbook)


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Client]:
    """The API of ns1, as the bearer of a token that may do everything."""
    with cluster.api() as client:
        yield client
