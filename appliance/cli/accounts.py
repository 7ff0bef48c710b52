"""`account` and `token`: accounts and API tokens."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from uuid import UUID

import click

from appliance.cli.options import (
    Duration,
    confirm,
    json_option,
    now,
    opened,
    print_moment,
    print_rows,
    settings_options,
    yes_option,
)
from appliance.errors import InputError
from appliance.identity import membership, second_factor, sign_in, tokens
from appliance.identity.permissions import PERMISSIONS
from appliance.principal import Account, Principal, Scope, Token, TokenLimits
from appliance.settings import Settings
from appliance.store import accounts, zones
from appliance.zones.names import parse_domain

NAME = "command line"
"""The actor in the audit log."""


@click.group()
def account() -> None:
    """Manage accounts."""


@account.command("create")
@click.argument("email")
@click.option("--admin", is_flag=True, help="Create an operator, who manages all zones and accounts.")
@json_option
@settings_options
def create_account(settings: Settings, email: str, admin: bool, as_json: bool) -> None:
    """Create an account. It cannot sign in to the console until `account password` sets a password."""
    with opened(settings) as store:
        created = membership.create_account(store, email, Principal.local(NAME), now(), is_admin=admin)
    click.echo(json.dumps(_account(created)) if as_json else f"account {created.email} created")


@account.command("list")
@json_option
@settings_options
def list_accounts(settings: Settings, as_json: bool) -> None:
    """List all accounts."""
    with opened(settings):
        print_rows([_account(one) for one in accounts.list_accounts()], as_json=as_json)


@account.command("disable")
@click.argument("email")
@yes_option
@settings_options
def disable_account(settings: Settings, email: str, yes: bool) -> None:
    """Disable an account.

    Its tokens are revoked, its sessions end, and it cannot sign in. Its zones stay served. On a terminal it prompts for
    the email.
    """
    with opened(settings) as store:
        found = accounts.find_account(email)
        confirm("revokes all tokens of the account", found.email, is_confirmed=yes)
        with store.writing():
            membership.disable_now(found, Principal.local(NAME), now())
    click.echo(f"account {email} disabled")


@account.command("enable")
@click.argument("email")
@settings_options
def enable_account(settings: Settings, email: str) -> None:
    """Let a disabled account sign in again. Its former tokens and sessions stay revoked."""
    with opened(settings) as store, store.writing():
        membership.enable_now(accounts.find_account(email), Principal.local(NAME), now())
    click.echo(f"account {email} enabled")


@account.command("password")
@click.argument("email")
@click.option("--disable-two-factor", "without_code", is_flag=True, help="Also turn two-factor authentication off.")
@settings_options
def set_password(settings: Settings, email: str, without_code: bool) -> None:
    """Set the console password of an account.

    All its sessions end. The password is prompted for on a terminal, and otherwise read as one line of standard input.
    """
    if sys.stdin.isatty():
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().removesuffix("\n")
    with opened(settings) as store:
        principal = _acting_for(email)
        sign_in.set_password(store, principal, password, now())
        if without_code:
            second_factor.remove(store, principal, now())
    click.echo(f"password of {email} set")


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
    required=True,
    type=click.Choice(PERMISSIONS),
    help="Permission to grant; may be repeated.",
)
@click.option("--expires", type=Duration(), help="Time until it expires, such as 90d. [default: never]")
@click.option("--zone", "domains", multiple=True, help="Restrict it to this zone; may be repeated.")
@click.option(
    "--network",
    "networks",
    multiple=True,
    help="Accept it only from this network, such as 192.0.2.0/24; may be repeated.",
)
@settings_options
def create_token(
    settings: Settings,
    email: str,
    name: str,
    permissions: tuple[str, ...],
    expires: timedelta | None,
    domains: tuple[str, ...],
    networks: tuple[str, ...],
) -> None:
    """Create a token and print its secret.

    The secret is not shown again.
    """
    with opened(settings) as store:
        owner = _acting_for(email)
        limits = TokenLimits(
            expires_at=now() + expires if expires else None,
            networks=tuple(map(tokens.read_network, networks)) or None,
            zones=frozenset(_zone_uuid(domain, owner.account) for domain in domains) or None,
        )
        _, secret = tokens.create_token(store, owner, name, permissions, limits, now())
    click.echo(secret)


@token.command("list")
@json_option
@settings_options
def list_tokens(settings: Settings, as_json: bool) -> None:
    """List all tokens, without their secrets."""
    with opened(settings):
        print_rows([_token(one) for one in accounts.list_tokens()], as_json=as_json)


@token.command("revoke")
@click.argument("uuid", type=click.UUID)
@settings_options
def revoke_token(settings: Settings, uuid: UUID) -> None:
    """Revoke a token, effective with the next request."""
    with opened(settings) as store:
        tokens.revoke_token(store, Principal.local(NAME, accounts.owner_of_token(uuid)), uuid, now())
    click.echo(f"token {uuid} revoked")


def _acting_for(email: str) -> Principal:
    return Principal.local(NAME, accounts.find_account(email))


def _zone_uuid(domain: str, owner: Account) -> UUID:
    zone = zones.get_by_name(parse_domain(domain), Scope(owner.uuid))
    if zone is None:
        raise InputError(f"{owner.email} has no zone {domain}", "zone")
    return zone.uuid


def _account(one: Account) -> dict[str, object]:
    return {
        "uuid": str(one.uuid),
        "email": one.email,
        "is_admin": one.is_admin,
        "zones": one.zone_count,
        "created_at": print_moment(one.created_at),
        "disabled_at": print_moment(one.disabled_at),
    }


def _token(one: Token) -> dict[str, object]:
    return {
        "uuid": str(one.uuid),
        "prefix": one.prefix,
        "name": one.name,
        "account": one.account.email,
        "permissions": sorted(one.permissions),
        "zones": sorted(map(str, one.zones)) if one.zones else None,
        "networks": list(map(str, one.networks)) if one.networks else None,
        "created_at": print_moment(one.created_at),
        "expires_at": print_moment(one.expires_at),
        "last_used_at": print_moment(one.last_used_at),
        "revoked_at": print_moment(one.revoked_at),
    }
