"""A complete appliance that requires proofs of ownership: who has proven a domain is served, nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.appliance import Appliance, Client
from tests.pair import wait_for
from tests.simulated_dns import SimulatedDns, simulated_dns

SERVERS = (1, 2)


@pytest.fixture(scope="module")
def resolver() -> Iterator[SimulatedDns]:
    """The resolver of the appliance."""
    with simulated_dns() as running:
        yield running


@pytest.fixture(scope="module")
def strict(resolver: SimulatedDns) -> Iterator[Appliance]:
    """An appliance with a setting of its own, so no other test can share it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DNS_APPLIANCE_OWNERSHIP_PROOF", "always")
        environment.setenv("DNS_APPLIANCE_DNS_RESOLVER", str(resolver.server.endpoint))
        with Appliance() as running:
            yield running


@pytest.fixture(scope="module")
def customer(strict: Appliance) -> Client:
    return strict.client(strict.token("customer@example.org"))


def test_a_zone_is_served_once_its_owner_has_proven_it(
    strict: Appliance, customer: Client, resolver: SimulatedDns
) -> None:
    zone = customer.zone("proven.example")
    path = f"/dns-zones/{zone['uuid']}/"
    wait_for(lambda: customer.expect(200, "GET", path)["ownership"]["checked_at"], "the first check")
    deployment = customer.expect(200, "GET", f"{path}deployment/")
    assert deployment["state"] == "pending" and zone["ownership"]["value"] in deployment["error"]
    assert {strict.rcode("proven.example", server) for server in SERVERS} == {"REFUSED"}
    assert "held" in strict.command("status")
    resolver.text(zone["ownership"]["name"], zone["ownership"]["value"])
    customer.wait_until_live(zone)
    assert customer.expect(200, "GET", path)["ownership"] is None


def test_an_operator_releases_a_zone_without_proof(strict: Appliance, customer: Client) -> None:
    zone = customer.zone("released.example")
    assert zone["ownership"]
    strict.command("zone", "release", "released.example")
    customer.wait_until_live(zone)
    assert "is not held" in strict.command("zone", "release", "released.example", status=1)
