"""The stages of a rollout: which event leads where, and which stages hold a name."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from appliance.deploy.rollout import FINAL, HOLDING, TRANSITIONS, Rollout, RolloutEvent, Stage
from tests.deploy.builders import name, zone_status

ZONE = name("example.com")


@pytest.mark.parametrize(
    ("events", "stage"),
    [
        ([], Stage.COMPILING),
        ([RolloutEvent.REFUSED], Stage.FAILED),
        ([RolloutEvent.HANDED_OVER], Stage.LOADING),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.PRIMARY_SERVES], Stage.AWAITING_CATALOG),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.PRIMARY_SERVES, RolloutEvent.COMPLETE], Stage.LIVE),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.PRIMARY_SERVES, RolloutEvent.LISTED], Stage.AWAITING_SECONDARIES),
        (
            [RolloutEvent.HANDED_OVER, RolloutEvent.PRIMARY_SERVES, RolloutEvent.LISTED, RolloutEvent.COMPLETE],
            Stage.LIVE,
        ),
        (
            [RolloutEvent.HANDED_OVER, RolloutEvent.PRIMARY_SERVES, RolloutEvent.LISTED, RolloutEvent.OVERDUE],
            Stage.FAILED,
        ),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.AHEAD], Stage.FAILED),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.OVERDUE], Stage.FAILED),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.NOT_LOADED], Stage.RESTORING),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.NOT_LOADED, RolloutEvent.RESTORED], Stage.FAILED),
    ],
)
def test_the_stages_of_new_content(events: list[RolloutEvent], stage: Stage) -> None:
    rollout = Rollout(ZONE)
    rollout.request(zone_status())
    rollout.start()
    for event in events:
        rollout.advance(event)
    assert rollout.stage is stage


@pytest.mark.parametrize(
    ("events", "stage"),
    [
        ([], Stage.WITHDRAWING),
        ([RolloutEvent.REFUSED], Stage.FAILED),
        ([RolloutEvent.WITHDRAWN], Stage.AWAITING_REMOVAL),
        ([RolloutEvent.WITHDRAWN, RolloutEvent.COMPLETE], Stage.REMOVED),
        ([RolloutEvent.WITHDRAWN, RolloutEvent.OVERDUE], Stage.FAILED),
    ],
)
def test_the_stages_of_a_removal(events: list[RolloutEvent], stage: Stage) -> None:
    rollout = Rollout(ZONE)
    rollout.request(zone_status(deleted=True))
    rollout.start()
    for event in events:
        rollout.advance(event)
    assert rollout.stage is stage


@pytest.mark.parametrize(("stage", "event"), list(itertools.product(Stage, RolloutEvent)))
def test_an_event_that_a_stage_does_not_name_changes_nothing(stage: Stage, event: RolloutEvent) -> None:
    rollout = Rollout(ZONE, stage)
    rollout.advance(event)
    assert rollout.stage is TRANSITIONS.get((stage, event), stage)


def test_every_stage_is_reached_and_every_stage_but_a_final_one_is_left() -> None:
    assert {Stage.PENDING, *TRANSITIONS.values()} == set(Stage)
    assert {stage for stage, _ in TRANSITIONS} == set(Stage) - FINAL


@pytest.mark.parametrize("stage", sorted(HOLDING))
def test_newer_content_waits_until_the_name_is_free(stage: Stage) -> None:
    newer = zone_status(serial=8)
    rollout = Rollout(ZONE, stage)
    rollout.request(newer)
    assert rollout.stage is stage
    left = next(event for held, event in TRANSITIONS if held is stage and TRANSITIONS[held, event] not in HOLDING)
    rollout.advance(left)
    assert (rollout.stage, rollout.start()) == (Stage.PENDING, newer)


@pytest.mark.parametrize("stage", sorted(set(Stage) - HOLDING))
def test_newer_content_may_start_at_once_where_the_name_is_free(stage: Stage) -> None:
    rollout = Rollout(ZONE, stage)
    rollout.request(zone_status(serial=8))
    assert rollout.stage is Stage.PENDING


def test_nothing_starts_that_was_not_requested() -> None:
    with pytest.raises(ValueError, match="cannot start"):
        Rollout(ZONE).start()


@pytest.mark.parametrize(
    ("events", "stage"),
    [
        ([], Stage.UPDATING),
        ([RolloutEvent.HANDED_OVER], Stage.LOADING),
        ([RolloutEvent.REFUSED], Stage.FAILED),
        ([RolloutEvent.UPDATE_REFUSED], Stage.PENDING),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.DOUBTED], Stage.FAILED),
        ([RolloutEvent.HANDED_OVER, RolloutEvent.PRIMARY_SERVES, RolloutEvent.DOUBTED], Stage.FAILED),
        ([RolloutEvent.DOUBTED], Stage.UPDATING),
    ],
)
def test_the_stages_of_an_update(events: list[RolloutEvent], stage: Stage) -> None:
    rollout = Rollout(ZONE)
    rollout.request(zone_status())
    rollout.start(by_update=True)
    for event in events:
        rollout.advance(event)
    assert rollout.stage is stage


def test_a_file_that_is_required_is_published_though_newer_content_is_requested() -> None:
    rollout, known = Rollout(ZONE), replace(zone_status(), proven=7)
    rollout.request(known, by_file=True)
    rollout.request(known)
    assert rollout.start().proven is None
    rollout.request(known)
    assert rollout.requested == known
