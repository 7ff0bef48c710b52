"""The playbook on new and on finished hosts: its output and requirements, and that a second run changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.cluster.cluster import Cluster
from tests.cluster.image import default_suite
from tests.cluster.setups import FirstPlays

BIND = {"bookworm": "BIND 9.18.", "trixie": "BIND 9.20."}
NOTHING = {"ns1": 0, "ns2": 0}


def test_check_mode_on_new_hosts_succeeds_and_changes_nothing(first_plays: FirstPlays) -> None:
    assert first_plays.checked.recap.keys() == NOTHING.keys()
    assert all(first_plays.checked.changed.values())
    assert first_plays.left_by_check == ""


def test_an_interrupted_play_is_completed_by_the_next(first_plays: FirstPlays) -> None:
    assert all(first_plays.first.changed.values())


def test_a_second_play_changes_nothing(first_plays: FirstPlays) -> None:
    assert first_plays.second.changed == NOTHING


def test_no_play_needs_more_than_debian_packages(first_plays: FirstPlays) -> None:
    assert first_plays.rejected == 0
    assert first_plays.rejected_later > 0


def test_each_debian_release_has_its_own_bind(cluster: Cluster, record_property: Callable[[str, object], None]) -> None:
    found = [host.ssh("/usr/sbin/named -v").output.partition(" (")[0] for host in (cluster.ns1, cluster.ns2)]
    assert all(version.startswith(BIND[default_suite()]) for version in found)
    record_property("nameservers", ", ".join(found))


def test_no_secret_is_printed_by_the_play_that_creates_it(cluster: Cluster, first_plays: FirstPlays) -> None:
    found = cluster.ns1.sudo("cat /etc/dns-appliance/*.key /etc/bind/named.conf /etc/bind/rndc.key").output
    secrets = set(re.findall(r'secret\s+"([^"]+)"', found))
    assert len(secrets) >= 3
    output = first_plays.checked.output + first_plays.first.output + first_plays.second.output
    assert not [secret for secret in secrets if secret in output]
