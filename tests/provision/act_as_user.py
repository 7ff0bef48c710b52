"""Acts as another user: `python -m tests.provision.act_as_user UID GID GROUP,... UMASK ACTION FOLDER`, started by root.

Everything is imported before the privileges are given up: the way to Python itself may be closed to that user.
"""

from __future__ import annotations

import encodings.ascii  # noqa: F401 - key files are read as ASCII, which Python loads when first asked
import os
import select
import stat
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from appliance.editing import ZoneContent, editor_from
from appliance.errors import SettingsError, StoreError
from appliance.files import Owner
from appliance.keys import read_key
from appliance.nameserver.zone_files import ZoneFiles
from appliance.principal import Principal
from appliance.processes import exclusive_lock, shared_lock
from appliance.provision.prepare import prepare_host
from appliance.provision.users import Owners
from appliance.recovery.backup import back_up
from appliance.recovery.restore import restore, restore_keys
from appliance.recovery.signing_keys import HostKeys
from appliance.settings import Settings, read_settings
from appliance.store import accounts, wakeup
from appliance.store.file.database import Store
from appliance.store.file.snapshot import API_LOCK
from appliance.zones.catalog import FILE_UUID
from tests.host_keys import place_keys
from tests.signing import key, signed, store_signing
from tests.systemd.units import rows

API, DEPLOYER, NAMED = 64001, 64002, 64003
STORE_GROUP, KEYS_GROUP, BIND = 64011, 64012, 64013
_IDS = {
    "root": 0,
    "dns-appliance": STORE_GROUP,
    "dns-appliance-api": API,
    "dns-appliance-deployer": DEPLOYER,
    "bind": BIND,
}
ACCOUNTS = 100
BACKUP = "backup.sqlite3"


def settings_in(folder: Path) -> Settings:
    """Return the default settings of a host whose root is the folder."""
    default = Settings()
    chosen = {
        "STORE_PATH": default.store.path,
        "DEPLOYER_ZONE_DIRECTORY": default.deployer.zone_directory,
        "DEPLOYER_SOCKET": default.deployer.socket,
        "DEPLOYER_CONTROL_KEY": default.deployer.control_key,
        "DEPLOYER_TRANSFER_KEY": default.deployer.transfer_key,
        "DEPLOYER_UPDATE_KEY": default.deployer.update_key,
    }
    return read_settings(None, {f"DNS_APPLIANCE_{name}": f"{folder}{path}" for name, path in chosen.items()})


def lay_out(folder: Path) -> None:
    """Create the folders of a host, as systemd-tmpfiles does, and run `host prepare` in them."""
    for _, path, mode, user, group in rows("dns-appliance.tmpfiles.conf"):
        created = Path(f"{folder}{path}")
        created.mkdir(parents=True)
        os.chown(created, _IDS[user], KEYS_GROUP if group == "dns-appliance-deployer" else _IDS[group])
        created.chmod(int(mode, 8))
    runtime = settings_in(folder).deployer.socket.parent
    runtime.mkdir(parents=True)
    os.chown(runtime, DEPLOYER, STORE_GROUP)
    runtime.chmod(0o750)
    for description in prepare_host(settings_in(folder), Owners(Owner(0, KEYS_GROUP), Owner(NAMED, BIND))):
        sys.stdout.write(f"{description}\n")


def read_the_keys(folder: Path) -> None:
    """Print the name of each key that can be read, or why not."""
    deployer = settings_in(folder).deployer
    for file in (deployer.control_key, deployer.transfer_key, deployer.update_key):
        try:
            sys.stdout.write(f"{read_key(file).name}\n")
        except SettingsError as refused:
            sys.stdout.write(f"{str(refused).rpartition(': ')[2]}\n")


def write_a_zone_file(folder: Path) -> None:
    """Write a new zone file, and the catalog's."""
    zones = settings_in(folder).deployer.zone_directory
    for file in (zones / f"{os.geteuid()}.zone", zones / f"{FILE_UUID}.zone"):
        try:
            with file.open("ab"):
                sys.stdout.write("written\n")
        except PermissionError as refused:
            sys.stdout.write(f"{refused.strerror}\n")


def publish_a_catalog(folder: Path) -> None:
    """Replace the catalog's zone file, which named wrote, and put it back, as the deployer does."""
    files = ZoneFiles(settings_in(folder).deployer.zone_directory)
    former = files.read_live(FILE_UUID)
    files.stage(FILE_UUID, b"another")
    files.publish(FILE_UUID)
    assert files.read_live(FILE_UUID) == b"another"
    assert files.restore(FILE_UUID)
    assert files.read_live(FILE_UUID) == former


