"""Check what only an installed host has: owners and permissions of its files, and units."""

from __future__ import annotations

import grp
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.doctor.result import DoctorContext, Result, fail, ok
from appliance.files import user_name
from appliance.nameserver.programs import run
from appliance.provision.users import DEPLOYER, NAMED, STORE_GROUP
from appliance.store.file import snapshot

UNITS = ("named.service", "dns-appliance-deployer.service", "dns-appliance-api.service", "dns-appliance-backup.timer")
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class InstalledPath:
    """A file or folder and the owner, group and mode that it should have; `user` None allows any owner."""

    path: Path
    user: str | None
    group: str
    mode: int

    @property
    def expected(self) -> str:
        """Mode, owner and group that it should have, in the form of `stat`."""
        return f"{self.mode:04o} {self.user or '*'}:{self.group}"

    def found(self) -> str:
        """Return mode, owner and group that it has."""
        status = self.path.stat()
        user = user_name(status.st_uid) if self.user else "*"
        return f"{stat.S_IMODE(status.st_mode):04o} {user}:{_group(status.st_gid)}"


def rights(context: DoctorContext) -> Iterator[Result]:
    """Check owner, group and mode of every file and folder: they separate the two services."""
    if not is_installed(context):
        yield ok("not checked in a state folder")
        return
    wrong = [item for item in _paths(context) if item.path.exists() and item.found() != item.expected]
    for item in wrong:
        owner = f"{item.user or ''}:{item.group}"
        repair = f"chown {owner} {item.path} && chmod {item.mode:04o} {item.path}"
        yield fail(f"{item.path} is {item.found()}, and should be {item.expected}", repair)
    if not wrong:
        yield ok("owners and modes of settings, keys, database and zone directory are correct")


def units(context: DoctorContext) -> Iterator[Result]:
    """Check that all units are active, if systemd runs."""
    if not (is_installed(context) and context.systemd.exists()):
        yield ok("not checked: no units of systemd here")
        return
    for unit in UNITS:
        state = run(("systemctl", "is-active", unit), timeout=SECONDS, accept=(0, 1, 3, 4)).output.strip()
        if state == "active":
            yield ok(f"{unit} is active")
        else:
            yield fail(f"{unit} is {state}", f"systemctl start {unit}; journalctl -u {unit} shows why it stopped")


def is_installed(context: DoctorContext) -> bool:
    """Return True if the keys are where an installed host has them."""
    return context.settings.deployer.control_key.parent == context.configuration.parent


def _paths(context: DoctorContext) -> Iterator[InstalledPath]:
    deployer, store = context.settings.deployer, context.settings.store.path
    yield InstalledPath(context.configuration.parent, "root", STORE_GROUP, 0o750)
    yield InstalledPath(context.configuration, "root", STORE_GROUP, 0o640)
    for key in (deployer.control_key, deployer.transfer_key, deployer.update_key):
        yield InstalledPath(key, "root", DEPLOYER, 0o640)
    yield InstalledPath(deployer.zone_directory, DEPLOYER, NAMED, 0o2770)
    yield InstalledPath(store.parent, "root", STORE_GROUP, 0o2770)
    locks = (store.with_suffix(".lock"), store.with_name(snapshot.API_LOCK), store.with_name(snapshot.DEPLOYER_LOCK))
    for file in (store, *snapshot.companions(store), *locks):
        yield InstalledPath(file, None, STORE_GROUP, 0o660)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
