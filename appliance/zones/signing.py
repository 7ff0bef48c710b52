"""DNSSEC of a zone: what is known of it, its state, and which step is safe next.

A signed zone turns unsigned only after its DS is known to be gone from the parent zone and no cache may hold it. Until
then it stays signed, whoever wants what: a resolver that has the DS refuses unsigned answers.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dns.name import Name

from appliance.zones.zone_cuts import ParentZone

POLICY = "appliance"
"""The `dnssec-policy` of signed zones in named.conf."""
CONTENT_TYPE = 65280
"""The record type, for private use (RFC 6895 section 3.1), of the content number at the apex of a signed zone."""
MAX_TTL = 86_400
"""Seconds: the highest TTL in a signed zone (`max-zone-ttl` of the policy)."""
MAX_NAME = 128
"""The greatest `file_name_length` of a signed zone.

named can use no path of a key file with more than 254 characters. That leaves 63 for the folder of the zone files.
"""
DNSKEY_TTL = 3_600
"""Seconds: the TTL of the DNSKEY set, and of a DS as it is shown."""
UNTIL_SIGNED_EVERYWHERE = timedelta(seconds=MAX_TTL) + timedelta(minutes=15) + timedelta(hours=1)
"""From signing until no cache holds an unsigned answer: highest TTL, propagation and safety of the policy."""
DEFAULT_DS_TTL = 86_400
"""Seconds: how long caches may hold a DS whose TTL was never seen (`parent-ds-ttl` of the policy)."""
BETWEEN_CHECKS = timedelta(minutes=10)
"""From one check of the parent without a DS to the second one, after which the DS counts as gone."""
OLD_SIGNATURES = timedelta(days=10)
"""Signatures that expire sooner are a problem: named renews them 20 days before they expire."""
SHA_256, SHA_384 = 2, 4
"""Digest types of a DS (RFC 4509, RFC 6605)."""


class SigningState(StrEnum):
    """The state of a zone's DNSSEC."""

    UNSIGNED = "unsigned"
    SIGNING = "signing"
    DS_WAIT = "ds-wait"
    DS_READY = "ds-ready"
    SECURED = "secured"
    ROLLING = "rolling"
    DS_REMOVE = "ds-remove"
    DS_EXPIRING = "ds-expiring"
    UNSIGNING = "unsigning"


class Timing(StrEnum):
    """What named knows of the caches of the world with regard to a record set (RFC 7583 section 2)."""

    HIDDEN = "hidden"
    RUMOURED = "rumoured"
    OMNIPRESENT = "omnipresent"
    UNRETENTIVE = "unretentive"


