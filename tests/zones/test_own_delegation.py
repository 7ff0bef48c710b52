"""The DS that the delegation by a zone of the appliance has: when it comes, is exchanged, and goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import dns.name
import pytest

from appliance.zones.own_delegation import ds_to_delegate, is_delegated
from appliance.zones.signing import (
    UNTIL_SIGNED_EVERYWHERE,
    Ds,
    ServedSigning,
    Signing,
    SigningKey,
    Timing,
    may_unsign,
)
from tests.signing import AT, at_parent, key, signed

ZONE = dns.name.from_text("sub.example.com.")
WAITING, READY = key(), key(ds=Timing.RUMOURED)
FORMER, NEW, NEW_READY = key(is_wanted=False, ds=Timing.OMNIPRESENT), key(1), key(1, ds=Timing.RUMOURED)
LATER = AT + UNTIL_SIGNED_EVERYWHERE


def ds(*keys: SigningKey) -> frozenset[Ds]:
    return frozenset(one.ds_of(ZONE) for one in keys)


def served(known: Signing, *of_each: tuple[SigningKey, ...]) -> Signing:
    """Return it with nameservers that serve these keys."""
    shown = {
        f"ns{number}": ServedSigning(1, AT + timedelta(days=30), frozenset(one.tag for one in keys))
        for number, keys in enumerate(of_each)
    }
    return replace(known, served=shown)


def test_the_first_ds_waits_for_named_for_caches_and_for_every_nameserver() -> None:
    ready = served(signed(READY), (READY,), (READY,))
    assert ds_to_delegate(ready, ZONE, LATER) == ds(READY)
    assert ds_to_delegate(ready, ZONE, LATER - timedelta(seconds=1)) == frozenset()
    assert ds_to_delegate(served(signed(WAITING), (WAITING,), (WAITING,)), ZONE, LATER) == frozenset()
    assert ds_to_delegate(served(signed(READY), (READY,), ()), ZONE, LATER) == frozenset()
    assert ds_to_delegate(served(signed(READY, signed_at=None), (READY,), (READY,)), ZONE, LATER) == frozenset()


@pytest.mark.parametrize("known", [signed(WAITING), signed(READY, signed_at=None), signed(READY)])
def test_a_ds_stays_while_the_zone_is_to_be_signed(known: Signing) -> None:
    assert ds_to_delegate(replace(known, delegated=ds(READY)), ZONE, AT) == ds(READY)


def test_a_rollover_exchanges_the_ds_in_one_change() -> None:
    both = (FORMER, NEW)
    begun = served(replace(signed(*both), delegated=ds(FORMER)), both, both)
    secured = replace(begun, parent=at_parent(ZONE, FORMER))
    assert ds_to_delegate(secured, ZONE, LATER) == ds(FORMER)
    ready = replace(secured, keys=(FORMER, NEW_READY))
    assert ds_to_delegate(ready, ZONE, LATER) == ds(NEW)
    assert ds_to_delegate(served(ready, both, (FORMER,)), ZONE, LATER) == ds(FORMER)


def test_turned_off_the_ds_goes_at_once_and_the_zone_is_signed_until_then() -> None:
    gone = timedelta(days=1)
    off = replace(
        signed(READY, is_wanted=False, parent=at_parent(ZONE, at=AT + gone)),
        delegated=ds(READY),
        gone_since=AT,
        gone_at=AT,
    )
    assert ds_to_delegate(off, ZONE, AT) == frozenset()
    assert not may_unsign(off, AT + gone)
    assert may_unsign(replace(off, delegated=frozenset()), AT + gone)


def test_a_ds_is_delegated_when_every_nameserver_has_it_and_no_other() -> None:
    known = replace(signed(READY), delegated=ds(READY))
    assert is_delegated(known, at_parent(ZONE, READY))
    assert not is_delegated(known, at_parent(ZONE))
    assert not is_delegated(known, replace(at_parent(ZONE, READY), anywhere=ds(READY, NEW)))
    assert not is_delegated(known, replace(at_parent(ZONE, READY), ds=None))
    assert is_delegated(replace(known, delegated=frozenset()), at_parent(ZONE))
