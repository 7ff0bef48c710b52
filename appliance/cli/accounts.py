"""`account`: accounts of people."""

from __future__ import annotations

import json
import sys

import click

from appliance.cli.options import now, opened, settings_options
from appliance.cli.output import confirm, json_option, print_moment, print_rows, yes_option
from appliance.identity import membership, second_factor, sign_in
from appliance.principal import Account, Principal
from appliance.settings import Settings
from appliance.store import accounts

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
@click.option("--permanent", is_flag=True, help="The user chose it: it need not be changed after the next sign-in.")
@settings_options
def set_password(settings: Settings, email: str, without_code: bool, permanent: bool) -> None:
    """Set the console password of an account.

    All its sessions end. The user has to choose another one after the next sign-in, unless --permanent is given. The
    password is prompted for on a terminal, and otherwise read as one line of standard input.
    """
    if sys.stdin.isatty():
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().removesuffix("\n")
    with opened(settings) as store:
        principal = acting_for(email)
        sign_in.set_password(store, principal, password, now(), is_first=not permanent)
        if without_code:
            second_factor.remove(store, principal, now())
    click.echo(f"password of {email} set")


def acting_for(email: str) -> Principal:
    """Return the principal of a command for that account."""
    return Principal.local(NAME, accounts.find_account(email))


def _account(one: Account) -> dict[str, object]:
    return {
        "uuid": str(one.uuid),
        "email": one.email,
        "is_admin": one.is_admin,
        "zone_count": one.zone_count,
        "created_at": print_moment(one.created_at),
        "disabled_at": print_moment(one.disabled_at),
    }