class DsReport(StrEnum):
    """What a user says of the DS at the parent."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class SigningProblem(StrEnum):
    """What is wrong with the DNSSEC of a zone."""

    KEYS_MISSING = "keys-missing"
    DS_MISMATCH = "ds-mismatch"
    KEYS_DIFFER = "keys-differ"
    SIGNATURES_OLD = "signatures-old"
    KEY_NOT_BACKED_UP = "key-not-backed-up"
    STUCK = "stuck"
    PARENT_UNKNOWN = "parent-unknown"


@dataclass(frozen=True, slots=True, order=True)
class Ds:
    """A DS record (RFC 4034 section 5); the digest is in lower-case hexadecimal."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: str

    def text(self) -> str:
        """Return its data as zone files have it."""
        return f"{self.key_tag} {self.algorithm} {self.digest_type} {self.digest.upper()}"

    def line(self, domain: Name) -> str:
        """Return it as a line of a zone file."""
        return f"{domain.to_text()} {DNSKEY_TTL} IN DS {self.text()}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs a zone, and what named knows of it. `public_key` is base64; `backed_up_at` None: in no backup.

    `is_wanted` is False for a key that a rollover replaces.
    """

    tag: int
    algorithm: int
    flags: int
    public_key: str
    created_at: datetime
    is_wanted: bool = True
    dnskey: Timing = Timing.HIDDEN
    ds: Timing = Timing.HIDDEN
    backed_up_at: datetime | None = None

    @property
    def is_ready(self) -> bool:
        """Return True if the parent may have a DS of this key: named publishes it as CDS (RFC 7344)."""
        return self.is_wanted and self.ds in (Timing.RUMOURED, Timing.OMNIPRESENT)

    def dnskey_text(self) -> str:
        """Return its DNSKEY as zone files have it (RFC 4034 section 2.2)."""
        return f"{self.flags} 3 {self.algorithm} {self.public_key}"

    def ds_of(self, domain: Name, digest_type: int = SHA_256) -> Ds:
        """Return its DS (RFC 4034 section 5.1.4), with SHA_256 or SHA_384."""
        octets = self.flags.to_bytes(2, "big") + bytes((3, self.algorithm)) + base64.b64decode(self.public_key)
        digest = (hashlib.sha256 if digest_type == SHA_256 else hashlib.sha384)(domain.to_digestable() + octets)
        return Ds(self.tag, self.algorithm, digest_type, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class ParentCheck:
    """What the nameservers of the parent zone answered; `ds` is None if that is not known, and `problem` says why.

    A DS is in it if every nameserver of the parent has it, and in `anywhere` if one of them has it. `ttl` is the
    highest TTL of a DS, in seconds. Later checks may have failed: then `tried_at` is the time of the last one, and
    `problem` its reason. `own` is the zone of this appliance that was checked; None: the parent as resolvers find it.
    """

    name: str
    checked_at: datetime
    ds: frozenset[Ds] | None = None
    anywhere: frozenset[Ds] = frozenset()
    ttl: int = 0
    problem: str = ""
    tried_at: datetime | None = None
    own: UUID | None = None

    @property
    def last_at(self) -> datetime:
        """Return when the parent was last checked, in vain or not."""
        return self.tried_at or self.checked_at


@dataclass(frozen=True, slots=True)
class DsConfirmation:
    """What a user reported of the DS of a key."""

    report: DsReport
    at: datetime


@dataclass(frozen=True, slots=True)
class ServedSigning:
    """What a nameserver serves of a signed zone: the serial of its SOA, the tags of its DNSKEYs.

    `expires_at` is the expiration of the signature of its SOA; None: it serves the zone unsigned.
    """

    serial: int | None
    expires_at: datetime | None
    key_tags: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Signing:
    """What is known of the DNSSEC of a zone.

    `is_wanted`: the user wants it signed. `is_signed`: it is published signed. `signed_at`: since when every nameserver
    serves it signed. `confirmations` are the last reports of users of the DS of each key, by tag. `gone_since` and
    `gone_at` are the first and the decisive check without a DS, or the report of a user; `ds_ttl` is the highest TTL
    seen of a DS. `lacks_keys`: key files are missing; `is_stuck`: named does not publish its content. `reported` is
    what named was reported of the DS of each key, by tag. `own_parent` is the zone of this appliance that delegates it,
    `delegated` the DS that such a delegation has; `parent` is None until the zone that is the parent now was checked.
    """

    is_wanted: bool
    is_signed: bool
    since: datetime
    signed_at: datetime | None = None
    keys: Sequence[SigningKey] = ()
    parent: ParentCheck | None = None
    confirmations: Mapping[int, DsConfirmation] = field(default_factory=dict)
    gone_since: datetime | None = None
    gone_at: datetime | None = None
    ds_ttl: int = DEFAULT_DS_TTL
    served: Mapping[str, ServedSigning] = field(default_factory=dict)
    lacks_keys: bool = False
    is_stuck: bool = False
    roll_requested_at: datetime | None = None
    reported: Mapping[int, DsReport] = field(default_factory=dict)
    own_parent: ParentZone | None = None
    delegated: frozenset[Ds] = frozenset()

    @property
    def unsigned_from(self) -> datetime | None:
        """Return when no cache holds the DS any longer; None while it is not known to be gone."""
        return self.gone_at and self.gone_at + timedelta(seconds=self.ds_ttl)

    @property
    def expires_at(self) -> datetime | None:
        """Return when the first signature of an SOA expires at a nameserver."""
        return min((one.expires_at for one in self.served.values() if one.expires_at), default=None)


def file_name_length(domain: Name) -> int:
    """Return the length of the zone's name in the names of its key files, where a slash is written as `%2F`."""
    text = domain.to_text(omit_final_dot=True)
    return len(text) + 2 * text.count("/")


