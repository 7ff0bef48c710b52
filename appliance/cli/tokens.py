"""`token`: API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import click

from appliance.cli.accounts import NAME, acting_for
from appliance.cli.options import now, opened, settings_options
from appliance.cli.output import json_option, print_json, print_moment, print_rows
from appliance.cli.parameters import Duration
from appliance.durations import print_duration
from appliance.identity import acme_dns, tokens
from appliance.identity.permissions import PERMISSIONS
from appliance.identity.policies import PRESETS, print_policy, read_policy, read_zone, with_preset
from appliance.principal import Principal, Token, TokenLimits
from appliance.settings import Settings
from appliance.store import accounts


@click.group()
def token() -> None:
    """Manage API tokens."""


@token.command("create")
@click.option("--account", "email", required=True, help="Email of the account.")
@click.option("--name", required=True, help="Name of the token, such as its purpose.")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    type=click.Choice(PERMISSIONS),
    help="Permission to grant; may be repeated.",
)
@click.option("--preset", type=click.Choice(tuple(PRESETS)), help="Purpose that decides permissions and policies.")
@click.option("--expires", type=Duration(), help="Time until it expires, such as 90d. [default: never]")
@click.option("--max-unused", type=Duration(), help="Time without use after which it is void, such as 90d.")
@click.option("--zone", "domains", multiple=True, help="Restrict it to this zone; may be repeated.")
@click.option("--record-name", "names", multiple=True, help="Restrict what it writes to this name; may be repeated.")
@click.option("--record-type", "types", multiple=True, help="Restrict what it writes to this type; may be repeated.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    help="Entry of its policies, such as 'zone=example.com name=www types=A,AAAA write'; the first that matches a "
    "record decides. May be repeated.",
)
@click.option(
    "--create-zones/--no-create-zones", default=None, help="Whether it may create zones, whatever its permissions are."
)
@click.option(
    "--delete-zones/--no-delete-zones", default=None, help="Whether it may delete zones, whatever its permissions are."
)
@click.option(
    "--network",
    "networks",
    multiple=True,
    help="Accept it only from this network, such as 192.0.2.0/24; may be repeated.",
)
@click.option(
    "--acme-dns",
    "is_acme_dns",
    is_flag=True,
    help="Create an account of acme-dns in the one --zone, and print the JSON that its clients keep; --record-name is "
    "the name that it writes, by default a random one.",
)
@click.option("--tsig", is_flag=True, help="Also create a TSIG key, for DNS UPDATE and zone transfers.")
@json_option
@settings_options
def create_token(
    settings: Settings,
    email: str,
    name: str,
    permissions: tuple[str, ...],
    preset: str | None,
    is_acme_dns: bool,
    tsig: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - those of `_limits`
) -> None:
    """Create a token and print its secret, and the key statement of its TSIG key.

    The secrets are not shown again.
    """
    if is_acme_dns:
        if tsig:
            raise click.UsageError("--acme-dns and --tsig are for different clients: leave one out")
        _create_account(settings, email, name, [*permissions, *filter(None, [preset])], _limits(**options))
        return
    if not permissions and not preset:
        raise click.UsageError("--permission or --preset is required")
    granted, limits = with_preset(preset or "", permissions, _limits(**options))
    with opened(settings) as store:
        created, secret = tokens.create_token(
            store, acting_for(email), name, granted, limits, now(), with_tsig_key=tsig
        )
    if as_json:
        print_json(_with_secrets(created, secret))
    else:
        click.echo(secret)
        if tsig:
            click.echo(tokens.tsig_key(created, secret).statement(), nl=False)


@token.command("list")
@json_option
@settings_options
def list_tokens(settings: Settings, as_json: bool) -> None:
    """List all tokens, without their secrets."""
    with opened(settings):
        show = _document if as_json else _token
        print_rows([show(one) for one in accounts.list_tokens()], as_json=as_json)


@token.command("revoke")
@click.argument("uuid", type=click.UUID)
@settings_options
def revoke_token(settings: Settings, uuid: UUID) -> None:
    """Revoke a token, effective with the next request."""
    with opened(settings) as store:
        tokens.revoke_token(store, Principal.local(NAME, accounts.owner_of_token(uuid)), uuid, now())
    click.echo(f"token {uuid} revoked")


def _create_account(settings: Settings, email: str, name: str, granted: Sequence[str], limits: TokenLimits) -> None:
    """Create an account of acme-dns and print it as its clients keep it."""
    domains, names = limits.zones or (), limits.record_names or ("",)
    decided = (limits.policies, limits.record_types, limits.create_zones, limits.delete_zones)
    if granted or decided != (None, None, None, None):
        raise click.UsageError("--acme-dns decides permissions, policies, types and rights: leave them out")
    if len(domains) != 1 or len(names) != 1:
        raise click.UsageError("--acme-dns needs one --zone, and at most one --record-name")
    with opened(settings) as store:
        principal = acting_for(email)
        zone = tokens.require_zone(principal, next(iter(domains)))
        created = acme_dns.create_account(store, principal, zone, now(), name=name, label=names[0], within=limits)
    print_json(created.document)


def _limits(
    *,
    expires: timedelta | None,
    networks: tuple[str, ...],
    domains: tuple[str, ...],
    names: tuple[str, ...],
    types: tuple[str, ...],
    policies: tuple[str, ...],
    **rights: Any,  # noqa: ANN401 - create_zones, delete_zones and max_unused, as TokenLimits has them
) -> TokenLimits:
    return TokenLimits(
        expires_at=now() + expires if expires else None,
        networks=tuple(map(tokens.read_network, networks)) or None,
        zones=frozenset(read_zone(domain, "zone") for domain in domains) or None,
        record_types=tuple(map(str.upper, types)) or None,
        record_names=tuple(map(str.lower, names)) or None,
        policies=tuple(read_policy(text, "policy") for text in policies) or None,
        **rights,
    )


def _document(one: Token) -> dict[str, object]:
    """Return the token as the API shows it, and what the API does not show: account, doors and revocation."""
    from appliance.api.presentation import dump_token  # noqa: PLC0415 - the other commands start sooner without

    return {
        **dump_token(one),
        "last_uses": {door: print_moment(used_at) for door, used_at in one.last_uses},
        "account": one.account.email,
        "revoked_at": print_moment(one.revoked_at),
    }


def _with_secrets(one: Token, secret: str) -> dict[str, object]:
    from appliance.api.presentation import with_secrets  # noqa: PLC0415 - the other commands start sooner without

    return {**with_secrets(_document(one), secret)}


def _token(one: Token) -> dict[str, object]:
    return {
        "uuid": str(one.uuid),
        "prefix": one.prefix,
        "name": one.name,
        "account": one.account.email,
        "permissions": sorted(one.permissions),
        "zones": sorted(map(str, one.limits.zones)) if one.limits.zones else None,
        "record_types": list(one.limits.record_types) if one.limits.record_types else None,
        "record_names": list(one.limits.record_names) if one.limits.record_names else None,
        "policies": [print_policy(policy, {}) for policy in one.limits.policies] if one.limits.policies else None,
        "networks": list(map(str, one.limits.networks)) if one.limits.networks else None,
        "max_unused": print_duration(one.limits.max_unused) if one.limits.max_unused else None,
        "created_at": print_moment(one.created_at),
        "expires_at": print_moment(one.limits.expires_at),
        "last_used_at": print_moment(one.last_used_at),
        "last_uses": [f"{door} {print_moment(used_at)}" for door, used_at in one.last_uses],
        "revoked_at": print_moment(one.revoked_at),
    }
