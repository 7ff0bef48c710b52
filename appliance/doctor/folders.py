"""Check keys, the zone directory, free disk space, and AppArmor rules."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.errors import SettingsError
from appliance.keys import read_key
from appliance.nameserver.programs import find_program

MIN_OCTETS, LOW_OCTETS = 16 * 2**20, 256 * 2**20
MIN_INODES, LOW_INODES = 100, 5_000

_MISSING_KEY = (
    "restore the key that named uses (docs/recovery.md, a wrong key); on a new host: dns-appliance host prepare, then "
    "dns-appliance host named-conf for each nameserver"
)
_FOLDER_RULE = re.compile(r"(/[^\s{}*]*)/\*\*\s+([a-z]+),")
"""A rule of Debian's profile for all files below a folder: the folder and its permissions."""


def closed_keys(context: DoctorContext) -> Iterator[Result]:
    """Check that each key can be read, and is closed to all but its owner and group."""
    deployer = context.settings.deployer
    for file in (deployer.control_key, deployer.transfer_key, deployer.update_key):
        if not file.exists():
            yield fail(f"key file {file} does not exist", _MISSING_KEY)
            continue
        try:
            key = read_key(file)
        except SettingsError as wrong:
            yield fail(str(wrong), "restore the key that named uses (docs/recovery.md, a wrong key)")
            continue
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & ~0o750:
            yield fail(f"key file {file} has mode {mode:04o}", f"chmod 0640 {file}")
        else:
            yield ok(f"key {key.name} in {file}")


def zone_directory(context: DoctorContext) -> Iterator[Result]:
    """Check that the zone directory exists, is not writable for everyone, and contains no symbolic link."""
    folder = context.settings.deployer.zone_directory
    if not folder.is_dir():
        yield fail(
            f"zone directory {folder} does not exist", "create it, writable for the deployer, readable for named"
        )
        return
    links = [path for path in folder.iterdir() if path.is_symlink()]
    if folder.stat().st_mode & 0o002:
        yield fail(f"zone directory {folder} is writable for everyone", f"chmod o-w {folder}")
    elif links:
        yield fail(f"{links[0]} is a symbolic link", f"rm {links[0]}; the deployer writes the file again")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield warn(
            f"zone directory {folder} is not writable for this user", "run doctor as root, or as the deployer's user"
        )
    else:
        yield ok(f"zone directory {folder}")


def space(context: DoctorContext) -> Iterator[Result]:
    """Check free octets and inodes of the disks of the store and the zone files."""
    for folder in (context.settings.store.path.parent, context.settings.deployer.zone_directory):
        disk = os.statvfs(folder)
        octets, inodes = disk.f_bavail * disk.f_frsize, disk.f_favail
        counted = disk.f_files > 0  # some file systems do not count inodes
        left = f"{octets // 2**20} MiB" + (f" and {inodes} inodes" if counted else "") + f" free at {folder}"
        if octets < MIN_OCTETS or (counted and inodes < MIN_INODES):
            yield fail(left, "free some disk space: until then nothing can be stored or published; zones stay served")
        elif octets < LOW_OCTETS or (counted and inodes < LOW_INODES):
            yield warn(left, "free some disk space soon")
        else:
            yield ok(left)


def apparmor(context: DoctorContext) -> Iterator[Result]:
    """Check that the AppArmor profile that confines named, if any, lets it read and write the zone files."""
    if not context.profile.exists() or Path(find_program("named")).resolve() != context.confined:
        yield ok("no AppArmor profile confines this named")
        return
    folder, local = (
        context.settings.deployer.zone_directory.resolve(),
        context.profile.parent / "local" / context.profile.name,
    )
    rules = [
        rule for file in (context.profile, local) if file.exists() for rule in _FOLDER_RULE.findall(file.read_text())
    ]
    if any({"r", "w"} <= set(rights) and folder.is_relative_to(below) for below, rights in rules):
        yield ok(f"{context.profile} lets named use {folder}")
    else:
        repair = f"use a folder in /var/lib/bind, or add `{folder}/** rw,` to {local}"
        yield fail(f"{context.profile} has no rule that lets named write in {folder}", repair)