def state_of(signing: Signing, domain: Name, now: datetime) -> SigningState:
    """Return the state."""
    if not signing.is_signed:
        is_left = any(one.expires_at for one in signing.served.values())
        return SigningState.UNSIGNING if is_left else SigningState.UNSIGNED
    if not signing.is_wanted:
        return _state_of_removal(signing, now)
    if is_secured(signing, domain):
        return SigningState.ROLLING if is_rolling(signing) else SigningState.SECURED
    if signing.signed_at is None:
        return SigningState.SIGNING
    is_ready = any(key.is_ready and not _is_early(key, signing, now) for key in signing.keys)
    return SigningState.DS_READY if is_ready else SigningState.DS_WAIT


def _is_early(key: SigningKey, signing: Signing, now: datetime) -> bool:
    """Return True while caches may hold unsigned answers from before a zone was signed again with a key that it had.

    named takes such a key for one that everybody knows.
    """
    is_former = key.created_at < signing.since - timedelta(minutes=1)
    return is_former and signing.signed_at is not None and now < signing.signed_at + UNTIL_SIGNED_EVERYWHERE


def is_rolling(signing: Signing) -> bool:
    """Return True while a rollover replaces a key."""
    return len(signing.keys) > 1 and not all(key.is_wanted for key in signing.keys)


def is_secured(signing: Signing, domain: Name) -> bool:
    """Return True if every nameserver of the parent has a DS of a key of the zone, or a user reported one.

    One check without any DS does not refute the report: the second one does.
    """
    check, found = signing.parent, [signing.confirmations.get(key.tag) for key in signing.keys]
    reports = [one for one in found if one]
    if check is not None and check.ds is not None:
        if not check.ds.isdisjoint(own_ds(signing.keys, domain)):
            return True
        if check.anywhere or signing.gone_at:
            reports = [one for one in reports if one.at >= check.checked_at]
    return any(one.report is DsReport.PUBLISHED for one in reports)


def own_ds(keys: Iterable[SigningKey], domain: Name) -> frozenset[Ds]:
    """Return the DS records of these keys, in both digest types."""
    return frozenset(key.ds_of(domain, digest) for key in keys for digest in (SHA_256, SHA_384))


def may_unsign(signing: Signing, now: datetime) -> bool:
    """Return True if the zone may be published unsigned: its DS is gone, and no cache holds it.

    That must have been checked a moment ago, or reported by a user since turning it off.
    """
    until, check = signing.unsigned_from, signing.parent
    if signing.is_wanted or not signing.is_signed or signing.delegated or until is None or until > now:
        return False
    decided_at = max(signing.since, signing.gone_at or now)  # a report before that was refuted
    reports = (one for one in signing.confirmations.values() if one.at >= decided_at)
    if any(one.report is DsReport.WITHDRAWN for one in reports):
        return True
    is_recent = check is not None and now - BETWEEN_CHECKS <= check.checked_at <= now
    return check is not None and is_recent and check.ds is not None and not check.anywhere


def _state_of_removal(signing: Signing, now: datetime) -> SigningState:
    if signing.gone_at is None:
        return SigningState.DS_REMOVE
    return SigningState.UNSIGNING if may_unsign(signing, now) else SigningState.DS_EXPIRING