def add_accounts(folder: Path) -> None:
    """Write the store many times, with a lock file held as both services do."""
    file = settings_in(folder).store.path
    with shared_lock(file.with_name(API_LOCK)), exclusive_lock(file.with_name(f"{os.geteuid()}.lock")):
        store = Store(file)
        store.keep()
        with store.connection():
            for number in range(ACCOUNTS):
                with store.writing():
                    accounts.create_account(f"{os.geteuid()}-{number}@example.org", datetime.now(UTC))
        store.close()


def count_accounts(folder: Path) -> None:
    """Print the number of accounts, from a store that nobody has open: SQLite creates its companion files again."""
    store = Store(settings_in(folder).store.path)
    store.attach()
    with store.connection():
        sys.stdout.write(f"{len(accounts.list_accounts())}\n")
        list_rights(folder)


def restore_a_backup(folder: Path) -> None:
    """Back up the store and restore the backup."""
    store, file = settings_in(folder).store.path, folder / "backup.sqlite3"
    keys = host_keys_in(folder)
    back_up(store, file, keys, datetime.now(UTC), overwrite=False)
    restore(file, store, keys, lambda: datetime.now(UTC))


def sign_a_zone(folder: Path) -> None:
    """Store a signed zone, with key files as named writes them."""
    settings, now = settings_in(folder), datetime.now(UTC)
    store = Store(settings.store.path)
    store.attach()
    with store.connection():
        owner = Principal.local("test", accounts.create_account("signer@example.org", now))
        zone = editor_from(settings, store, lambda: now).create_zone(owner, "example.com", ZoneContent(dnssec=True))
        with store.writing():
            store_signing(zone, signed(key()))
    host = host_keys_in(folder)
    place_keys(host, zone, key())
    for file in host.folders.folder(zone.uuid).iterdir():
        os.chown(file, NAMED, BIND)
        file.chmod(0o600)


def back_up_keys(folder: Path) -> None:
    """Back the store and its keys up, into a file that all may read; print why that fails."""
    store = settings_in(folder).store.path
    file = store.with_name(BACKUP)
    try:
        back_up(store, file, host_keys_in(folder), datetime.now(UTC), overwrite=False)
    except StoreError as refused:
        sys.stdout.write(f"{refused}\n")
    else:
        file.chmod(0o644)


def restore_the_keys(folder: Path) -> None:
    """Write the keys of the backup that the host lacks; print of how many zones, or why that fails."""
    store = settings_in(folder).store.path
    try:
        restored = restore_keys(store.with_name(BACKUP), store, host_keys_in(folder))
    except StoreError as refused:
        sys.stdout.write(f"{refused}\n")
    else:
        sys.stdout.write(f"{restored.with_keys}\n")


def host_keys_in(folder: Path) -> HostKeys:
    """Return the keys of the host, whose named runs as NAMED."""
    return HostKeys(settings_in(folder).deployer.zone_directory, lambda: Owner(NAMED, BIND))


def list_rights(folder: Path) -> None:
    """Print name, mode and group of each file beside the store."""
    for file in sorted(settings_in(folder).store.path.parent.iterdir()):
        status = file.stat()
        sys.stdout.write(f"{file.name} {stat.S_IMODE(status.st_mode):04o} {status.st_gid}\n")


def hear_a_notice(folder: Path) -> None:
    """Wait for a wake-up at the deployer's socket."""
    with wakeup.listen(settings_in(folder).deployer.socket) as notices:
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        select.select([notices], [], [], 30)
        sys.stdout.write(f"heard {notices.recv(16).decode()}\n")


def announce(folder: Path) -> None:
    """Wake the deployer up."""
    wakeup.announce(settings_in(folder).deployer.socket)


ACTIONS: Mapping[str, Callable[[Path], None]] = {
    action.__name__: action
    for action in (
        lay_out,
        read_the_keys,
        write_a_zone_file,
        publish_a_catalog,
        add_accounts,
        count_accounts,
        list_rights,
        restore_a_backup,
        sign_a_zone,
        back_up_keys,
        restore_the_keys,
        hear_a_notice,
        announce,
    )
}


def main(uid: str, gid: str, groups: str, umask: str, action: str, folder: str) -> None:
    """Become the user and perform the action."""
    os.umask(int(umask, 8))
    os.setgroups([int(group) for group in groups.split(",") if group])
    os.setgid(int(gid))
    os.setuid(int(uid))
    ACTIONS[action](Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
