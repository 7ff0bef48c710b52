"""What only an installed host has: owners and rights of its files, and units. A state folder has neither."""

from __future__ import annotations

import grp
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.doctor.result import DoctorContext, Result, fail, ok
from appliance.nameserver.programs import run
from appliance.provision.users import DEPLOYER, NAMED, STORE_GROUP
from appliance.store.file import snapshot

UNITS = ("named.service", "dns-appliance-deployer.service", "dns-appliance-api.service", "dns-appliance-backup.timer")
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class InstalledPath:
    """A file or folder that is there, and how it should be; `user` None: whoever of its group made it."""

    path: Path
    user: str | None
    group: str
    mode: int

    @property
    def wanted(self) -> str:
        """As `stat` tells it."""
        return f"{self.mode:04o} {self.user or '*'}:{self.group}"

    def found(self) -> str:
        """As it is."""
        status = self.path.stat()
        user = _user(status.st_uid) if self.user else "*"
        return f"{stat.S_IMODE(status.st_mode):04o} {user}:{_group(status.st_gid)}"


def rights(site: DoctorContext) -> Iterator[Result]:
    """Every file and folder has the owner, group and mode that keep the two services apart and let both work."""
    if not is_installed(site):
        yield ok("a state folder belongs to whoever runs it")
        return
    wrong = [place for place in _places(site) if place.path.exists() and place.found() != place.wanted]
    for place in wrong:
        owner = f"{place.user or ''}:{place.group}"
        mend = f"chown {owner} {place.path} && chmod {place.mode:04o} {place.path}"
        yield fail(f"{place.path} is {place.found()}, and should be {place.wanted}", mend)
    if not wrong:
        yield ok("settings, keys, store and zone directory have their owners and modes")


def units(site: DoctorContext) -> Iterator[Result]:
    """Where systemd runs, all that it should keep at work is at work."""
    if not (is_installed(site) and site.systemd.exists()):
        yield ok("systemd keeps nothing of this appliance")
        return
    for unit in UNITS:
        state = run(("systemctl", "is-active", unit), timeout=SECONDS, accept=(0, 1, 3, 4)).output.strip()
        if state == "active":
            yield ok(f"{unit} is active")
        else:
            yield fail(f"{unit} is {state}", f"systemctl start {unit}; journalctl -u {unit} tells why it ended")


def is_installed(site: DoctorContext) -> bool:
    """True when the keys are where a host has them."""
    return site.settings.deployer.control_key.parent == site.configuration.parent


def _places(site: DoctorContext) -> Iterator[InstalledPath]:
    deployer, store = site.settings.deployer, site.settings.store.path
    yield InstalledPath(site.configuration.parent, "root", STORE_GROUP, 0o750)
    yield InstalledPath(site.configuration, "root", STORE_GROUP, 0o640)
    for key in (deployer.control_key, deployer.transfer_key, deployer.update_key):
        yield InstalledPath(key, "root", DEPLOYER, 0o640)
    yield InstalledPath(deployer.zone_directory, DEPLOYER, NAMED, 0o2775)
    yield InstalledPath(store.parent, "root", STORE_GROUP, 0o2770)
    locks = (store.with_suffix(".lock"), store.with_name(snapshot.API_LOCK), store.with_name(snapshot.DEPLOYER_LOCK))
    for file in (store, *snapshot.companions(store), *locks):
        yield InstalledPath(file, None, STORE_GROUP, 0o660)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
