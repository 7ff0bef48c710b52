"""A warning: something in a zone that is valid and probably not intended."""

from __future__ import annotations

from dataclasses import dataclass

from dns.name import Name

WILDCARD_SHADOWED = "wildcard-shadowed"
TARGET_WITHOUT_ADDRESS = "target-without-address"
TARGET_IS_ALIAS = "target-is-alias"
CNAME_CHAIN = "cname-chain"
SPF_TWICE = "spf-twice"
MX_WITHOUT_DMARC = "mx-without-dmarc"
SPF_WITHOUT_DMARC = "spf-without-dmarc"
FOREIGN_NS = "foreign-ns"
NS_WITHOUT_ADDRESS = "ns-without-address"
SINGLE_ADDRESS_NS = "single-address-ns"
NS_TTL_LOW = "ns-ttl-low"
OCCLUDED = "occluded"
PASSED_OVER = "passed-over"

CODES = (
    WILDCARD_SHADOWED,
    TARGET_WITHOUT_ADDRESS,
    TARGET_IS_ALIAS,
    CNAME_CHAIN,
    SPF_TWICE,
    MX_WITHOUT_DMARC,
    SPF_WITHOUT_DMARC,
    FOREIGN_NS,
    NS_WITHOUT_ADDRESS,
    SINGLE_ADDRESS_NS,
    NS_TTL_LOW,
    OCCLUDED,
    PASSED_OVER,
)


@dataclass(frozen=True, slots=True)
class ZoneWarning:
    """One warning: its code, the owner that it concerns, what is wrong, and what to do."""

    code: str
    name: Name
    detail: str
    remedy: str
