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


def owners_of_host() -> Owners:
    """As the users of this host have them; SettingsError says who is missing and what makes them."""
    try:
        deployer = grp.getgrnam(DEPLOYER)
    except KeyError:
        raise SettingsError(f"there is no group {DEPLOYER}: make it by systemd-sysusers dns-appliance.conf") from None
    try:
        named = pwd.getpwnam(NAMED)
    except KeyError:
        raise SettingsError(f"there is no user {NAMED}: install Debian's bind9, which makes it") from None
    return Owners(Owner(0, deployer.gr_gid), Owner(named.pw_uid, named.pw_gid))
