"""acme-dns accounts: tokens that may write the TXT records at one name of one zone, and nothing else.

The protocol knows an account by user name and subdomain, both the uuid of the token, and by a key, its secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from dns.name import Name

from appliance.errors import InputError, NotPermitted
from appliance.identity.tokens import create_token
from appliance.principal import Principal, Token, TokenLimits
from appliance.store import zones
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from appliance.zones.names import parse_owner, print_domain, print_owner

PERMISSIONS = frozenset({"dns:list", "dns:create", "dns:delete"})
NO_LIMITS = TokenLimits()
_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class AcmeDnsAccount:
    """A token that is an acme-dns account, the name that it may write, and its secret, "" once that is not known."""

    token: Token
    owner: Name
    secret: str = ""

    @property
    def document(self) -> dict[str, object]:
        """Return what clients keep, in the form and order of acme-dns."""
        networks = self.token.limits.networks
        return {
            "username": str(self.token.uuid),
            "password": self.secret,
            "fulldomain": print_domain(self.owner),
            "subdomain": str(self.token.uuid),
            "allowfrom": [str(network) for network in networks or ()],
        }


def create_account(
    store: Store,
    principal: Principal,
    zone: Zone,
    now: datetime,
    *,
    name: str = "",
    label: str = "",
    within: TokenLimits = NO_LIMITS,
) -> AcmeDnsAccount:
    """Create an account for `label`, by default a random one, relative to the zone or absolute.

    The account has the expiry, networks and `max_unused` of `within`, else those of the principal's token. Raise
    InputError for a label that is no name of the zone, a wildcard or the apex, NotPermitted if the principal may not
    create such a token.
    """
    relative = _literal(label, zone) if label else str(uuid4())
    own = principal.limits
    limits = TokenLimits(
        expires_at=within.expires_at or own.expires_at,
        networks=within.networks or own.networks,
        zones=frozenset({zone.uuid}),
        record_types=("TXT",),
        record_names=(relative,),
        create_zones=False,
        delete_zones=False,
        max_unused=within.max_unused or own.max_unused,
    )
    token, secret = create_token(store, principal, name or f"acme-dns {relative[:36]}", PERMISSIONS, limits, now)
    return AcmeDnsAccount(token, parse_owner(relative, zone.name), secret)


def account_of(principal: Principal) -> AcmeDnsAccount | None:
    """Return the account that the token of the principal is, or None; to be called in a read of the store."""
    limits, token = principal.limits, principal.token
    names = limits.record_names or ()
    if token is None or limits.record_types != ("TXT",) or len(names) != 1 or not _WILD.isdisjoint(names[0]):
        return None
    zone = _only_zone(principal)
    return AcmeDnsAccount(token, parse_owner(names[0], zone.name)) if zone else None


def zone_for_registration(principal: Principal) -> Zone:
    """Return the zone in which the principal registers accounts, in a read of the store; raise NotPermitted if none."""
    principal.require("account:tokens")
    zone = _only_zone(principal)
    if zone is None:
        raise NotPermitted("registration needs a token that is limited to one zone")
    return zone


def _only_zone(principal: Principal) -> Zone | None:
    keys = principal.limits.visible_zones
    if keys is None or len(keys) != 1:
        return None
    key = next(iter(keys))
    found, _ = zones.find(principal.scope, zones.Page(1, 1))
    return found[0] if found and key in (found[0].uuid, print_domain(found[0].name)) else None


def _literal(label: str, zone: Zone) -> str:
    """Return the label as the limits of a token have it."""
    owner = parse_owner(label, zone.name, "record_names")
    if owner == zone.name or owner.is_wild():
        domain = print_domain(zone.name)
        raise InputError(f"{label!r} is not a single name below {domain}, such as _acme-challenge", "record_names")
    return print_owner(owner, zone.name)
