"""The credential of a client: a token with the least rights, with a TSIG key or as an acme-dns account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dns.name import Name

from appliance.errors import InputError
from appliance.identity import acme_dns
from appliance.identity.tokens import MAX_NAME, create_token, require_zone, tsig_key
from appliance.integrations.client_preset import ClientPreset
from appliance.integrations.configuration import Credential
from appliance.principal import Principal, Token, TokenLimits, ZoneKey
from appliance.store.file.database import Store
from appliance.zones.model import Zone
from appliance.zones.names import parse_owner, print_domain, print_owner


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """What a credential is for: a client, a zone, and record names in it; without names all that the client needs.

    `title` is the name of the token, "" for that of the client and the zone. The token has the expiry, networks and
    `max_unused` of `within`.
    """

    preset: ClientPreset
    zone: ZoneKey
    names: Sequence[str] = ()
    title: str = ""
    within: TokenLimits = acme_dns.NO_LIMITS


def create_credential(
    store: Store, principal: Principal, wanted: CredentialRequest, now: datetime
) -> tuple[Token, Credential]:
    """Create the credential in the principal's account; return its token, and the secrets, which cannot be read again.

    Raise InputError for a zone or names that do not fit, NotPermitted as `create_token`.
    """
    with store.reading():
        zone = require_zone(principal, wanted.zone)
    owners = _owners(wanted, zone)
    if wanted.preset.has_account:
        token, secret, account = _create_account(store, principal, wanted, zone, owners, now)
    else:
        token, secret = _create_token(store, principal, wanted, zone, owners, now)
        account = ""
    return token, Credential(
        user=str(token.uuid),
        secret=secret,
        zone=print_domain(zone.name),
        domains=_domains(owners, zone),
        email=principal.account.email,
        key_secret=tsig_key(token, secret).secret if token.has_tsig_key else "",
        account=account,
    )


def _owners(wanted: CredentialRequest, zone: Zone) -> list[Name]:
    """Return the names; raise InputError for one outside the zone, a wildcard, or a number that does not fit."""
    preset, names = wanted.preset, list(wanted.names)
    if preset.needs_names and not names:
        raise InputError(f"{preset.label} needs the names whose addresses it writes, such as home", "record_names")
    if names and not preset.takes_names:
        raise InputError(f"{preset.label} writes the whole zone: leave out the names", "record_names")
    if preset.has_account and len(names) > 1:
        raise InputError("an account of acme-dns is for one name: create one for each", "record_names")
    owners = [parse_owner(name, zone.name, "record_names") for name in names]
    for name, owner in zip(names, owners, strict=True):
        if owner.is_wild():
            raise InputError(f"{name!r} is not a single name such as www", "record_names")
    return owners


def _create_token(
    store: Store, principal: Principal, wanted: CredentialRequest, zone: Zone, owners: Sequence[Name], now: datetime
) -> tuple[Token, str]:
    purpose = wanted.preset.purpose
    policies = purpose.policies([zone.uuid], [print_owner(owner, zone.name) for owner in owners])
    limits = replace(wanted.within, policies=policies, create_zones=False, delete_zones=False)
    title, is_signing = _title(wanted, zone), wanted.preset.has_tsig_key
    return create_token(store, principal, title, purpose.permissions, limits, now, with_tsig_key=is_signing)


def _create_account(
    store: Store, principal: Principal, wanted: CredentialRequest, zone: Zone, owners: Sequence[Name], now: datetime
) -> tuple[Token, str, str]:
    """Return the token of an account of acme-dns, its secret, and what its clients keep."""
    owner = owners[0] if owners else zone.name
    label = "_acme-challenge" if owner == zone.name else f"_acme-challenge.{print_owner(owner, zone.name)}"
    title = _title(wanted, zone)
    account = acme_dns.create_account(store, principal, zone, now, name=title, label=label, within=wanted.within)
    return account.token, account.secret, json.dumps(account.document)


def _title(wanted: CredentialRequest, zone: Zone) -> str:
    return wanted.title or f"{wanted.preset.key} {print_domain(zone.name)}"[:MAX_NAME]


def _domains(owners: Sequence[Name], zone: Zone) -> tuple[str, ...]:
    """Return the names in full; without names the zone and a wildcard."""
    domain = print_domain(zone.name)
    return tuple(map(print_domain, owners)) or (domain, f"*.{domain}")
