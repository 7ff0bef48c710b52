"""Whatever users report and the parent answers, no zone is unsigned while a cache may hold its DS."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.errors import Conflict
from appliance.store import signing, zones
from appliance.zones.model import Zone
from appliance.zones.parent_checks import after_check
from appliance.zones.signing import BETWEEN_CHECKS, DEFAULT_DS_TTL, DsReport, ParentCheck, Timing
from tests.signing import at_parent, key, store_signing
from tests.signing import signed as signed_zone
from tests.workspace import Workspace

OWN, OTHER = key(0, Timing.RUMOURED), key(1)
EVERYWHERE, SOMEWHERE, FOREIGN, NOWHERE, SILENT, HALF_SILENT = range(6)
SHOWS_DS = (EVERYWHERE, SOMEWHERE, FOREIGN, HALF_SILENT)
TTLS = st.sampled_from([300, DEFAULT_DS_TTL, 2 * DEFAULT_DS_TTL])
PAUSES = st.sampled_from([1, 600, DEFAULT_DS_TTL - 600, DEFAULT_DS_TTL, 2 * DEFAULT_DS_TTL])
STEPS = st.one_of(
    st.tuples(st.just("check"), st.integers(EVERYWHERE, HALF_SILENT), TTLS),
    st.tuples(st.just("check"), st.just(NOWHERE), TTLS),
    st.tuples(st.just("check_twice"), st.sampled_from([599, 600]), st.none()),
    st.tuples(st.just("turn"), st.booleans(), st.none()),
    st.tuples(st.just("report"), st.sampled_from(DsReport), st.none()),
    st.tuples(st.just("pause"), PAUSES, st.none()),
)


class Story:
    """A signed zone, what users and its parent do, and when the DS was last seen, for how long caches may hold it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.editor = replace(workspace.editor, announce=lambda: None)
        zone = self.editor.create_zone(workspace.owner, f"{uuid4().hex}.example")
        self.editor.change_zone(workspace.owner, zone.uuid, {"dnssec": True})
        with workspace.store.writing():
            store_signing(zone, signed_zone(OWN))
        self.uuid = zone.uuid
        self.cached_until = datetime.min.replace(tzinfo=workspace.clock().tzinfo)
        self.turned_at, self.without = workspace.clock(), list[datetime]()
        self.is_reported = False

    @property
    def zone(self) -> Zone:
        """The zone as it is stored now."""
        return zones.get_any(self.uuid)

    def check(self, kind: int, ttl: int) -> None:
        """Check the parent, and store what follows, as the deployer does."""
        now, zone, known = self.workspace.clock(), self.zone, signing.get(self.zone)
        assert known
        check = parent_check(zone, kind, ttl, now)
        if kind in SHOWS_DS:
            self.cached_until, self.without, self.is_reported = now + timedelta(seconds=ttl), [], False
        elif kind == NOWHERE:
            self.without.append(now)
        with self.workspace.store.writing():
            signing.store_findings(self.uuid, after_check(known, zone.name, check))

    def check_twice(self, seconds: int, _: None) -> None:
        """Check a parent without a DS twice."""
        self.check(NOWHERE, 0)
        self.pause(seconds, None)
        self.check(NOWHERE, 0)

    def turn(self, wanted: bool, _: None) -> None:
        """Turn DNSSEC on or off."""
        if wanted != self.zone.dnssec:
            self.turned_at, self.without, self.is_reported = self.workspace.clock(), [], False
        with suppress(Conflict):
            self.editor.change_zone(self.workspace.owner, self.uuid, {"dnssec": wanted})

    def report(self, report: DsReport, _: None) -> None:
        """Report the DS as a user, if that is accepted."""
        with suppress(Conflict):
            self.editor.confirm_ds(self.workspace.owner, self.uuid, report)
            self.is_reported = report is DsReport.WITHDRAWN

    def pause(self, seconds: int, _: None) -> None:
        """Let time pass."""
        self.workspace.clock.forward(seconds=seconds)

    def is_unsigned(self) -> bool:
        """Let the deployer unsign the zone if it may; return True if it did."""
        return self.editor.unsign_zone(self.uuid, None)


def parent_check(zone: Zone, kind: int, ttl: int, now: datetime) -> ParentCheck:
    """Return what the nameservers of the parent answer."""
    own = replace(at_parent(zone.name, OWN, at=now), ttl=ttl)
    checks = {
        EVERYWHERE: own,
        SOMEWHERE: replace(own, ds=frozenset()),
        FOREIGN: replace(at_parent(zone.name, OTHER, at=now), ttl=ttl),
        NOWHERE: at_parent(zone.name, at=now),
        SILENT: ParentCheck("", now, problem="the resolver did not answer"),
        HALF_SILENT: replace(own, ds=None, problem="ns2.nic.com did not answer"),
    }
    return checks[kind]


def test_a_zone_is_unsigned_only_when_no_cache_holds_its_ds(workspace: Workspace) -> None:
    outcomes = set[bool]()

    @settings(max_examples=80)
    @example([("pause", 1, None)])
    @example([("check_twice", 600, None), ("pause", DEFAULT_DS_TTL, None), ("check", NOWHERE, 300)])
    @given(st.lists(STEPS, min_size=4, max_size=20))
    def tell(steps: Sequence[tuple[str, int, None]]) -> None:
        story = Story(workspace)
        outcomes.add(any(_is_unsigned_after(story, *step) for step in [("turn", False, None), *steps]))

    tell()
    assert outcomes == {False, True}, "the two examples end differently"


def _is_unsigned_after(story: Story, step: str, *arguments: object) -> bool:
    """Do one step; return True if the zone is unsigned then, which must be safe."""
    getattr(story, step)(*arguments)
    if not story.is_unsigned():
        return False
    now = story.workspace.clock()
    assert not story.zone.dnssec, "its user wants it signed"
    assert story.cached_until <= now
    assert now >= story.turned_at + timedelta(seconds=DEFAULT_DS_TTL)
    decided = len(story.without) > 1 and story.without[-1] - story.without[0] >= BETWEEN_CHECKS
    assert story.is_reported or (decided and now - story.without[-1] <= BETWEEN_CHECKS)
    return True


def test_the_steps_that_are_needed_are_enough(workspace: Workspace) -> None:
    story = Story(workspace)
    story.turn(False, None)
    for pause in (1, 600, DEFAULT_DS_TTL):
        assert not story.is_unsigned()
        story.pause(pause, None)
        story.check(NOWHERE, 0)
    before = story.zone
    assert story.is_unsigned()
    assert not story.zone.signed and story.zone.serial > before.serial
    assert workspace.journal()[-1] == ("zone.dnssec", story.zone.serial)
    assert not story.is_unsigned(), "once"


def test_the_serial_of_an_unsigned_zone_is_later_than_every_signed_one(workspace: Workspace) -> None:
    story = Story(workspace)
    story.turn(False, None)
    story.report(DsReport.WITHDRAWN, None)
    story.pause(DEFAULT_DS_TTL, None)
    served = story.zone.serial + 40_000
    with workspace.store.writing():
        signing.store_signed_serial(story.uuid, served - 1)
    assert workspace.editor.unsign_zone(story.uuid, served)
    assert story.zone.serial == served + 2, "named may have signed once more"
