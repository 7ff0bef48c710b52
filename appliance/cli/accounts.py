"""`account` and `token`: who may use the API."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from uuid import UUID

import click

from appliance.cli.options import Duration, json_option, now, opened, print_moment, print_rows, settings_options
from appliance.errors import InputError
from appliance.identity import membership, second_factor, sign_in, tokens
from appliance.identity.permissions import PERMISSIONS
from appliance.principal import Account, Principal, Scope, Token, TokenLimits
from appliance.settings import Settings
from appliance.store import accounts, zones
from appliance.zones.names import parse_domain

NAME = "command line"
"""How the audit log names whoever asks."""


@click.group()
def account() -> None:
    """Accounts: each is one person."""


@account.command("create")
@click.argument("email")
@click.option("--admin", is_flag=True, help="An operator, who may have tokens with admin:*.")
@json_option
@settings_options
def create_account(settings: Settings, email: str, admin: bool, as_json: bool) -> None:
    """Create an account; it has no console password until one is set."""
    with opened(settings) as store:
        made = membership.create_account(store, email, Principal.local(NAME), now(), is_admin=admin)
    click.echo(json.dumps(_account(made)) if as_json else f"account {made.email} created")


@account.command("list")
@json_option
@settings_options
def list_accounts(settings: Settings, as_json: bool) -> None:
    """List all accounts."""
    with opened(settings):
        print_rows([_account(one) for one in accounts.list_accounts()], as_json=as_json)


@account.command("disable")
@click.argument("email")
@settings_options
def disable_account(settings: Settings, email: str) -> None:
    """Void every token and session of the account, and let it sign in no more; its zones stay served."""
    with opened(settings) as store, store.writing():
        membership.disable_now(accounts.find_account(email), Principal.local(NAME), now())
    click.echo(f"account {email} disabled")


@account.command("enable")
@click.argument("email")
@settings_options
def enable_account(settings: Settings, email: str) -> None:
    """Let a disabled account sign in again; the tokens and sessions that it had stay void."""
    with opened(settings) as store, store.writing():
        membership.enable_now(accounts.find_account(email), Principal.local(NAME), now())
    click.echo(f"account {email} enabled")


@account.command("password")
@click.argument("email")
@click.option("--without-code", is_flag=True, help="Take the second factor off, for someone who lost it.")
@settings_options
def set_password(settings: Settings, email: str, without_code: bool) -> None:
    """Set the console password, asked for on a terminal, else one line of standard input; all sessions end."""
    if sys.stdin.isatty():
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().removesuffix("\n")
    with opened(settings) as store:
        principal = _acting_for(email)
        sign_in.set_password(store, principal, password, now())
        if without_code:
            second_factor.disable(store, principal, now())
    click.echo(f"password of {email} set")


@click.group()
def token() -> None:
    """API tokens."""


@token.command("create")
@click.option("--account", "email", required=True, help="Mail address of the account.")
@click.option("--name", required=True, help="What the token is for.")
@click.option(
    "--permission", "permissions", multiple=True, required=True, type=click.Choice(PERMISSIONS), help="May be repeated."
)
@click.option("--expires", type=Duration(), help="Time until it is not taken any more, such as 90d.")
@click.option("--zone", "domains", multiple=True, help="Limit it to this zone; may be repeated.")
@click.option("--network", "networks", multiple=True, help="Take it from this network only; may be repeated.")
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
    """Create a token and print its secret, alone and this once."""
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
    """Take the token no more, from the next request on."""
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
