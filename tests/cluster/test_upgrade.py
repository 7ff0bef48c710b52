"""Another release while everyone goes on asking: no question is lost, and the API is away for a moment only."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import __version__
from tests.cluster import questions
from tests.cluster.cluster import API_PORT, Cluster, tunnel, wait_until_answered
from tests.cluster.releases import WHEELHOUSE, another_release
from tests.pair import LOOPBACK

NEXT = "99.0"
LONGEST_GAP = 5.0


@pytest.fixture(scope="module")
def next_wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of a later release."""
    return another_release(NEXT, tmp_path_factory.mktemp("release"))


def release(wheels: Path) -> tuple[str, ...]:
    """The options of a play that installs those wheels."""
    return ("--limit", "primary", "--extra-vars", f"appliance_wheelhouse={wheels}")


def installed(cluster: Cluster) -> str:
    """The version that the installed program says it is."""
    return cluster.appliance("--version").split()[-1]


def play_while_everyone_asks(cluster: Cluster, wheels: Path, what: str, figures: list[str]) -> None:
    """Play those wheels; nothing that DNS is asked goes unanswered, and the API is soon back."""
    ns1, ns2 = (questions.of_dns(host, "www.upgrade.example") for host in (cluster.ns1, cluster.ns2))
    with tunnel(cluster.ns1, API_PORT) as port, questions.of_http(f"http://{LOOPBACK}:{port}/healthz") as api, ns1, ns2:
        cluster.playbook.play(*release(wheels))
    assert not ns1.lost + ns2.lost
    assert min(ns1.asked, ns2.asked) > 100
    assert api.longest_gap < LONGEST_GAP
    figures.append(f"{what}: {ns1.asked + ns2.asked} questions, all answered; API away for {api.longest_gap:.2f} s")


def test_an_upgrade_cut_short_another_play_and_the_way_back(
    cluster: Cluster, next_wheelhouse: Path, figures: list[str]
) -> None:
    with cluster.api() as api:
        zone = api.zone("upgrade.example")
        api.record(zone, "A", "www", "192.0.2.1")
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, "www.upgrade.example", "A", "192.0.2.1")

    cluster.playbook.play_until("Install the wheels", *release(next_wheelhouse))
    assert installed(cluster) == __version__
    play_while_everyone_asks(cluster, next_wheelhouse, "upgrade", figures)
    assert installed(cluster) == NEXT
    play_while_everyone_asks(cluster, WHEELHOUSE, "way back", figures)
    assert installed(cluster) == __version__

    with cluster.api() as api:
        api.record(zone, "A", "after", "192.0.2.2")
    for host in (cluster.ns1, cluster.ns2):
        wait_until_answered(host, "after.upgrade.example", "A", "192.0.2.2")
