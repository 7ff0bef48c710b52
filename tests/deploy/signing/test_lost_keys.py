"""Key files are lost when named starts: it creates a key of its own, which is never one of the zone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.deploy.host import PrimaryHost
from appliance.files import Owner
from appliance.recovery.backup import back_up
from appliance.recovery.restore import restore_keys
from appliance.recovery.signing_keys import HostKeys
from appliance.zones.signing import SigningProblem, SigningState
from appliance.zones.signing_problems import problems_of
from tests.deploy.signing.signer import Signer, new_signer
from tests.pair import Pair, wait_for
from tests.workspace import Workspace

FOREIGN = {SigningProblem.KEYS_MISSING, SigningProblem.KEYS_DIFFER}


@pytest.fixture
def signer(workspace: Workspace, host: PrimaryHost, pair: Pair) -> Signer:
    """A signed zone that both nameservers serve."""
    found = new_signer("lost.test", workspace, host, pair, lambda zone: workspace.add(zone, "A", "www", "192.0.2.1"))
    found.turn(True)
    found.wait_until_served()
    found.wait_for_state(SigningState.DS_WAIT)
    return found


def problems(signer: Signer) -> set[SigningProblem]:
    signer.check()
    return set(problems_of(signer.known, signer.zone.name, signer.workspace.clock()))


def is_served(signer: Signer) -> bool:
    """Go on as the deployer does; return True if both nameservers serve the content of the store."""
    assert signer.publish() is None
    signer.check()
    return signer.contents() == [signer.zone.serial] * 2


def restart(signer: Signer, meanwhile: Callable[[], object]) -> None:
    signer.pair.ns1.stop()
    meanwhile()
    signer.pair.ns1.start()
    signer.pair.wait_for_any_serial(signer.host.primary, signer.zone.name)


def test_the_keys_of_a_backup_replace_those_that_named_created(signer: Signer, tmp_path: Path) -> None:
    """Beside the key that it has created named would retire the right one."""
    zone, known = signer.zone, signer.known.keys
    folder = signer.host.files.key_folder(zone.uuid)
    state, trusted = folder.stat(), signer.validators(tmp_path)
    host = HostKeys(folder.parent.parent, lambda: Owner(state.st_uid, state.st_gid))
    store, backup = signer.workspace.store.path, tmp_path / "lost.sqlite3"
    back_up(store, backup, host, signer.workspace.clock(), overwrite=False)

    def lose() -> None:
        for path in [*folder.iterdir()]:
            path.unlink()

    restart(signer, lose)
    wait_for(lambda: problems(signer) >= FOREIGN, "the key that named created is seen")
    signer.workspace.add(zone, "A", "more", "192.0.2.9")
    assert (signer.publish() or "").startswith("keys: ")
    assert [key.public_key for key in signer.known.keys] == [key.public_key for key in known]
    assert all(one.fault(f"www.{zone.name}", "A") for one in trusted)

    restart(signer, lambda: restore_keys(backup, store, host))
    assert signer.host.files.has_keys(zone.uuid, [key.tag for key in known])
    wait_for(lambda: is_served(signer), "both serve it, also if the secondary had a later serial")
    for one in trusted:
        wait_for(lambda: one.fault(f"more.{zone.name}", "A") == "", "it is signed with its key again")  # noqa: B023
    wait_for(lambda: not problems(signer) & FOREIGN, "the problems have ended")
    assert [key.public_key for key in signer.known.keys] == [key.public_key for key in known]
