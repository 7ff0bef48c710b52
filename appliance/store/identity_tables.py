"""The tables of accounts, their credentials and what was done to them as Peewee models; `tables` has all of them."""

from __future__ import annotations

import peewee as pw

from appliance.store.columns import Document, Instant, Seconds


class Account(pw.Model):
    id = pw.AutoField()
    uuid = pw.UUIDField()
    email = pw.TextField()
    is_admin = pw.BooleanField()
    password_hash = pw.TextField(null=True)
    password_is_first = pw.BooleanField(default=False)
    totp_secret = pw.TextField(null=True)
    totp_step = pw.IntegerField(default=0)
    zone_count = pw.IntegerField()
    created_at = Instant()
    disabled_at = Instant(null=True)


class Token(pw.Model):
    id = pw.AutoField()
    uuid = pw.UUIDField()
    account = pw.ForeignKeyField(Account)
    name = pw.TextField()
    prefix = pw.TextField()
    digest = pw.TextField()
    permissions = Document()
    networks = Document(null=True)
    zones = Document(null=True)
    record_types = Document(null=True)
    record_names = Document(null=True)
    policies = Document(null=True)
    create_zones = pw.BooleanField(null=True)
    delete_zones = pw.BooleanField(null=True)
    max_unused = Seconds(null=True)
    created_by = pw.UUIDField(null=True)
    created_at = Instant()
    expires_at = Instant(null=True)
    last_used_at = Instant(null=True)
    revoked_at = Instant(null=True)
    last_uses: str | None = None
    """A JSON object of its rows of `token_use`, door to time, if a query read them; no column."""
    has_tsig_key: bool = False
    """Whether a query found its row of `tsig_key`; no column."""


class TokenUse(pw.Model):
    """When a token was last used at a door."""

    token = pw.ForeignKeyField(Token)
    door = pw.TextField()
    used_at = Instant()

    class Meta:
        table_name = "token_use"
        primary_key = pw.CompositeKey("token", "door")


class TsigKey(pw.Model):
    """The secret of a token's TSIG key, kept readable; the name of the key is the uuid of the token."""

    token = pw.ForeignKeyField(Token, primary_key=True)
    secret = pw.BlobField()

    class Meta:
        table_name = "tsig_key"


class Session(pw.Model):
    """A browser that is signed in to the console; `digest` is the SHA-256 of its secret."""

    id = pw.AutoField()
    uuid = pw.UUIDField()
    account = pw.ForeignKeyField(Account)
    digest = pw.TextField()
    created_at = Instant()
    seen_at = Instant()
    expires_at = Instant()
    address = pw.TextField()
    agent = pw.TextField()
    ended_at = Instant(null=True)


class Invitation(pw.Model):
    """A link with which one person may create their own account."""

    id = pw.AutoField()
    uuid = pw.UUIDField()
    digest = pw.TextField()
    email = pw.TextField()
    is_admin = pw.BooleanField()
    invited_by = pw.TextField()
    created_at = Instant()
    expires_at = Instant()
    ended_at = Instant(null=True)


class RecoveryCode(pw.Model):
    """A code that replaces one of the second factor, once; `digest` is the SHA-256 of the code."""

    id = pw.AutoField()
    account = pw.ForeignKeyField(Account)
    digest = pw.TextField()
    created_at = Instant()
    used_at = Instant(null=True)

    class Meta:
        table_name = "recovery_code"


class AuditEvent(pw.Model):
    """An action that changed no zone; `account` is the account that it concerns, `subject` what it was done to.

    `detail` is what it changed, such as the rights of a token.
    """

    id = pw.AutoField()
    uuid = pw.UUIDField()
    kind = pw.TextField()
    account = pw.UUIDField()
    subject = pw.TextField()
    detail = pw.TextField(default="")
    actor_account = pw.UUIDField(null=True)
    actor = pw.TextField()
    address = pw.TextField()
    created_at = Instant()

    class Meta:
        table_name = "audit_event"
