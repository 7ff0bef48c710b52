"""`doctor` on a real host: content when all is well, and precise about what somebody broke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cluster.cluster import Cluster, complaints, wait_until_content
from tests.pair import wait_for


@dataclass(frozen=True, slots=True)
class Breaking:
    """A fault, how it is undone, and the check that shall name it with these words."""

    fault: str
    undo: str
    check: str
    words: str


BREAKINGS = {
    "a key that all can read": Breaking(
        "chmod 0644 /etc/dns-appliance/rndc.key",
        "chmod 0640 /etc/dns-appliance/rndc.key",
        "keys",
        "the key /etc/dns-appliance/rndc.key has mode 0644",
    ),
    "a zone directory that all can write": Breaking(
        "chmod o+w /var/lib/bind/dns-appliance",
        "chmod o-w /var/lib/bind/dns-appliance",
        "zone-directory",
        "anyone may write into /var/lib/bind/dns-appliance",
    ),
    "a deployer that is stopped": Breaking(
        "systemctl stop dns-appliance-deployer",
        "systemctl start dns-appliance-deployer",
        "deployer",
        "",
    ),
    "a nameserver that is stopped": Breaking("systemctl stop named", "systemctl start named", "primary", ""),
    "a zone folder that AppArmor keeps from named": Breaking(
        "sed -i s,/var/lib/bind,/var/lib/elsewhere, /etc/apparmor.d/usr.sbin.named",
        "sed -i s,/var/lib/elsewhere,/var/lib/bind, /etc/apparmor.d/usr.sbin.named",
        "apparmor",
        "/var/lib/bind/dns-appliance",
    ),
}


def test_it_is_content_with_what_the_playbook_made(cluster: Cluster) -> None:
    wait_until_content(cluster.ns1)


@pytest.mark.parametrize("name", BREAKINGS)
def test_it_names_what_is_broken(cluster: Cluster, name: str) -> None:
    breaking = BREAKINGS[name]
    with broken(cluster, breaking):
        wait_for(lambda: complaints(cluster.ns1), "a complaint")
        found = complaints(cluster.ns1)
    assert {check for check, _ in found} == {breaking.check}, found
    assert any(breaking.words in what for _, what in found)


@contextmanager
def broken(cluster: Cluster, breaking: Breaking) -> Iterator[None]:
    """The fault is there for as long as the block runs."""
    wait_until_content(cluster.ns1)
    cluster.ns1.sudo(breaking.fault)
    try:
        yield
    finally:
        cluster.ns1.sudo(breaking.undo)
        wait_until_content(cluster.ns1)
