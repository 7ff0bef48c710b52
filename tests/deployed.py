"""A deployer's view of a pair, and what it would store: attempts, live zones, and answers of nameservers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from appliance.deploy.host import PrimaryHost
from appliance.nameserver.checks import ZoneChecker
from appliance.nameserver.signed_copies import SignedCopies
from appliance.render.zone_file import Apex
from appliance.store import deployments
from appliance.zones.deployment import Observation, Publication
from tests.pair import Pair, program


def host_of(pair: Pair, apex: Apex) -> PrimaryHost:
    """Return the pair's primary, with that apex of its zones."""
    return PrimaryHost(
        apex=apex,
        files=pair.files,
        checker=ZoneChecker(program("named-checkzone"), program("named-checkconf")),
        control=pair.control,
        catalog=pair.catalog,
        updates=pair.updates,
        nameservers=(pair.primary, pair.secondary),
        transfer_key=pair.transfer_key,
        update_key=pair.update_key,
        copies=SignedCopies(program("dnssec-verify"), program("named-compilezone")),
    )


def store_attempt(uuid: UUID, serial: int, error: str | None, published: Publication | None = None) -> None:
    """Store that a deployment of this serial was attempted."""
    deployments.store_all({uuid: deployments.attempt_columns(serial, error, published)}, {})


def store_proof(uuid: UUID, serial: int | None) -> None:
    """Store that the primary's content was proven at this serial; None: that it is in doubt."""
    deployments.store_all({uuid: deployments.proof_columns(serial)}, {})


def store_live(uuid: UUID, serial: int, now: datetime) -> None:
    """Store that every nameserver serves this serial."""
    deployments.store_all({uuid: deployments.live_columns(serial, now)}, {})


def store_observations(uuid: UUID, observations: Iterable[Observation]) -> None:
    """Store what nameservers answered for the zone."""
    deployments.store_all({}, {uuid: observations})
