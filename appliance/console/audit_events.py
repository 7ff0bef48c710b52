"""The descriptions of audit events."""

from __future__ import annotations

DESCRIPTIONS = {
    "zone.create": "Zone created",
    "zone.settings": "Zone settings changed",
    "zone.delete": "Zone deleted",
    "zone.restore": "Zone restored",
    "zone.release": "Zone released",
    "zone.raise_serial": "Serial raised",
    "zone.delegation": "Delegation changed",
    "zone.dnssec": "Signing began or ended",
    "zone.ds": "DNSSEC changed",
    "records": "Records changed",
    "change.confirm": "Change confirmed",
    "change.revert": "Unconfirmed change reverted",
    "account.create": "Account created",
    "account.invite": "Invitation created",
    "account.withdraw": "Invitation revoked",
    "account.disable": "Account disabled",
    "account.enable": "Account enabled",
    "session.begin": "Signed in",
    "session.end": "Signed out",
    "password.change": "Password changed",
    "recovery.create": "Recovery codes created",
    "recovery.use": "Recovery code used",
    "totp.begin": "Two-factor authentication turned on",
    "totp.end": "Two-factor authentication turned off",
    "token.create": "Token created",
    "token.revoke": "Token revoked",
}
"""The description of each kind of audit event, and of each kind of change of a zone."""
