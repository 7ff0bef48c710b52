"""Who has an account: made on the command line, or invited by an operator with a link that is good once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from appliance.errors import InputError, NotFound, NotPermitted
from appliance.identity.passwords import hash_password
from appliance.identity.sign_in import Browser, begin_session, new_secret
from appliance.principal import Account, Principal
from appliance.store import accounts, audit, credentials, invitations, sessions
from appliance.store.file.database import Store
from appliance.store.invitations import Invitation


def create_account(store: Store, email: str, principal: Principal, now: datetime, *, is_admin: bool = False) -> Account:
    """A new account without a password."""
    with store.writing():
        account = accounts.create_account(email, now, is_admin=is_admin)
        audit.append("account.create", account.uuid, account.email, principal, now)
    return account


def invite(store: Store, principal: Principal, email: str, now: datetime, *, is_admin: bool) -> tuple[Invitation, str]:
    """A link's secret, told this once, with which its bearer makes the account; operators alone invite."""
    _refuse_ordinary(principal)
    secret = new_secret()
    with store.writing():
        accounts.check_email(email)
        if credentials.find(email):
            raise InputError(f"{email} has an account already", "email")
        made = invitations.add(email.lower(), secret, principal.account.email, now, is_admin=is_admin)
        audit.append("account.invite", principal.account.uuid, made.email, principal, now)
    return made, secret


def accept(store: Store, secret: str, password: str, browser: Browser, now: datetime) -> str:
    """Take an invitation up: the secret of the new account's first session; NotFound when the link is not good."""
    password_hash = hash_password(password)
    with store.writing():
        invitation = invitations.find(secret, now)
        if invitation is None:
            raise NotFound("this invitation was used, taken back, or has expired")
        account = accounts.create_account(invitation.email, now, is_admin=invitation.is_admin)
        credentials.set_password_hash(account.uuid, password_hash)
        invitations.end(invitation.uuid, now)
        principal = Principal.of_account(account, browser.address)
        invited = f"{account.email}, invited by {invitation.invited_by}"
        audit.append("account.create", account.uuid, invited, principal, now)
        return begin_session(account, browser, now)


def withdraw(store: Store, principal: Principal, uuid: UUID, now: datetime) -> None:
    """Take an invitation back: its link is void."""
    _refuse_ordinary(principal)
    with store.writing():
        invitation = next((one for one in invitations.open_ones(now) if one.uuid == uuid), None)
        if invitation is None:
            raise NotFound("this invitation was used, taken back, or has expired")
        invitations.end(uuid, now)
        audit.append("account.withdraw", principal.account.uuid, invitation.email, principal, now)


def disable(store: Store, principal: Principal, uuid: UUID, now: datetime) -> Account:
    """No token and no session of the account is taken from the next request on; operators alone, and not themselves."""
    _refuse_ordinary(principal)
    if uuid == principal.account.uuid:
        raise NotPermitted("nobody disables the account that they are signed in with")
    with store.writing():
        return disable_now(accounts.get_account(uuid), principal, now)


def disable_now(account: Account, principal: Principal, now: datetime) -> Account:
    """Disable an account, and void the links with which it invited others; in a transaction."""
    _take_away(account, now)
    audit.append("account.disable", account.uuid, account.email, principal, now)
    return accounts.disable_account(account.email, now)


def enable(store: Store, principal: Principal, uuid: UUID, now: datetime) -> Account:
    """The account may sign in again, with the password that it had; operators alone enable."""
    _refuse_ordinary(principal)
    with store.writing():
        return enable_now(accounts.get_account(uuid), principal, now)


def enable_now(account: Account, principal: Principal, now: datetime) -> Account:
    """Enable an account that is disabled; nothing that it held before comes back to life. In a transaction."""
    if account.disabled_at is None:
        return account
    _take_away(account, now)  # a former release left tokens as they were
    audit.append("account.enable", account.uuid, account.email, principal, now)
    return accounts.enable_account(account.email)


def _take_away(account: Account, now: datetime) -> None:
    """Void its sessions, its tokens, and the links with which it invited others."""
    sessions.end_all(account.uuid, now)
    accounts.revoke_tokens(account.uuid, now)
    invitations.end_all_of(account.email, now)


def _refuse_ordinary(principal: Principal) -> None:
    if not principal.account.is_admin:
        raise NotPermitted("operators alone may do that")
