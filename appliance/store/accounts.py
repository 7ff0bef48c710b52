"""Accounts and their tokens. A token's secret is never stored: only its SHA-256, by which it is found."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_network
from uuid import UUID, uuid4

import peewee as pw

from appliance.errors import InputError, NotFound
from appliance.principal import Account, Token, TokenLimits
from appliance.store import tables
from appliance.store.zones import Page

SECRET_OCTETS = 24
"""Random octets of a secret: 192 bits, so that a fast hash is enough."""
TOKEN_PREFIX = "vps_"  # noqa: S105 - public, and the same in every token
PUBLIC_CHARACTERS = len(TOKEN_PREFIX) + 8
"""The first characters of a secret, kept so that a person can recognise the token."""


def create_account(email: str, now: datetime, *, is_admin: bool = False) -> Account:
    """A new account without a console password; InputError when the address is malformed or taken."""
    check_email(email)
    try:
        row = tables.Account.create(uuid=uuid4(), email=email.lower(), is_admin=is_admin, zone_count=0, created_at=now)
    except pw.IntegrityError:
        raise InputError(f"{email} has an account already", "email") from None
    return from_row(row)


def check_email(email: str) -> None:
    """Raise InputError unless that is a mail address, as far as one can see without asking."""
    local, at, host = email.partition("@")
    if (
        not (local and at and host)
        or not email.isprintable()
        or any(char.isspace() for char in email)
        or len(email) > 254
    ):
        raise InputError(f"{email!r} is not a mail address such as someone@example.org", "email")


def find_account(email: str) -> Account:
    """The account of that mail address, in any letter case; NotFound when there is none."""
    row = tables.Account.get_or_none(tables.Account.email == email.lower())
    if row is None:
        raise NotFound(f"there is no account {email}")
    return from_row(row)


def get_account(uuid: UUID) -> Account:
    """The account of that uuid; NotFound when there is none."""
    row = tables.Account.get_or_none(tables.Account.uuid == uuid)
    if row is None:
        raise NotFound("there is no such account")
    return from_row(row)


def list_accounts() -> list[Account]:
    """Every account, by mail address."""
    return [from_row(row) for row in tables.Account.select().order_by(tables.Account.email)]


def find_accounts(page: Page, search: str = "") -> tuple[list[Account], int]:
    """The accounts of a page with that text in their mail address, and how many there are on all pages."""
    found = tables.Account.select().where(pw.fn.instr(tables.Account.email, search.lower()) > 0)
    rows = found.order_by(tables.Account.email).limit(page.size).offset(page.offset)
    return [from_row(row) for row in rows], found.count()


def disable_account(email: str, now: datetime) -> Account:
    """From now on no token and no session of the account is taken; its zones stay served."""
    tables.Account.update(disabled_at=now).where(
        tables.Account.email == email.lower(), tables.Account.disabled_at.is_null()
    ).execute()
    return find_account(email)


def enable_account(email: str) -> Account:
    """From now on the account may sign in and have tokens again."""
    tables.Account.update(disabled_at=None).where(tables.Account.email == email.lower()).execute()
    return find_account(email)


def create_token(
    account: Account, name: str, permissions: Iterable[str], now: datetime, limits: TokenLimits | None = None
) -> tuple[Token, str]:
    """A new token and its secret, which can never be read again."""
    limits = limits or TokenLimits()
    secret = TOKEN_PREFIX + secrets.token_urlsafe(SECRET_OCTETS)
    row = tables.Token.create(
        uuid=uuid4(),
        account=tables.Account.get(tables.Account.uuid == account.uuid),
        name=name,
        prefix=secret[:PUBLIC_CHARACTERS],
        digest=digest(secret),
        permissions=sorted(permissions),
        networks=_texts(limits.networks),
        zones=_texts(limits.zones),
        record_types=_texts(limits.record_types),
        record_names=_texts(limits.record_names),
        created_at=now,
        expires_at=limits.expires_at,
    )
    return _token(row), secret


def find_token(secret: str) -> Token | None:
    """The token of that secret, whatever its state, or None."""
    row = _tokens().where(tables.Token.digest == digest(secret)).get_or_none()
    return _token(row) if row else None


def list_tokens() -> list[Token]:
    """Every token, oldest first."""
    return [_token(row) for row in _tokens().order_by(tables.Token.id)]


def living_tokens(account: UUID) -> list[Token]:
    """The tokens of an account that were not revoked, oldest first."""
    return [_token(row) for row in _living(account).order_by(tables.Token.id)]


def get_token(account: UUID, uuid: UUID) -> Token:
    """The token of that account and uuid; NotFound when there is none, or it was revoked."""
    row = _living(account).where(tables.Token.uuid == uuid).get_or_none()
    if row is None:
        raise NotFound("there is no such token")
    return _token(row)


def owner_of_token(uuid: UUID) -> Account:
    """The account of the token of that uuid, revoked or not; NotFound when there is none."""
    row = _tokens().where(tables.Token.uuid == uuid).get_or_none()
    if row is None:
        raise NotFound(f"there is no token {uuid}")
    return from_row(row.account)


def revoke_token(uuid: UUID, now: datetime) -> None:
    """From the next request on the token is not taken; NotFound when there is none."""
    found = tables.Token.update(revoked_at=now).where(tables.Token.uuid == uuid).execute()
    if not found:
        raise NotFound(f"there is no token {uuid}")


def revoke_tokens(account: UUID, now: datetime) -> None:
    """From the next request on no token of the account is taken."""
    row = tables.Account.select(tables.Account.id).where(tables.Account.uuid == account)
    tables.Token.update(revoked_at=now).where(tables.Token.account == row, tables.Token.revoked_at.is_null()).execute()


def note_use(token: Token, now: datetime) -> None:
    """Keep when the token was last used."""
    tables.Token.update(last_used_at=now).where(tables.Token.uuid == token.uuid).execute()


def digest(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _tokens() -> pw.ModelSelect[tables.Token]:
    return tables.Token.select(tables.Token, tables.Account).join(tables.Account)


def _living(account: UUID) -> pw.ModelSelect[tables.Token]:
    return _tokens().where(tables.Account.uuid == account, tables.Token.revoked_at.is_null())


def _texts(values: Iterable[object] | None) -> list[str] | None:
    return None if values is None else sorted(map(str, values))


def from_row(row: tables.Account) -> Account:
    """The account of a row."""
    return Account(row.uuid, row.email, row.is_admin, row.zone_count, row.created_at, row.disabled_at)


def _token(row: tables.Token) -> Token:
    return Token(
        uuid=row.uuid,
        account=from_row(row.account),
        name=row.name,
        prefix=row.prefix,
        permissions=frozenset(row.permissions),
        networks=None if row.networks is None else tuple(map(ip_network, row.networks)),
        zones=None if row.zones is None else frozenset(map(UUID, row.zones)),
        record_types=None if row.record_types is None else tuple(row.record_types),
        record_names=None if row.record_names is None else tuple(row.record_names),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
