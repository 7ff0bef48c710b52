"""What the DNSSEC page lists of keys: what to do with each DS, and which reports it offers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import dns.name
import pytest

from appliance.console.dnssec_rows import ReportButton, ds_rows, report_buttons
from appliance.zones.signing import SHA_384, DsConfirmation, DsReport, ParentCheck, Signing, Timing
from tests.signing import AT, at_parent, key, signed

ZONE = dns.name.from_text("example.com.")
LATER = AT + timedelta(hours=1)
PUBLISHED, WITHDRAWN = DsReport.PUBLISHED, DsReport.WITHDRAWN
WAITING, READY = key(), key(ds=Timing.RUMOURED)
FORMER, COMING, NEW = key(ds=Timing.OMNIPRESENT, is_wanted=False), key(1), key(1, Timing.RUMOURED)


def confirmed(known: Signing, **reports: DsReport) -> Signing:
    """Return it with reports about keys by tag, such as `k123=PUBLISHED`."""
    return replace(known, confirmations={int(tag[1:]): DsConfirmation(report, AT) for tag, report in reports.items()})


def badges(known: Signing) -> list[str]:
    """Return the badges of the DS records with SHA-256 by key."""
    return [row.badge[1] for row in ds_rows(known, ZONE, LATER)][: len(known.keys)]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (signed(), []),
        (signed(WAITING, signed_at=None), ["not yet"]),
        (signed(WAITING), ["not yet"]),
        (signed(READY), ["to add"]),
        (confirmed(signed(READY), **{f"k{READY.tag}": PUBLISHED}), ["confirmed"]),
        (signed(READY, parent=at_parent(ZONE)), ["to add"]),
        (signed(READY, parent=replace(at_parent(ZONE, READY), ds=None)), ["not at every nameserver"]),
        (signed(READY, parent=at_parent(ZONE, READY)), ["at the parent"]),
        (signed(FORMER, COMING, parent=at_parent(ZONE, FORMER)), ["", "at the parent"]),
        (signed(FORMER, NEW, parent=at_parent(ZONE, FORMER)), ["to add", "to replace"]),
        (signed(FORMER, NEW, parent=at_parent(ZONE, FORMER, NEW)), ["at the parent", "to remove"]),
        (signed(READY, parent=at_parent(ZONE, READY), is_wanted=False), ["to remove"]),
        (signed(READY, parent=at_parent(ZONE), is_wanted=False), [""]),
        (replace(signed(READY, is_wanted=False), is_signed=False), [""]),
    ],
)
def test_each_ds_says_what_to_do_with_it(known: Signing, expected: list[str]) -> None:
    assert badges(known) == expected


def test_a_ds_of_either_digest_type_secures_the_zone() -> None:
    ds = READY.ds_of(ZONE, SHA_384)
    parent = ParentCheck("com", AT, frozenset({ds}), frozenset({ds}))
    rows = ds_rows(signed(READY, parent=parent), ZONE, LATER)
    assert [(row.digest_name, row.badge[1]) for row in rows] == [("SHA-256", ""), ("SHA-384", "at the parent")]
    assert rows[1].ds == ds and rows[1].line == ds.line(ZONE) and rows[1].algorithm_name == "ECDSAP256SHA256"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (signed(WAITING), []),
        (signed(READY), [ReportButton(PUBLISHED, READY.tag)]),
        (signed(READY, parent=at_parent(ZONE)), [ReportButton(PUBLISHED, READY.tag)]),
        (signed(READY, parent=at_parent(ZONE, READY)), []),
        (signed(READY, is_wanted=False), [ReportButton(WITHDRAWN, None)]),
        (replace(signed(READY, is_wanted=False), gone_at=AT, ds_ttl=3600), []),
        (replace(signed(READY, is_wanted=False), gone_at=AT, ds_ttl=-1), [ReportButton(WITHDRAWN, None)]),
        (confirmed(signed(FORMER, COMING), **{f"k{FORMER.tag}": PUBLISHED}), []),
        (confirmed(signed(FORMER, NEW), **{f"k{FORMER.tag}": PUBLISHED}), [ReportButton(PUBLISHED, NEW.tag)]),
        (signed(FORMER, NEW, parent=at_parent(ZONE, FORMER)), [ReportButton(PUBLISHED, NEW.tag)]),
        (confirmed(signed(FORMER, NEW), **{f"k{NEW.tag}": PUBLISHED}), [ReportButton(WITHDRAWN, FORMER.tag)]),
        (
            confirmed(signed(FORMER, NEW), **{f"k{NEW.tag}": PUBLISHED, f"k{FORMER.tag}": WITHDRAWN}),
            [],
        ),
        (signed(FORMER, NEW, parent=at_parent(ZONE, NEW)), []),
    ],
)
def test_the_reports_that_the_state_waits_for_are_offered(known: Signing, expected: list[ReportButton]) -> None:
    assert report_buttons(known, ZONE, LATER) == expected


@pytest.mark.parametrize(
    "known",
    [
        signed(READY, parent=at_parent(ZONE, READY), is_wanted=False),
        signed(FORMER, NEW, parent=at_parent(ZONE, FORMER, NEW)),
    ],
)
def test_a_ds_that_the_parent_still_has_is_not_reported_as_gone(known: Signing) -> None:
    (button,) = report_buttons(known, ZONE, LATER)
    assert (
        button.report is WITHDRAWN and "a nameserver of com still had the DS at 2031-05-04T12:00:00Z" in button.refusal
    )
