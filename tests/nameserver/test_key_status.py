"""The reply of `rndc dnssec -status`, as BIND 9.18.49 and 9.20.30 give it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from appliance.nameserver.key_status import KeyStatus, parse_key_status
from appliance.zones.signing import Timing

HEAD = "dnssec-policy: appliance\ncurrent time:  Fri Nov 27 18:16:23 2026\n"
SIGNED = f"""{HEAD}
key: 41981 (ECDSAP256SHA256), CSK
  published:      yes - since Fri Nov 27 18:16:21 2026
  key signing:    yes - since Fri Nov 27 18:16:21 2026
  zone signing:   yes - since Fri Nov 27 18:16:21 2026

  No rollover scheduled
  - goal:           omnipresent
  - dnskey:         omnipresent
  - ds:             rumoured
  - zone rrsig:     rumoured
  - key rrsig:      omnipresent
"""
NEW = """
key: 33747 (ECDSAP256SHA256), CSK
  published:      yes - since Fri Nov  6 18:16:22 2026
  key signing:    yes - since Fri Nov  6 18:16:22 2026
  zone signing:   no  - scheduled Fri Nov 27 20:31:22 2026

  No rollover scheduled
  - goal:           omnipresent
  - dnskey:         rumoured
  - ds:             hidden
  - zone rrsig:     hidden
  - key rrsig:      rumoured
"""
RETIRED_9_20 = """
key: 10322 (ECDSAP256SHA256), CSK
  published:      yes - since Fri Nov 27 18:16:59 2026
  key signing:    yes - since Fri Nov 27 18:16:59 2026
  zone signing:   yes - since Fri Nov 27 18:16:59 2026

  Key will retire on Fri Nov 27 20:32:01 2026
  - goal:           hidden
  - dnskey:         omnipresent
  - ds:             unretentive
  - zone rrsig:     unretentive
  - key rrsig:      omnipresent
"""
LEAVING_9_18 = """
key: 41981 (ECDSAP256SHA256), CSK
  published:      no
  key signing:    no
  zone signing:   no

  Key has been removed from the zone
  - goal:           hidden
  - dnskey:         unretentive
  - ds:             unretentive
  - zone rrsig:     unretentive
  - key rrsig:      unretentive
"""
REMOVED = LEAVING_9_18.replace("unretentive", "hidden")


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The local time of Tokyo, in which named prints times there."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_a_signed_zone() -> None:
    (key,) = parse_key_status(SIGNED)
    since = datetime(2026, 11, 27, 18, 16, 21).astimezone(UTC)
    assert key == KeyStatus(41981, "ECDSAP256SHA256", True, Timing.OMNIPRESENT, Timing.RUMOURED, since)
    assert not key.is_removed


def test_times_are_local(far_east: None) -> None:
    (key,) = parse_key_status(SIGNED)
    assert key.published_at == datetime(2026, 11, 27, 9, 16, 21, tzinfo=UTC)


def test_a_rollover() -> None:
    retired, new = parse_key_status(HEAD + RETIRED_9_20 + NEW)
    assert (retired.tag, retired.is_wanted, retired.dnskey, retired.ds) == (
        10322,
        False,
        Timing.OMNIPRESENT,
        Timing.UNRETENTIVE,
    )
    assert (new.tag, new.is_wanted, new.dnskey, new.ds) == (33747, True, Timing.RUMOURED, Timing.HIDDEN)
    assert new.published_at == datetime(2026, 11, 6, 18, 16, 22).astimezone(UTC)
    assert not retired.is_removed and not new.is_removed


def test_a_key_that_leaves_and_one_that_has_left() -> None:
    leaving, new = parse_key_status(HEAD + LEAVING_9_18 + NEW)
    assert not leaving.is_removed and not leaving.is_wanted and leaving.published_at is None
    removed, _ = parse_key_status(HEAD + REMOVED + NEW)
    assert removed.is_removed and not new.is_removed


@pytest.mark.parametrize("text", [HEAD, "", "zone has no dnssec-policy", "key: x (RSA), CSK\n"])
def test_without_key_files_there_are_no_keys(text: str) -> None:
    assert parse_key_status(text) == []


def test_a_state_that_is_missing_is_hidden() -> None:
    (key,) = parse_key_status("key: 7 (ECDSAP256SHA256), CSK\n  published:      no\n  - goal:           omnipresent\n")
    assert (key.dnskey, key.ds, key.published_at) == (Timing.HIDDEN, Timing.HIDDEN, None)
