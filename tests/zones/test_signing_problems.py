"""The problems of a signed zone: keys of others, keys that are not known yet, and signatures that expire."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import dns.name
import pytest

from appliance.zones.signing import ServedSigning, Signing, SigningProblem
from appliance.zones.signing_problems import problems_of
from tests.signing import AT, key, signed

DOMAIN = dns.name.from_text("example.com")
KEY, OTHER = replace(key(0), backed_up_at=AT), key(1)


def served(known: Signing, *tags: Collection[int], days: float = 30) -> Signing:
    """Return the same with nameservers that serve keys with these tags."""
    expires_at = AT + timedelta(days=days)
    rows = {f"ns{number}": ServedSigning(1, expires_at, frozenset(row)) for number, row in enumerate(tags)}
    return replace(known, served=rows)


@pytest.mark.parametrize(
    ("known", "tags", "expected"),
    [
        (signed(KEY), ([KEY.tag], [KEY.tag]), []),
        (signed(KEY), ([KEY.tag], [OTHER.tag]), [SigningProblem.KEYS_DIFFER]),
        (signed(KEY), ([KEY.tag, OTHER.tag], []), []),
        (signed(), ([KEY.tag], [KEY.tag]), []),
        (replace(signed(KEY), is_signed=False), ([OTHER.tag], []), []),
    ],
    ids=["its own", "other at one nameserver", "more than its own", "not known yet", "no longer signed"],
)
def test_keys_differ_once_those_of_the_zone_are_known(
    known: Signing, tags: tuple[list[int], ...], expected: list[SigningProblem]
) -> None:
    assert problems_of(served(known, *tags), DOMAIN, AT) == expected


@pytest.mark.parametrize(("days", "expected"), [(10, []), (9.999, [SigningProblem.SIGNATURES_OLD])])
def test_signatures_are_old_ten_days_before_they_expire(days: float, expected: list[SigningProblem]) -> None:
    assert problems_of(served(signed(KEY), [KEY.tag], days=days), DOMAIN, AT) == expected
