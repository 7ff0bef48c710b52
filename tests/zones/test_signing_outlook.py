"""What comes next in the DNSSEC of a zone, and which DS the parent should have, by state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import dns.name

from appliance.zones.signing import (
    DEFAULT_DS_TTL,
    DsConfirmation,
    DsReport,
    ServedSigning,
    Signing,
    SigningState,
    Timing,
    state_of,
)
from appliance.zones.signing_outlook import (
    KeyState,
    NextStep,
    ds_to_publish,
    is_at_parent,
    key_state,
    next_step,
    parent_agrees,
)
from appliance.zones.zone_cuts import ParentZone
from tests.signing import AT, at_parent, key, signed

ZONE = dns.name.from_text("example.com.")
HOUR = timedelta(hours=1)
WAITING, READY = key(), key(ds=Timing.RUMOURED)
FORMER, NEW, NEW_READY = key(is_wanted=False, ds=Timing.OMNIPRESENT), key(1), key(1, ds=Timing.RUMOURED)


def _what(known: Signing, state: SigningState) -> str:
    assert state_of(known, ZONE, AT) is state
    step = next_step(known, ZONE, AT)
    assert step is None or step.at is None or step.at >= AT
    return step.what if step else ""


def test_until_a_zone_is_secured_the_user_gets_a_ds_only_when_caches_may_have_it() -> None:
    assert next_step(Signing(is_wanted=False, is_signed=False, since=AT), ZONE, AT) is None
    assert _what(signed(WAITING, signed_at=None), SigningState.SIGNING) == "every nameserver serves the zone signed"
    waiting = signed(WAITING)
    assert state_of(waiting, ZONE, AT) is SigningState.DS_WAIT and ds_to_publish(waiting, ZONE, AT) == []
    assert next_step(waiting, ZONE, AT) == NextStep(
        "caches forget unsigned answers", AT + timedelta(hours=25, minutes=15)
    )
    late = next_step(waiting, ZONE, AT + timedelta(days=2))
    assert late == NextStep("caches forget unsigned answers"), "named decides by its own clock"
    ready = signed(READY, parent=at_parent(ZONE))
    assert _what(ready, SigningState.DS_READY) == "DS at the registrar"
    assert ds_to_publish(ready, ZONE, AT) == [READY.ds_of(ZONE)]
    assert is_at_parent(ready, READY.ds_of(ZONE)) is False and not parent_agrees(ready, ZONE)
    secured = signed(READY, parent=at_parent(ZONE, READY))
    assert _what(secured, SigningState.SECURED) == ""
    assert is_at_parent(secured, READY.ds_of(ZONE)) and parent_agrees(secured, ZONE)
    early = signed(WAITING, parent=at_parent(ZONE, WAITING))
    assert ds_to_publish(early, ZONE, AT) == [WAITING.ds_of(ZONE)], "a DS that is there already stays"


def test_in_a_parent_zone_of_the_appliance_the_user_changes_nothing() -> None:
    parent = ParentZone(dns.name.from_text("com."), UUID(int=1), signed=False)
    ready = replace(signed(READY), own_parent=parent)
    by_itself = "in com, which the appliance changes by itself"
    assert next_step(ready, ZONE, AT) == NextStep(f"DS {by_itself}", AT + timedelta(hours=25, minutes=15))
    secured = replace(ready, parent=at_parent(ZONE, READY))
    assert _what(secured, SigningState.SECURED) == "DNSSEC of com, without which no resolver validates the zone"
    assert next_step(replace(secured, own_parent=replace(parent, signed=True)), ZONE, AT) is None
    off = replace(secured, is_wanted=False)
    assert _what(off, SigningState.DS_REMOVE) == f"removal of the DS {by_itself}"


def test_what_the_parent_has_is_open_until_all_its_nameservers_answered() -> None:
    unknown = replace(at_parent(ZONE, READY), ds=None, problem="a.gtld.example did not answer")
    for known in (signed(READY), signed(READY, parent=unknown)):
        assert is_at_parent(known, READY.ds_of(ZONE)) is None
        assert not parent_agrees(known, ZONE)


def test_a_rollover_exchanges_the_ds_when_caches_have_the_new_key() -> None:
    secured = at_parent(ZONE, FORMER)
    requested = replace(signed(READY, parent=at_parent(ZONE, READY)), roll_requested_at=AT)
    assert _what(requested, SigningState.SECURED) == "the rollover begins"
    begun = signed(FORMER, NEW, parent=secured)
    assert next_step(begun, ZONE, AT) == NextStep("caches have the new key", AT + timedelta(hours=2, minutes=15))
    assert ds_to_publish(begun, ZONE, AT) == [FORMER.ds_of(ZONE)]
    assert [key_state(one, begun) for one in begun.keys] == [KeyState.RETIRED, KeyState.PUBLISHED]
    ready = signed(FORMER, NEW_READY, parent=secured)
    wanted = f"DS of key {NEW.tag} at the registrar, in place of that of key {FORMER.tag}"
    assert _what(ready, SigningState.ROLLING) == wanted
    assert ds_to_publish(ready, ZONE, AT) == [NEW.ds_of(ZONE)]
    assert [key_state(one, ready) for one in ready.keys] == [KeyState.RETIRED, KeyState.ACTIVE]
    both = signed(FORMER, NEW_READY, parent=at_parent(ZONE, FORMER, NEW))
    assert _what(both, SigningState.ROLLING) == f"removal of the DS of key {FORMER.tag} at the registrar"
    moved = signed(FORMER, NEW_READY, parent=at_parent(ZONE, NEW))
    eleven_days = AT + timedelta(days=11, hours=5, minutes=45)
    assert next_step(moved, ZONE, AT) == NextStep("caches forget the former key", eleven_days), "signatures are renewed"
    gone_at = AT + timedelta(days=10)
    late = replace(moved, gone_at=gone_at, ds_ttl=2 * DEFAULT_DS_TTL)
    step = next_step(late, ZONE, AT)
    assert step and step.at == gone_at + timedelta(days=2, hours=4, minutes=15), "after the DS and the key"


def test_without_a_resolver_a_rollover_goes_by_what_users_report_of_each_key() -> None:
    published, withdrawn = DsConfirmation(DsReport.PUBLISHED, AT), DsConfirmation(DsReport.WITHDRAWN, AT)
    begun = replace(signed(FORMER, NEW_READY), confirmations={FORMER.tag: published})
    assert _what(begun, SigningState.ROLLING).startswith(f"DS of key {NEW.tag}")
    both = replace(begun, confirmations={FORMER.tag: published, NEW.tag: published})
    assert _what(both, SigningState.ROLLING) == f"removal of the DS of key {FORMER.tag} at the registrar"
    moved = replace(begun, confirmations={FORMER.tag: withdrawn, NEW.tag: published})
    assert _what(moved, SigningState.ROLLING) == "caches forget the former key"


def test_off_waits_for_the_parent_and_then_for_caches() -> None:
    off = signed(READY, parent=at_parent(ZONE, READY), is_wanted=False)
    assert _what(off, SigningState.DS_REMOVE) == "removal of the DS at the registrar"
    assert not parent_agrees(off, ZONE) and ds_to_publish(off, ZONE, AT) == []
    gone = replace(off, parent=at_parent(ZONE), gone_since=AT)
    assert next_step(gone, ZONE, AT) == NextStep(
        "a second check of the parent without a DS", AT + timedelta(minutes=10)
    )
    assert parent_agrees(gone, ZONE)
    expiring = replace(gone, gone_at=AT, ds_ttl=3600)
    assert next_step(expiring, ZONE, AT) == NextStep("caches forget the DS", AT + HOUR)
    stale = replace(expiring, parent=at_parent(ZONE, at=AT - HOUR))
    assert next_step(stale, ZONE, AT + 2 * HOUR) == NextStep("a check of the parent without a DS")
    overdue = NextStep("a check of the parent without a DS, or a report that it is gone")
    assert next_step(stale, ZONE, AT + 3 * HOUR) == overdue
    unsigning = replace(expiring, is_signed=False, served={"ns1": ServedSigning(1, AT + HOUR)})
    assert _what(unsigning, SigningState.UNSIGNING) == "every nameserver serves the zone unsigned"
