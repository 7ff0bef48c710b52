"""Proof of ownership: why a zone is held instead of published, and what its owner can do about it; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import dns.name
from dns.name import Name

from appliance.zones.names import print_domain

CHALLENGE = dns.name.from_text("_dns-appliance-challenge", None)
"""The label of the TXT record that proves ownership, below the domain or a domain above it."""
MOST_CHALLENGED = 10
"""Domains at which a proof is looked for, from the zone's own upwards."""
MOST_OCTETS = 255
"""Octets of a name on the wire (RFC 1035 section 2.3.4)."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=15)
"""The pause after the first check of a zone, which doubles with each further one, and the longest pause."""


HELD_AT_MOST = timedelta(days=30)
"""How long an account may hold a domain; then the zone is deleted, so that nobody keeps that of somebody else."""


class Proof(StrEnum):
    """Which new zones need a proof of ownership: none, those whose domain is delegated here already, or every one."""

    OFF = "off"
    DELEGATED = "delegated"
    ALWAYS = "always"


class HoldReason(StrEnum):
    """Why a zone is held: nothing is known yet, its domain is delegated to the appliance, or every zone is."""

    UNCHECKED = "unchecked"
    DELEGATED = "delegated"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Hold:
    """A zone that is stored and not published until a TXT record with `token` proves its ownership.

    `problem` says why the last check, at `checked_at`, gave no result, and `checks` is the
    number of checks.
    """

    zone: UUID
    domain: Name
    token: str
    reason: HoldReason
    problem: str = ""
    checked_at: datetime | None = None
    checks: int = 0

    @property
    def challenge(self) -> Name:
        """Return the name of the TXT record."""
        return challenge_of(self.domain)

    @property
    def next_pause(self) -> timedelta:
        """Return the pause between the last check and the next one."""
        return min(FIRST_PAUSE * (1 << min(self.checks - 1, 20)), LONGEST_PAUSE)

    @property
    def text(self) -> str:
        """Return one sentence: why the zone is not published, and what publishes it."""
        domain, name = print_domain(self.domain), print_domain(self.challenge)
        record = f"the TXT record {name} with the value {self.token}"
        if self.reason is HoldReason.UNCHECKED:
            text = f"not published yet: the appliance is checking whether {domain} is delegated to its nameservers"
        elif self.reason is HoldReason.DELEGATED:
            text = (
                f"not published: {domain} was delegated to the nameservers of the appliance before its ownership was "
                f"proven; delegate it to other nameservers that answer {record}, or ask an operator to release it"
            )
        else:
            text = (
                f"not published: ownership of {domain} is not proven; create {record} at the nameservers that answer "
                "for it now, or ask an operator to release it"
            )
        return f"{text} (last check: {self.problem})" if self.problem else text


def challenge_of(domain: Name) -> Name:
    """Return the name of the TXT record that proves ownership of the domain."""
    return CHALLENGE.concatenate(domain)


def challenges(domain: Name, is_public_suffix: Callable[[str], bool]) -> list[Name]:
    """Return the names at which a proof counts: below the domain, or a domain above it that is no public suffix.

    Whoever controls a domain controls what it delegates (CA/Browser Forum Baseline Requirements, section 3.2.2.4).
    """
    found: list[Name] = []
    while len(domain.labels) > 2 and len(found) < MOST_CHALLENGED:
        if found and is_public_suffix(print_domain(domain)):
            break
        if sum(len(label) + 1 for label in (*CHALLENGE.labels, *domain.labels)) <= MOST_OCTETS:
            found.append(challenge_of(domain))
        domain = domain.parent()
    return found
