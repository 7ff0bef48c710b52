"""Check what DNSSEC needs on the host of the primary: a policy in named.conf, closed keys, low TTLs, a right clock."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.doctor.channels import SECONDS, configuration_files
from appliance.doctor.installed import InstalledPath, is_installed
from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.files import Owner
from appliance.nameserver.key_folders import FOLDER_MODE, KeyFolders
from appliance.nameserver.programs import find_program, run
from appliance.provision.users import DEPLOYER, NAMED, user_of_named
from appliance.store import zones
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.signing import MAX_TTL, POLICY

_PRIMARY = "allow-new-zones yes;"
"""Only the configuration of a primary has it."""
_POLICY = f'dnssec-policy "{POLICY}" {{'
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_INSTALL = (
    "run the playbook, or install named.conf again (dns-appliance host named-conf prints it), and reload named: until "
    "then no zone can be signed"
)
_CLOCK = "check that NTP runs (timedatectl): resolvers refuse signatures from before or after their own time"


def policy(context: DoctorContext) -> Iterator[Result]:
    """Check that the named.conf of the primary has the policy for signed zones: that of a former release lacks it."""
    checkconf = find_program(context.settings.deployer.named_checkconf)
    for file in configuration_files(context):
        printed = run((checkconf, "-p", "--", str(file)), timeout=SECONDS).output
        if _PRIMARY in printed and _POLICY not in printed:
            text = f'{file} has no dnssec-policy "{POLICY}"'
            signed = _signed_zone(context)
            if signed:
                yield fail(f"{text}, and {print_domain(signed.name)} is to be signed", _INSTALL)
            else:
                yield warn(text, _INSTALL)
            return
    yield ok("named.conf has the policy for signed zones, or is not that of a primary")


def keys(context: DoctorContext) -> Iterator[Result]:
    """Check that named can write the folders of keys, and that what is private is closed to all but named."""
    folders = KeyFolders(context.settings.deployer.zone_directory)
    found = [folders.folder(zone) for zone in folders.zones()]
    named = user_of_named(context.settings.deployer.zone_directory)
    wrong = [one for folder in found for one in (*_check_folder(folder, context), *_check_files(folder, named))]
    yield from wrong
    if not wrong:
        yield ok(f"{len(found)} folders of DNSSEC keys are closed to other users")


def ttl(context: DoctorContext) -> Iterator[Result]:
    """Check that the TTL of the apex is not higher than the policy allows: named would refuse signed zones."""
    apex_ttl, signed = context.settings.dns.apex_ttl, _signed_zone(context)
    if signed and apex_ttl > MAX_TTL:
        text = f"dns.apex_ttl is {apex_ttl}, and {print_domain(signed.name)} is signed, which allows {MAX_TTL} at most"
        yield fail(text, "lower it, and start API and deployer again: the deployer does not start with it")
    else:
        yield ok(f"dns.apex_ttl is {apex_ttl}")


def clock(context: DoctorContext) -> Iterator[Result]:
    """Check that an NTP client keeps the clock, if a zone is signed."""
    if _signed_zone(context) and not context.is_synchronized():
        yield warn("the clock of this host is not synchronized, and zones are signed", _CLOCK)
    else:
        yield ok("the clock is synchronized, or no zone is signed")


def _check_folder(folder: Path, context: DoctorContext) -> Iterator[Result]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    item = InstalledPath(folder, DEPLOYER, NAMED, FOLDER_MODE)
    if is_installed(context) and item.found() != item.expected:
        repair = f"chown {DEPLOYER}:{NAMED} {folder} && chmod {FOLDER_MODE:04o} {folder}"
        yield fail(f"{folder} is {item.found()}, and should be {item.expected}", repair)
    elif mode != FOLDER_MODE:
        repair = f"chmod {FOLDER_MODE:04o} {folder}"
        yield fail(f"{folder} has mode {mode:04o}, and should have {FOLDER_MODE:04o}", repair)


def _check_files(folder: Path, named: Owner) -> Iterator[Result]:
    for file in sorted(folder.glob("*.private")):
        status = file.stat()
        if status.st_mode & _OTHERS:
            mode = stat.S_IMODE(status.st_mode)
            repair = f"chmod 0600 {file}; if others may have read it: dns-appliance zone dnssec DOMAIN --roll"
            yield fail(f"DNSSEC key {file} has mode {mode:04o}", repair)
        elif status.st_uid != named.uid:
            yield fail(f"DNSSEC key {file} is not that of named's user", f"chown {named.uid}:{named.gid} {file}")


def _signed_zone(context: DoctorContext) -> Zone | None:
    store = Store(context.settings.store.path)
    store.attach()
    with store.connection(), store.reading():
        return zones.first_signed()
