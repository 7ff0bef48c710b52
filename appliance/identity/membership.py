"""Creation of accounts, on the command line or by an operator's invitation, and their disabling."""

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
    """Create an account without a password."""
    with store.writing():
        account = accounts.create_account(email, now, is_admin=is_admin)
        audit.append("account.create", account.uuid, account.email, principal, now, _role(is_admin))
    return account


def invite(store: Store, principal: Principal, email: str, now: datetime, *, is_admin: bool) -> tuple[Invitation, str]:
    """Create an invitation; return it and the secret of its link, which cannot be read again.

    Raise NotPermitted unless the principal is an operator.
    """
    secret = new_secret()
    with store.writing():
        _require_operator(principal)
        accounts.check_email(email)
        if credentials.find(email):
            raise InputError(f"an account with the email {email} already exists", "email")
        invitation = invitations.add(email.lower(), secret, principal.account.email, now, is_admin=is_admin)
        audit.append("account.invite", principal.account.uuid, invitation.email, principal, now, _role(is_admin))
    return invitation, secret


def accept(store: Store, secret: str, password: str, browser: Browser, now: datetime) -> str:
    """Create the account of an invitation; return the secret of its first session.

    Raise NotFound if the invitation is unknown, used, revoked or expired.
    """
    with store.reading():
        found = invitations.find(secret, now)
    password_hash = hash_password(password, found.email if found else "")
    with store.writing():
        invitation = invitations.find(secret, now)
        if invitation is None:
            raise NotFound("this invitation has been used or revoked, or has expired")
        account = accounts.create_account(invitation.email, now, is_admin=invitation.is_admin)
        credentials.set_password_hash(account.uuid, password_hash)
        invitations.end(invitation.uuid, now)
        principal = Principal.of_account(account, browser.address)
        invited = f"{account.email}, invited by {invitation.invited_by}"
        audit.append("account.create", account.uuid, invited, principal, now, _role(invitation.is_admin))
        return begin_session(account, browser, now)


def withdraw(store: Store, principal: Principal, uuid: UUID, now: datetime) -> None:
    """Revoke an invitation; raise NotFound if it is not pending, NotPermitted unless the principal is an operator."""
    with store.writing():
        _require_operator(principal)
        invitation = next((one for one in invitations.pending(now) if one.uuid == uuid), None)
        if invitation is None:
            raise NotFound("this invitation has been used or revoked, or has expired")
        invitations.end(uuid, now)
        audit.append("account.withdraw", principal.account.uuid, invitation.email, principal, now)


def disable(store: Store, principal: Principal, uuid: UUID, now: datetime) -> Account:
    """Disable an account, its tokens and sessions; raise NotPermitted for one's own, or unless by an operator."""
    if uuid == principal.account.uuid:
        raise NotPermitted("you cannot disable the account that you are signed in with")
    with store.writing():
        _require_operator(principal)
        return disable_now(accounts.get_account(uuid), principal, now)


def disable_now(account: Account, principal: Principal, now: datetime) -> Account:
    """Disable an account, and end its invitations of others. Call it in a transaction."""
    _revoke_all(account, now)
    audit.append("account.disable", account.uuid, account.email, principal, now)
    return accounts.disable_account(account.email, now)


def enable(store: Store, principal: Principal, uuid: UUID, now: datetime) -> Account:
    """Enable an account, with its former password; raise NotPermitted unless the principal is an operator."""
    with store.writing():
        _require_operator(principal)
        return enable_now(accounts.get_account(uuid), principal, now)


def enable_now(account: Account, principal: Principal, now: datetime) -> Account:
    """Enable a disabled account; its former tokens and sessions stay revoked. Call it in a transaction."""
    if account.disabled_at is None:
        return account
    _revoke_all(account, now)  # an older release did not revoke tokens when it disabled an account
    audit.append("account.enable", account.uuid, account.email, principal, now)
    return accounts.enable_account(account.email)


def _revoke_all(account: Account, now: datetime) -> None:
    """End the account's sessions and its invitations of others, and revoke its tokens."""
    sessions.end_all(account.uuid, now)
    accounts.revoke_tokens(account.uuid, now)
    invitations.end_all_of(account.email, now)


def _role(is_admin: bool) -> str:
    return "operator" if is_admin else ""


def _require_operator(principal: Principal) -> None:
    """Raise NotPermitted unless the account is one of an operator, in the transaction of what it does.

    One that was disabled since its request was authenticated must not enable itself, nor invite anybody.
    """
    account = accounts.get_account(principal.account.uuid)
    if not account.is_admin or account.disabled_at:
        raise NotPermitted("only operators may invite people and disable or enable accounts")
