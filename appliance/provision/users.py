"""Owners of files on a host. `systemd/dns-appliance.sysusers.conf` creates these users, Debian's bind9 that of named.

    group dns-appliance       may read the settings and write the store: API and deployer
    dns-appliance-api         reads no key and writes no zone file
    dns-appliance-deployer    reads the keys and writes the zone files; named's group keeps its journals beside them

This module must not know what is in the files.
"""

from __future__ import annotations

import grp
import pwd
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import SettingsError
from appliance.files import Owner

STORE_GROUP = "dns-appliance"
API = "dns-appliance-api"
DEPLOYER = "dns-appliance-deployer"
NAMED = "bind"


@dataclass(frozen=True, slots=True)
class Owners:
    """The owner of the keys, and that of the files that named rewrites."""

    keys: Owner
    named: Owner


def owners_of_host(readers_of_keys: str = DEPLOYER, named: str = NAMED) -> Owners:
    """Return the owners for this group and user of the host; raise SettingsError if one of them does not exist."""
    try:
        group = grp.getgrnam(readers_of_keys)
    except KeyError:
        message = f"there is no group {readers_of_keys}: create it with systemd-sysusers dns-appliance.conf"
        raise SettingsError(message) from None
    try:
        user = pwd.getpwnam(named)
    except KeyError:
        raise SettingsError(f"there is no user {named}: install Debian's bind9, which creates it") from None
    return Owners(Owner(0, group.gr_gid), Owner(user.pw_uid, user.pw_gid))


def user_of_named(zone_directory: Path, named: str = NAMED) -> Owner:
    """Return the user of the named that serves the files in this folder.

    That is the user of that name if the folder belongs to its group, as on a host, and otherwise the owner of the
    folder, as in the state folder of `run`.
    """
    folder = zone_directory.stat()
    with suppress(KeyError):
        user = pwd.getpwnam(named)
        if user.pw_gid == folder.st_gid:
            return Owner(user.pw_uid, user.pw_gid)
    return Owner(folder.st_uid, folder.st_gid)
