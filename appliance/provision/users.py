"""Who owns what on a host, as `systemd/dns-appliance.sysusers.conf` makes these users, and Debian's bind9 named's.

    group dns-appliance       may read the settings and work on the store: API and deployer
    dns-appliance-api         reads no key and writes no zone file
    dns-appliance-deployer    reads the keys and writes the zone files, beside which named's group keeps journals

This module must not know what is in the files.
"""

from __future__ import annotations

import grp
import pwd
from dataclasses import dataclass

from appliance.errors import SettingsError
from appliance.files import Owner

STORE_GROUP = "dns-appliance"
API = "dns-appliance-api"
DEPLOYER = "dns-appliance-deployer"
NAMED = "bind"


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose the keys are, and the files that named rewrites."""

    keys: Owner
    named: Owner


def owners_of_host(readers_of_keys: str = DEPLOYER, named: str = NAMED) -> Owners:
    """As the group and the user of these names are on this host; SettingsError says what makes one that is missing."""
    try:
        group = grp.getgrnam(readers_of_keys)
    except KeyError:
        told = f"there is no group {readers_of_keys}: make it by systemd-sysusers dns-appliance.conf"
        raise SettingsError(told) from None
    try:
        user = pwd.getpwnam(named)
    except KeyError:
        raise SettingsError(f"there is no user {named}: install Debian's bind9, which makes it") from None
    return Owners(Owner(0, group.gr_gid), Owner(user.pw_uid, user.pw_gid))
