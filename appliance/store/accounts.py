"""Rows of accounts and tokens. Of a token's secret only the SHA-256 is stored; the token is found by it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_network
from uuid import UUID, uuid4

import peewee as pw

from appliance.errors import InputError, NotFound
from appliance.principal import Account, Token, TokenLimits
from appliance.store import policies, tables
from appliance.store.columns import from_microseconds
from appliance.store.prepared import PreparedSelect, PreparedWrite
from appliance.store.zones import Page

SECRET_OCTETS = 24
"""Random octets of a secret: 192 bits, so that a fast hash is enough."""
MAX_EMAIL = 254
"""Characters of an email (RFC 5321 section 4.5.3.1.3, without the angle brackets)."""
TOKEN_PREFIX = "vps_"  # noqa: S105 - public, and the same in every token
PUBLIC_CHARACTERS = len(TOKEN_PREFIX) + 8
"""Number of first characters of a secret that are stored, so that a person can recognise the token."""


def create_account(email: str, now: datetime, *, is_admin: bool = False) -> Account:
    """Create an account without a console password; raise InputError if the email is malformed or in use."""
    check_email(email)
    try:
        row = tables.Account.create(uuid=uuid4(), email=email.lower(), is_admin=is_admin, zone_count=0, created_at=now)
    except pw.IntegrityError:
        raise InputError(f"an account with the email {email} already exists", "email") from None
    return from_row(row)


def check_email(email: str) -> None:
    """Raise InputError unless the text has the form of an email address; whether it exists is not checked."""
    local, at, host = email.partition("@")
    if (
        not (local and at and host)
        or not email.isprintable()
        or any(char.isspace() for char in email)
        or len(email) > MAX_EMAIL
    ):
        raise InputError(f"{email!r} is not an email address such as someone@example.org", "email")


def find_account(email: str) -> Account:
    """Return the account with that email, in any letter case; raise NotFound if there is none."""
    row = tables.Account.get_or_none(tables.Account.email == email.lower())
    if row is None:
        raise NotFound(f"there is no account with the email {email}")
    return from_row(row)


def get_account(uuid: UUID) -> Account:
    """Return the account with that uuid; raise NotFound if there is none."""
    row = tables.Account.get_or_none(tables.Account.uuid == uuid)
    if row is None:
        raise NotFound("there is no such account")
    return from_row(row)


def emails_of(uuids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the emails of these accounts."""
    row = tables.Account
    return {one.uuid: one.email for one in row.select(row.uuid, row.email).where(row.uuid.in_(list(uuids)))}


def list_accounts() -> list[Account]:
    """Return all accounts, ordered by email."""
    return [from_row(row) for row in tables.Account.select().order_by(tables.Account.email)]


def find_accounts(page: Page, search: str = "") -> tuple[list[Account], int]:
    """Return a page of the accounts whose email contains `search`, and their number on all pages."""
    found = tables.Account.select().where(pw.fn.instr(tables.Account.email, search.lower()) > 0)
    rows = found.order_by(tables.Account.email).limit(page.size).offset(page.offset)
    return [from_row(row) for row in rows], found.count()


def disable_account(email: str, now: datetime) -> Account:
    """Disable an account: its tokens and sessions are no longer accepted, its zones are still served."""
    tables.Account.update(disabled_at=now).where(
        tables.Account.email == email.lower(), tables.Account.disabled_at.is_null()
    ).execute()
    return find_account(email)


def enable_account(email: str) -> Account:
    """Enable an account: it may sign in and create tokens again."""
    tables.Account.update(disabled_at=None).where(tables.Account.email == email.lower()).execute()
    return find_account(email)


def create_token(
    account: Account,
    name: str,
    permissions: Iterable[str],
    now: datetime,
    limits: TokenLimits | None = None,
    *,
    created_by: UUID | None = None,
    secret: str | None = None,
    with_tsig_key: bool = False,
) -> tuple[Token, str]:
    """Create a token, by default with a random secret; return it and the secret, which cannot be read again.

    With `with_tsig_key` it has a TSIG key too, whose secret is `tsig_secret(secret)`.
    """
    limits = limits or TokenLimits()
    secret = secret or TOKEN_PREFIX + secrets.token_urlsafe(SECRET_OCTETS)
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
        policies=None if limits.policies is None else list(map(policies.document_of, limits.policies)),
        create_zones=limits.create_zones,
        delete_zones=limits.delete_zones,
        max_unused=limits.max_unused,
        created_by=created_by,
        created_at=now,
        expires_at=limits.expires_at,
    )
    if with_tsig_key:
        tables.TsigKey.create(token=row, secret=tsig_secret(secret))
        row.has_tsig_key = True
    return _token(row), secret


def find_token(secret: str) -> Token | None:
    """Return the token with that secret, revoked and expired ones too, or None."""
    row = _with_digest.first(digest(secret))
    return _token(row) if row else None


@PreparedSelect
def _with_digest(digest: str) -> pw.ModelSelect[tables.Token]:
    return _tokens().where(tables.Token.digest == digest)


def find_tsig_key(uuid: UUID) -> tuple[Token, bytes] | None:
    """Return the token of a TSIG key and the key's secret, or None if the token has none or is revoked."""
    row = tables.TsigKey.select().join(tables.Token).where(tables.Token.uuid == uuid).get_or_none()
    token = row and _tokens().where(tables.Token.uuid == uuid).get()
    return (_token(token), bytes(row.secret)) if row and token else None


