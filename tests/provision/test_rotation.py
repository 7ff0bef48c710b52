"""Keys are rotated in three steps, after each of which everybody accepts what everybody uses."""

from __future__ import annotations

from pathlib import Path

import dns.name
import pytest

from appliance.addresses import Endpoint
from appliance.errors import CommandError, SettingsError
from appliance.keys import Key, KeyFile, read_key
from appliance.nameserver.accepted import require_accepted
from appliance.nameserver.catalog import CatalogUpdates, check_key
from appliance.nameserver.control import Control
from appliance.nameserver.isccc import RndcConnection
from appliance.provision.rotation import RotationStep, former_file, next_file, other_keys, rotate
from appliance.settings import DeployerSettings, DnsSettings, Settings
from tests.pair import LOOPBACK, Pair, wait_for

NAMES = ("control", "update", "transfer")


def write_keys(folder: Path, *keys: Key) -> dict[str, Path]:
    files = {name: folder / f"{name}.key" for name in NAMES}
    for file, key in zip(files.values(), keys, strict=True):
        file.write_text(key.statement())
    return files


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The files of three keys, by name."""
    return write_keys(tmp_path, *(Key(name, "hmac-sha256", "c2VjcmV0") for name in NAMES))


def take_step(files: dict[str, Path]) -> RotationStep:
    return rotate(files, None, 0o640)


def test_three_steps_replace_all_keys(files: dict[str, Path]) -> None:
    before = {name: read_key(file) for name, file in files.items()}
    assert take_step(files) is RotationStep.CREATE
    assert {name: read_key(file) for name, file in files.items()} == before
    created = {name: other_keys(file) for name, file in files.items()}
    assert all(len(keys) == 1 and keys[0].name.startswith(f"{name}-") for name, keys in created.items())
    assert take_step(files) is RotationStep.USE
    assert {name: (read_key(file),) for name, file in files.items()} == created
    assert {name: other_keys(file) for name, file in files.items()} == {name: (key,) for name, key in before.items()}
    assert take_step(files) is RotationStep.REMOVE
    assert {name: other_keys(file) for name, file in files.items()} == dict.fromkeys(NAMES, ())
    assert take_step(files) is RotationStep.CREATE


def test_an_interrupted_step_is_completed(files: dict[str, Path]) -> None:
    take_step(files)
    next_file(files["update"]).unlink()
    kept = read_key(next_file(files["control"]))
    assert take_step(files) is RotationStep.CREATE
    assert read_key(next_file(files["control"])) == kept
    first = files["control"]
    former_file(first).hardlink_to(first)
    next_file(first).replace(first)
    assert take_step(files) is RotationStep.USE
    assert read_key(first) == kept
    former_file(first).unlink()
    assert take_step(files) is RotationStep.REMOVE


def accepts(pair: Pair, key: Key) -> bool:
    """Return True if both nameservers accept the key."""
    try:
        for server in (pair.primary, pair.secondary):
            check_key(server.endpoint, pair.catalog, key)
    except CommandError:
        return False
    return True


def test_a_running_pair_gets_other_keys_without_a_restart(tmp_path: Path) -> None:
    with Pair() as pair:
        files = write_keys(tmp_path, pair.control_key, pair.update_key, pair.transfer_key)
        deployer = DeployerSettings(
            control=Endpoint(LOOPBACK, pair.control_port),
            control_key=files["control"],
            update_key=files["update"],
            transfer_key=files["transfer"],
        )
        dns_settings = DnsSettings(nameservers=(pair.primary, pair.secondary), catalog="catalog.appliance.test")
        settings, former = Settings(dns=dns_settings, deployer=deployer), pair.transfer_key
        pair.connection = RndcConnection(deployer.control, KeyFile(files["control"]))
        pair.control = Control(pair.connection)
        pair.updates = CatalogUpdates(pair.primary.endpoint, pair.catalog, KeyFile(files["update"]))

        def expect_service(domain: str) -> None:
            zone = dns.name.from_text(domain)
            pair.create(zone, 1)
            pair.wait_for_serial(pair.secondary, zone, 1)

        def reconfigure() -> None:
            keys = [(read_key(file), *other_keys(file)) for file in files.values()]
            pair.reconfigure(*keys)
            for key in keys[2]:
                wait_for(lambda key=key: accepts(pair, key), "both accept the key")  # type: ignore[misc]

        take_step(files)
        with pytest.raises(SettingsError, match="does not accept the key"):
            require_accepted(settings, {name: next_file(file) for name, file in files.items()})
        reconfigure()
        require_accepted(settings, {name: next_file(file) for name, file in files.items()})
        expect_service("created.rotation.test")
        take_step(files)
        expect_service("used.rotation.test")
        reconfigure()
        expect_service("configured.rotation.test")
        take_step(files)
        reconfigure()
        wait_for(lambda: not accepts(pair, former), "the former key is refused")
        expect_service("removed.rotation.test")
