"""A zone that only a secondary serves signed is published signed with its keys, or not at all, on a real pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.addresses import Endpoint, Nameserver
from appliance.deploy.host import PrimaryHost
from appliance.deploy.publishing.pipeline import deploy_zones
from appliance.deploy.publishing.primary_zone import withdraw_zone
from appliance.deploy.publishing.signed_elsewhere import is_signed_since, keys_of
from appliance.errors import KeysMissing
from appliance.queries.zone_signatures import ServedZone, query_signatures
from appliance.store import deployments, restoration, signing, zones
from appliance.zones.model import Zone
from appliance.zones.signing import ServedSigning, SigningProblem, SigningState
from appliance.zones.signing_problems import problems_of
from tests.deploy.signing.signer import Signer, new_signer
from tests.deploy.signing.watcher import Watcher
from tests.deployed import store_attempt
from tests.pair import LOOPBACK, Pair, free_port
from tests.signing import key
from tests.workspace import Workspace, open_workspace

NewSigner = Callable[[str], Signer]


@pytest.fixture
def signed(workspace: Workspace, host: PrimaryHost, pair: Pair) -> NewSigner:
    """Create a signed zone of that label that both nameservers serve."""

    def create(label: str) -> Signer:
        domain = f"{label}.elsewhere.test"
        found = new_signer(domain, workspace, host, pair, lambda zone: workspace.add(zone, "A", "www", "192.0.2.1"))
        found.turn(True)
        found.wait_for_state(SigningState.DS_WAIT)
        return found

    return create


def lose(signer: Signer, aside: Path) -> None:
    """Make ns1 a host without the zone and its files; put its keys aside."""
    withdraw_zone(signer.zone.name, signer.host)
    signer.host.files.remove(signer.zone.uuid)
    signer.host.files.key_folder(signer.zone.uuid).rename(aside)


def restore(workspace: Workspace, zone: Zone) -> None:
    """Leave of the zone's deployment what a restore leaves."""
    with workspace.store.writing():
        store_attempt(zone.uuid, zone.serial, None)
        restoration.delete_observed_state()


def served(signer: Signer, zone: Zone) -> ServedSigning | None:
    """Return what the secondary serves."""
    return query_signatures(signer.pair.secondary, zone.name).signing


def test_a_zone_that_the_store_knows_unsigned_stays_signed(signed: NewSigner, pair: Pair, tmp_path: Path) -> None:
    signer = signed("older")
    known, aside = signer.known, pair.root / "aside-older"
    before = served(signer, signer.zone)
    lose(signer, aside)
    (tmp_path / "older").mkdir()
    with open_workspace(tmp_path / "older") as older:
        zone = older.zone(str(signer.uuid_of.name))
        older.add(zone, "A", "www", "192.0.2.1")
        restore(older, zone)
        other = Signer(older, signer.host, pair, zone)
        for _ in range(2):
            assert (other.publish() or "").startswith(f"keys: the files of the DNSSEC keys {known.keys[0].tag} are not")
            assert other.zone.dnssec and other.zone.signed
            assert signer.host.control.zone_state(zone.name) is None and served(signer, zone) == before
        assert older.journal()[-1] == ("zone.dnssec", other.zone.serial)
        other.check()
        assert SigningProblem.KEYS_MISSING in problems_of(other.known, zone.name, older.clock())
        watcher = Watcher([other], tmp_path)
        watcher.detect(zone.name)
        with watcher.running():
            aside.rename(signer.host.files.key_folder(zone.uuid))
            assert other.publish() is None
            other.wait_until_served()
            other.wait_for_state(SigningState.DS_WAIT)
        assert watcher.faults == [] and watcher.verified
        assert [key.public_key for key in other.known.keys] == [key.public_key for key in known.keys]


def test_a_signed_zone_whose_keys_the_store_does_not_know_gets_no_others(
    signed: NewSigner, pair: Pair, workspace: Workspace
) -> None:
    signer = signed("keyless")
    known = signer.known
    lose(signer, pair.root / "aside-keyless")
    restore(workspace, signer.zone)
    with workspace.store.writing():
        signing.store_keys(signer.zone.uuid, [])
    serial = signer.zone.serial
    assert (signer.publish() or "").startswith("keys: ")
    assert [key.public_key for key in signer.known.keys] == [key.public_key for key in known.keys]
    assert signer.zone.serial == serial and not signer.host.files.key_folder(signer.zone.uuid).exists()


def test_a_zone_that_was_unsigned_on_purpose_is_published(
    signed: NewSigner, pair: Pair, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    signer = signed("unsigned")
    lose(signer, pair.root / "aside-unsigned")
    restore(workspace, signer.zone)
    with workspace.store.writing():
        zones.update(signer.zone, dnssec=False, signed=False, serial=signer.zone.serial + 9)
    assert signer.publish() is None and not signer.zone.signed
    assert "event=kept-signed" not in caplog.text


def test_a_zone_that_was_signed_again_after_the_backup_stays_signed(
    signed: NewSigner, pair: Pair, workspace: Workspace
) -> None:
    signer = signed("again")
    known = signer.known
    lose(signer, pair.root / "aside-again")
    restore(workspace, signer.zone)
    with workspace.store.writing():
        zone = zones.update(signer.zone, dnssec=False, signed=False, serial=signer.zone.serial + 9)
        signing.end(zone, datetime.now(UTC) - timedelta(days=1))
        signing.store_keys(zone.uuid, [key()])
    assert (signer.publish() or "").startswith(f"keys: the files of the DNSSEC keys {known.keys[0].tag} are not")
    assert signer.zone.dnssec and signer.zone.signed
    assert [one.public_key for one in signer.known.keys] == [one.public_key for one in known.keys]


def test_a_silent_secondary_does_not_hold_up_a_zone(host: PrimaryHost, workspace: Workspace) -> None:
    silent = Nameserver("ns2.appliance.test", Endpoint(LOOPBACK, free_port()))
    zone = workspace.zone("silent.elsewhere.test")
    restore(workspace, zone)
    alone = replace(host, nameservers=(host.primary, silent))
    (attempt,) = deploy_zones([(zone.uuid, zone.name)], alone, workspace.store, workspace.editor)
    assert attempt.error is None


def test_a_secondary_must_answer_with_the_keys() -> None:
    silent = ServedZone(is_answered=False)
    assert is_signed_since(silent, datetime.now(UTC)), "it may be"
    with pytest.raises(KeysMissing, match="did not answer with its DNSSEC keys"):
        keys_of(silent)


def test_only_zones_that_were_live_or_are_restored_may_be_served(workspace: Workspace) -> None:
    zone = workspace.zone("new.elsewhere.test")
    assert not deployments.may_be_served(zone.uuid)
    with workspace.store.writing():
        store_attempt(zone.uuid, zone.serial, "reload: refused")
    assert not deployments.may_be_served(zone.uuid), "a former zone of its name may be served"
    with workspace.store.writing():
        live = deployments.live_columns(zone.serial, workspace.clock())
        deployments.store_all({zone.uuid: live}, {})
    assert deployments.may_be_served(zone.uuid)
    restore(workspace, zone)
    assert deployments.may_be_served(zone.uuid)
