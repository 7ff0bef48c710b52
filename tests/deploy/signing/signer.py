"""A zone that the pair serves, with the deployer's steps for its DNSSEC, each called by the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.pipeline import deploy_zones
from appliance.deploy.signing.own_parents import CheckParent
from appliance.deploy.signing.signing_steps import SigningSteps
from appliance.queries.bulk import query_all
from appliance.store import signing, zones
from appliance.zones.model import Zone
from appliance.zones.signing import Signing, SigningState, state_of
from tests.delv import Validator
from tests.pair import Pair, wait_for
from tests.workspace import Workspace


@dataclass
class Signer:
    """One zone of a pair; `check_parent` is what the parent answers."""

    workspace: Workspace
    host: PrimaryHost
    pair: Pair
    uuid_of: Zone
    check_parent: CheckParent = lambda zone, now: None

    @property
    def zone(self) -> Zone:
        """The zone as it is stored now."""
        return zones.get_any(self.uuid_of.uuid)

    @property
    def known(self) -> Signing:
        """What is stored of its DNSSEC."""
        found = signing.get(self.zone)
        assert found
        return found

    @property
    def state(self) -> SigningState:
        """The state of its DNSSEC."""
        return state_of(self.known, self.zone.name, self.workspace.clock())

    def turn(self, wanted: bool) -> None:
        """Turn DNSSEC on or off, and publish what follows."""
        self.workspace.editor.change_zone(self.workspace.owner, self.zone.uuid, {"dnssec": wanted})
        self.publish()

    def publish(self) -> str | None:
        """Publish the zone as the deployer does; return the error of the attempt."""
        workspace = self.workspace
        (attempt,) = deploy_zones([(self.zone.uuid, self.zone.name)], self.host, workspace.store, workspace.editor)
        return attempt.error

    def check(self) -> None:
        """Check the zone once, as the deployer does when it is due."""
        self.steps().check(self.zone.uuid)

    def steps(self) -> SigningSteps:
        """Return the steps of the deployer."""
        workspace = self.workspace
        return SigningSteps(self.host, workspace.store, workspace.editor, self.check_parent, workspace.clock)

    def check_after(self, **pause: float) -> SigningState:
        """Let time pass, check the zone, and return its state."""
        self.workspace.clock.forward(**pause)
        self.check()
        return self.state

    def wait_until_served(self) -> None:
        """Wait until both nameservers serve the content of the store; notify the secondary, as the deployer does."""

        def are_served() -> bool:
            self.pair.notify(self.zone.name)
            return self.contents() == [self.zone.serial] * 2

        wait_for(are_served, f"both serve {self.zone.name} as stored")

    def wait_for_state(self, state: SigningState) -> None:
        """Check the zone until it is in that state."""

        def came() -> bool:
            self.check()
            return self.state is state

        wait_for(came, f"the state is {state}")

    def contents(self) -> list[int | None]:
        """Return the content number, or of an unsigned zone the serial, that each nameserver serves."""
        signed = {self.zone.name} if self.zone.signed else set()
        queries = [(server, self.zone.name) for server in self.host.nameservers]
        answers = query_all(queries, timeout=0.5, signed=signed)
        return [answer.serial if answer else None for answer in answers.values()]

    def serials(self) -> list[int | None]:
        """Return the serial of the SOA that each nameserver serves."""
        return [self.pair.serial(server, self.zone.name) for server in self.host.nameservers]

    def validators(self, folder: Path) -> list[Validator]:
        """Return a validator for each nameserver that trusts the DS of the keys."""
        trusted = [key.ds_of(self.zone.name) for key in self.known.keys]
        return [Validator(server, self.zone.name, trusted, folder) for server in self.host.nameservers]


def new_signer(
    domain: str, workspace: Workspace, host: PrimaryHost, pair: Pair, fill: Callable[[Zone], object]
) -> Signer:
    """Return a zone with the records of `fill` that both nameservers serve, unsigned."""
    zone = workspace.zone(domain)
    fill(zone)
    signer = Signer(workspace, host, pair, zone)
    assert signer.publish() is None
    pair.updates.change(remove={}, add={zone.uuid.hex: zone.name})
    signer.wait_until_served()
    return signer