def list_tokens() -> list[Token]:
    """Return all tokens, oldest first."""
    return [_token(row) for row in _tokens().order_by(tables.Token.id)]


def active_tokens(account: UUID) -> list[Token]:
    """Return the tokens of an account that are not revoked, oldest first."""
    return [_token(row) for row in _active(account).order_by(tables.Token.id)]


def get_token(account: UUID, uuid: UUID) -> Token:
    """Return the account's token with that uuid; raise NotFound if there is none or it is revoked."""
    row = _active(account).where(tables.Token.uuid == uuid).get_or_none()
    if row is None:
        raise NotFound("there is no such token")
    return _token(row)


def owner_of_token(uuid: UUID) -> Account:
    """Return the account of a token, revoked or not; raise NotFound if there is no such token."""
    row = _tokens().where(tables.Token.uuid == uuid).get_or_none()
    if row is None:
        raise NotFound(f"there is no token {uuid}")
    return from_row(row.account)


def revoke_token(uuid: UUID, now: datetime) -> None:
    """Revoke a token, from the next request on; raise NotFound if there is none."""
    found = tables.Token.update(revoked_at=now).where(tables.Token.uuid == uuid).execute()
    if not found:
        raise NotFound(f"there is no token {uuid}")
    delete_revoked_tsig_keys()


def revoke_tokens(account: UUID, now: datetime) -> None:
    """Revoke all tokens of an account, from the next request on."""
    row = tables.Account.select(tables.Account.id).where(tables.Account.uuid == account)
    tables.Token.update(revoked_at=now).where(tables.Token.account == row, tables.Token.revoked_at.is_null()).execute()
    delete_revoked_tsig_keys()


def delete_revoked_tsig_keys() -> None:
    """Delete the TSIG keys of tokens that are revoked."""
    revoked = tables.Token.select(tables.Token.id).where(tables.Token.revoked_at.is_null(False))
    tables.TsigKey.delete().where(tables.TsigKey.token.in_(revoked)).execute()


def store_last_use(token: Token, door: str, now: datetime) -> None:
    """Store when the token was last used, at that door."""
    _update_last_use(token.uuid, now)
    _insert_use(token.uuid, door=door, used_at=now)


@PreparedWrite
def _update_last_use(token: UUID, now: datetime) -> pw.ModelUpdate:
    return tables.Token.update(last_used_at=now).where(tables.Token.uuid == token)


@PreparedWrite
def _insert_use(token: UUID, /, **columns: object) -> pw.ModelInsert:
    row = tables.Token.select(tables.Token.id).where(tables.Token.uuid == token)
    return tables.TokenUse.insert(token=row, **columns).on_conflict_replace()


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret, in hex, under which it is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def tsig_secret(secret: str) -> bytes:
    """Return the secret of the TSIG key of the token with that secret, which cannot be computed from it."""
    return hmac.digest(secret.encode(), b"tsig", "sha256")


def _tokens() -> pw.ModelSelect[tables.Token]:
    use = tables.TokenUse
    by_door = pw.fn.json_group_object(use.door, use.used_at).coerce(False)
    last_uses = use.select(by_door).where(use.token == tables.Token.id).alias("last_uses")
    key = tables.TsigKey.select(pw.Value(1)).where(tables.TsigKey.token == tables.Token.id)
    has_key = pw.fn.EXISTS(key).alias("has_tsig_key")
    return tables.Token.select(tables.Token, tables.Account, last_uses, has_key).join(tables.Account)


def _active(account: UUID) -> pw.ModelSelect[tables.Token]:
    return _tokens().where(tables.Account.uuid == account, tables.Token.revoked_at.is_null())


def _texts(values: Iterable[object] | None) -> list[str] | None:
    return None if values is None else sorted(map(str, values))


def from_row(row: tables.Account) -> Account:
    """Return the account of a row."""
    return Account(row.uuid, row.email, row.is_admin, row.zone_count, row.created_at, row.disabled_at)


def _limits(row: tables.Token) -> TokenLimits:
    return TokenLimits(
        expires_at=row.expires_at,
        networks=None if row.networks is None else tuple(map(ip_network, row.networks)),
        zones=None if row.zones is None else frozenset(map(UUID, row.zones)),
        record_types=None if row.record_types is None else tuple(row.record_types),
        record_names=None if row.record_names is None else tuple(row.record_names),
        policies=None if row.policies is None else tuple(map(policies.from_document, row.policies)),
        create_zones=row.create_zones,
        delete_zones=row.delete_zones,
        max_unused=row.max_unused,
    )


def _last_uses(row: tables.Token) -> tuple[tuple[str, datetime], ...]:
    stored: dict[str, int] = json.loads(row.last_uses or "{}")
    latest_first = sorted(stored, key=lambda door: (stored[door], door), reverse=True)
    return tuple((door, from_microseconds(stored[door])) for door in latest_first)


def _token(row: tables.Token) -> Token:
    return Token(
        uuid=row.uuid,
        account=from_row(row.account),
        name=row.name,
        prefix=row.prefix,
        permissions=frozenset(row.permissions),
        limits=_limits(row),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        created_by=row.created_by,
        last_uses=_last_uses(row),
        has_tsig_key=bool(row.has_tsig_key),
    )
