"""What follows from checks of the parent: one may be wrong, a failed one changes nothing, and named learns the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import dns.name
import pytest

from appliance.zones.parent_checks import MOST_DS, ParentFindings, after_check, may_roll, report_due
from appliance.zones.signing import (
    BETWEEN_CHECKS,
    DEFAULT_DS_TTL,
    SHA_384,
    Ds,
    DsConfirmation,
    DsReport,
    ParentCheck,
    Signing,
    SigningState,
    Timing,
    is_secured,
    may_unsign,
    state_of,
)
from tests.signing import AT, at_parent, key, signed

ZONE = dns.name.from_text("example.com")
OWN, NEW = key(0, Timing.OMNIPRESENT), key(1, Timing.RUMOURED)
RETIRED = key(0, Timing.UNRETENTIVE, is_wanted=False)
SECOND = AT + BETWEEN_CHECKS
LATER = SECOND + 3 * BETWEEN_CHECKS
SECURED = signed(OWN, parent=at_parent(ZONE, OWN))


def checked(known: Signing, *checks: ParentCheck) -> Signing:
    """Return what is known after these checks."""
    for check in checks:
        found = after_check(known, ZONE, check)
        known = replace(
            known, parent=found.parent, gone_since=found.gone_since, gone_at=found.gone_at, ds_ttl=found.ds_ttl
        )
    return known


def failed(*seen: ParentCheck) -> ParentCheck:
    """Return a check that some nameservers of the parent did not answer."""
    anywhere = frozenset(ds for one in seen for ds in one.anywhere)
    return ParentCheck("com", SECOND, None, anywhere, 0, "ns2.nic.com did not answer: timeout")


def test_one_check_without_a_ds_refutes_nothing_and_the_second_does() -> None:
    once = checked(SECURED, at_parent(ZONE, at=SECOND))
    assert is_secured(once, ZONE) and once.gone_since == SECOND and once.gone_at is None
    assert once.parent and once.parent.checked_at == AT and once.parent.last_at == SECOND
    soon = checked(once, at_parent(ZONE, at=SECOND + BETWEEN_CHECKS - timedelta(seconds=1)))
    assert is_secured(soon, ZONE), "two checks within ten minutes are one"
    twice = checked(soon, at_parent(ZONE, at=SECOND + BETWEEN_CHECKS))
    assert not is_secured(twice, ZONE) and twice.gone_at == SECOND + BETWEEN_CHECKS


def test_a_ds_between_two_checks_without_one_starts_again() -> None:
    known = checked(SECURED, at_parent(ZONE, at=SECOND), at_parent(ZONE, OWN, at=SECOND + BETWEEN_CHECKS))
    assert known.gone_since is None and is_secured(known, ZONE)
    assert checked(known, at_parent(ZONE, at=SECOND + 2 * BETWEEN_CHECKS)).gone_at is None


def test_a_failed_check_changes_nothing_but_the_problem() -> None:
    known = checked(SECURED, failed())
    assert is_secured(known, ZONE) and known.parent
    assert known.parent.problem and known.parent.last_at == SECOND and known.parent.ds == SECURED.parent.ds  # type: ignore[union-attr]
    leaving = checked(replace(SECURED, is_wanted=False), at_parent(ZONE, at=AT))
    assert leaving.gone_since == AT
    assert checked(leaving, failed()).gone_at is None and checked(leaving, failed()).gone_since == AT
    assert checked(known, at_parent(ZONE, OWN, at=SECOND)).parent == at_parent(ZONE, OWN, at=SECOND)


def test_a_failed_check_that_shows_a_ds_shows_that_it_is_not_gone() -> None:
    leaving = checked(replace(SECURED, is_wanted=False), at_parent(ZONE, at=AT), failed(at_parent(ZONE, OWN)))
    assert leaving.gone_since is None and leaving.parent and leaving.parent.anywhere


def test_failed_checks_that_show_other_ds_each_time_fill_nothing() -> None:
    known = replace(SECURED, is_wanted=False)
    for number in range(MOST_DS + 10):
        known = checked(known, replace(failed(), anywhere=frozenset({Ds(number, 13, 2, "ab")})))
    assert known.parent and len(known.parent.anywhere) == MOST_DS


def test_every_nameserver_of_the_parent_must_have_the_ds() -> None:
    some = replace(at_parent(ZONE, OWN), ds=frozenset())
    assert not is_secured(checked(signed(OWN), some), ZONE)
    assert state_of(checked(signed(OWN), some), ZONE, AT) is SigningState.DS_READY
    other_digest = replace(at_parent(ZONE, OWN), ds=frozenset({OWN.ds_of(ZONE, SHA_384)}))
    assert is_secured(checked(signed(OWN), other_digest), ZONE)
    assert not is_secured(checked(signed(OWN), at_parent(ZONE, NEW)), ZONE)


def test_a_report_of_a_user_holds_until_two_checks_or_another_ds_refute_it() -> None:
    reported = replace(signed(OWN), confirmations={OWN.tag: DsConfirmation(DsReport.PUBLISHED, AT)})
    assert is_secured(reported, ZONE) and is_secured(checked(reported, failed()), ZONE)
    once = checked(reported, at_parent(ZONE, at=SECOND))
    assert is_secured(once, ZONE)
    assert not is_secured(checked(once, at_parent(ZONE, at=SECOND + BETWEEN_CHECKS)), ZONE)
    assert not is_secured(checked(reported, at_parent(ZONE, NEW, at=SECOND)), ZONE)


def test_the_longest_ttl_of_a_ds_counts() -> None:
    assert checked(SECURED, at_parent(ZONE, OWN)).ds_ttl == DEFAULT_DS_TTL
    long = replace(at_parent(ZONE, OWN), ttl=2 * DEFAULT_DS_TTL)
    assert checked(SECURED, long, at_parent(ZONE, OWN), at_parent(ZONE)).ds_ttl == 2 * DEFAULT_DS_TTL


def test_a_zone_is_unsigned_after_two_checks_the_ttl_and_a_last_check() -> None:
    first, second = at_parent(ZONE, at=AT), at_parent(ZONE, at=SECOND)
    gone = checked(replace(SECURED, is_wanted=False), first, second)
    end = SECOND + timedelta(seconds=DEFAULT_DS_TTL)
    assert gone.unsigned_from == end
    assert not may_unsign(gone, end), "the last check is a day old"
    just_before = checked(gone, at_parent(ZONE, at=end - timedelta(seconds=1)))
    assert may_unsign(just_before, end) and not may_unsign(just_before, end - timedelta(seconds=1))
    assert not may_unsign(checked(gone, at_parent(ZONE, OWN, at=end)), end + timedelta(days=9))
    assert not may_unsign(checked(gone, replace(failed(), checked_at=end)), end), "a silent parent"
    assert not may_unsign(replace(just_before, is_wanted=True), end)


def test_without_a_resolver_the_report_of_a_user_and_the_ttl_decide() -> None:
    gone = replace(
        signed(OWN, is_wanted=False),
        gone_at=AT,
        confirmations={OWN.tag: DsConfirmation(DsReport.WITHDRAWN, AT)},
    )
    end = AT + timedelta(seconds=DEFAULT_DS_TTL)
    assert state_of(gone, ZONE, AT) is SigningState.DS_EXPIRING and not may_unsign(gone, end - timedelta(seconds=1))
    assert may_unsign(gone, end) and state_of(gone, ZONE, end) is SigningState.UNSIGNING
    assert not may_unsign(replace(gone, since=AT + timedelta(seconds=1)), end), "reported before it was turned off"


def test_named_learns_of_a_ds_once_and_again_if_it_has_forgotten() -> None:
    new = key(0, Timing.HIDDEN)
    known = signed(new, parent=at_parent(ZONE, new))
    assert report_due(new, known, ZONE, LATER) is DsReport.PUBLISHED
    assert report_due(new, signed(new, parent=at_parent(ZONE)), ZONE, LATER) is None
    noted = replace(known, reported={new.tag: DsReport.PUBLISHED})
    assert report_due(new, noted, ZONE, LATER) is DsReport.PUBLISHED, "the file with its state was lost"
    assert report_due(key(0, Timing.RUMOURED), noted, ZONE, LATER) is None
    withdrawn = replace(noted, is_wanted=False, confirmations={new.tag: DsConfirmation(DsReport.WITHDRAWN, SECOND)})
    assert report_due(key(0, Timing.RUMOURED), withdrawn, ZONE, LATER) is None, (
        "the key signs until the zone is unsigned"
    )


def test_in_a_rollover_named_learns_of_the_new_ds_and_then_that_the_former_is_gone() -> None:
    rolling = replace(signed(RETIRED, NEW, parent=at_parent(ZONE, RETIRED)), reported={RETIRED.tag: DsReport.PUBLISHED})
    both, new = at_parent(ZONE, RETIRED, NEW, at=SECOND), at_parent(ZONE, NEW, at=SECOND)
    assert state_of(rolling, ZONE, AT) is SigningState.ROLLING
    with_both = checked(rolling, both)
    assert [report_due(one, with_both, ZONE, LATER) for one in (RETIRED, NEW)] == [None, DsReport.PUBLISHED]
    early = key(1, Timing.HIDDEN)
    assert report_due(early, replace(with_both, keys=(RETIRED, early)), ZONE, LATER) is None
    once = checked(rolling, new)
    assert report_due(RETIRED, once, ZONE, LATER) is None, "one check is not enough"
    twice = checked(once, replace(new, checked_at=SECOND + BETWEEN_CHECKS))
    assert report_due(RETIRED, twice, ZONE, LATER) is DsReport.WITHDRAWN
    signs = key(0, Timing.OMNIPRESENT, is_wanted=False)
    assert report_due(signs, replace(twice, keys=(signs, NEW)), ZONE, LATER) is None, "named does not wait for it yet"
    some = replace(new, anywhere=both.anywhere, checked_at=SECOND + BETWEEN_CHECKS)
    assert report_due(RETIRED, checked(once, some), ZONE, LATER) is None, "one nameserver still has it"
    none = checked(rolling, at_parent(ZONE, at=SECOND), at_parent(ZONE, at=SECOND + BETWEEN_CHECKS))
    assert report_due(RETIRED, none, ZONE, LATER) is None, "a parent without the new DS says nothing of the former"


def test_a_higher_ttl_of_the_ds_holds_named_back_in_a_rollover() -> None:
    """It takes caches to hold the former DS for a day only, and would withdraw the key that they need."""
    longer = timedelta(days=2)
    both = replace(at_parent(ZONE, RETIRED, NEW), ttl=int(longer.total_seconds()))
    rolling = checked(signed(RETIRED, NEW, parent=at_parent(ZONE, RETIRED)), both)
    assert report_due(NEW, rolling, ZONE, AT + longer) is None, "some caches have the former DS alone"
    second = at_parent(ZONE, NEW, at=SECOND + BETWEEN_CHECKS)
    gone = checked(rolling, at_parent(ZONE, NEW, at=SECOND), second)
    since = gone.gone_at
    assert since == SECOND + BETWEEN_CHECKS
    safe = since + longer - timedelta(seconds=DEFAULT_DS_TTL)
    for one, expected in ((RETIRED, DsReport.WITHDRAWN), (NEW, DsReport.PUBLISHED)):
        assert report_due(one, gone, ZONE, safe - timedelta(seconds=1)) is None
        assert report_due(one, gone, ZONE, safe) is expected
    withdrawn = {RETIRED.tag: DsConfirmation(DsReport.WITHDRAWN, SECOND)}
    reported = replace(rolling, parent=None, confirmations=withdrawn)
    assert report_due(RETIRED, reported, ZONE, SECOND + timedelta(days=1) - timedelta(seconds=1)) is None
    assert report_due(RETIRED, reported, ZONE, SECOND + timedelta(days=1)) is DsReport.WITHDRAWN
    first = key(1, Timing.HIDDEN)
    alone = replace(checked(signed(first), replace(at_parent(ZONE, first), ttl=172_800)), ds_ttl=172_800)
    assert report_due(first, alone, ZONE, LATER) is DsReport.PUBLISHED, "no cache has another one"


def test_checks_of_a_rollover_do_not_count_after_it() -> None:
    rolled = checked(signed(RETIRED, NEW, parent=at_parent(ZONE, RETIRED)), at_parent(ZONE, NEW, at=AT))
    rolled = checked(rolled, at_parent(ZONE, NEW, at=SECOND))
    assert rolled.gone_at == SECOND
    ended = replace(rolled, keys=(NEW,))
    once = checked(ended, at_parent(ZONE, at=SECOND + BETWEEN_CHECKS))
    assert is_secured(once, ZONE) and once.gone_at is None


@pytest.mark.parametrize("timing", [Timing.HIDDEN, Timing.RUMOURED])
def test_a_rollover_waits_until_all_caches_have_the_key_and_its_ds(timing: Timing) -> None:
    requested = replace(SECURED, roll_requested_at=AT)
    assert may_roll(requested) == OWN and may_roll(SECURED) is None
    assert may_roll(replace(requested, keys=(replace(OWN, ds=timing),))) is None
    assert may_roll(replace(requested, keys=(replace(OWN, dnskey=timing),))) is None
    assert may_roll(replace(requested, keys=(RETIRED, NEW))) is None, "it has begun"


def test_what_is_found_is_what_is_stored() -> None:
    found = after_check(signed(OWN), ZONE, at_parent(ZONE, OWN))
    assert found == ParentFindings(at_parent(ZONE, OWN), None, None, DEFAULT_DS_TTL)


def test_a_report_that_a_check_has_refuted_replaces_no_last_check() -> None:
    reported = replace(
        signed(OWN, is_wanted=False), gone_at=AT, confirmations={OWN.tag: DsConfirmation(DsReport.WITHDRAWN, AT)}
    )
    again = checked(reported, at_parent(ZONE, OWN, at=SECOND))
    gone = checked(again, *(at_parent(ZONE, at=SECOND + number * BETWEEN_CHECKS) for number in (1, 2)))
    assert gone.gone_at and not may_unsign(gone, gone.gone_at + timedelta(days=2))
