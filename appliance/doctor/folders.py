"""Keys, zone files, the room left on their disks, and whether an AppArmor profile names their folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.deploy.host import find_program
from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.errors import SettingsError
from appliance.keys import read_key

LEAST_OCTETS, FEW_OCTETS = 16 * 2**20, 256 * 2**20
LEAST_INODES, FEW_INODES = 100, 5_000

_MISSING_KEY = (
    "put back the key that named has (docs/recovery.md, a wrong key); of a new host: dns-appliance host prepare, then "
    "dns-appliance host named-conf for each nameserver"
)
_FOLDER_RULE = re.compile(r"(/[^\s{}*]*)/\*\*\s+([a-z]+),")
"""A rule for all files below a folder, as Debian's profile has them: folder and rights."""


def closed_keys(site: DoctorContext) -> Iterator[Result]:
    """Each key can be read by us, and by no other but a group."""
    deployer = site.settings.deployer
    for file in (deployer.control_key, deployer.transfer_key, deployer.update_key):
        if not file.exists():
            yield fail(f"there is no key {file}", _MISSING_KEY)
            continue
        try:
            key = read_key(file)
        except SettingsError as wrong:
            yield fail(str(wrong), "put back the key that named has (docs/recovery.md, a wrong key)")
            continue
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & ~0o750:
            yield fail(f"the key {file} has mode {mode:04o}", f"chmod 0640 {file}")
        else:
            yield ok(f"key {key.name} in {file}")


def zone_directory(site: DoctorContext) -> Iterator[Result]:
    """It is there, ours to write, and not everyone's; no file in it is a link."""
    folder = site.settings.deployer.zone_directory
    if not folder.is_dir():
        yield fail(f"there is no zone directory {folder}", "make it, for the deployer to write and named to read")
        return
    links = [path for path in folder.iterdir() if path.is_symlink()]
    if folder.stat().st_mode & 0o002:
        yield fail(f"anyone may write into {folder}", f"chmod o-w {folder}")
    elif links:
        yield fail(f"{links[0]} is a link", f"rm {links[0]}; the deployer writes the file anew")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield warn(f"{folder} cannot be written by this user", "run doctor as root, or as the user of the deployer")
    else:
        yield ok(f"zone directory {folder}")


def space(site: DoctorContext) -> Iterator[Result]:
    """Octets and inodes left where the store and the zone files are."""
    for folder in (site.settings.store.path.parent, site.settings.deployer.zone_directory):
        disk = os.statvfs(folder)
        octets, inodes = disk.f_bavail * disk.f_frsize, disk.f_favail
        counted = disk.f_files > 0  # some file systems do not count inodes
        left = f"{octets // 2**20} MiB" + (f" and {inodes} inodes" if counted else "") + f" are left at {folder}"
        if octets < LEAST_OCTETS or (counted and inodes < LEAST_INODES):
            yield fail(left, "make room: nothing can be stored or published; what is served stays served")
        elif octets < FEW_OCTETS or (counted and inodes < FEW_INODES):
            yield warn(left, "make room soon")
        else:
            yield ok(left)


def apparmor(site: DoctorContext) -> Iterator[Result]:
    """Where a profile confines named, a plain rule for a folder lets it read and write the zone files."""
    if not site.profile.exists() or Path(find_program("named")).resolve() != site.confined:
        yield ok("no AppArmor profile binds this named")
        return
    folder, local = site.settings.deployer.zone_directory.resolve(), site.profile.parent / "local" / site.profile.name
    rules = [rule for file in (site.profile, local) if file.exists() for rule in _FOLDER_RULE.findall(file.read_text())]
    if any({"r", "w"} <= set(rights) and folder.is_relative_to(below) for below, rights in rules):
        yield ok(f"{site.profile} lets named use {folder}")
    else:
        mend = f"use a folder in /var/lib/bind, or add `{folder}/** rw,` to {local}"
        yield fail(f"{site.profile} has no rule that lets named write in {folder}", mend)
