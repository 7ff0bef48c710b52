"""A picture of what is wanted and what is answered gives the plan that makes them agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.deploy.reconcile import Picture, plan
from appliance.questions.soa import Answer, Question
from appliance.store.outcomes import Standing
from appliance.zones.catalog import member_label
from tests.deploy.standing import NS1, NS2, answered, name, standing

ZONE = "example.com"


def picture(
    standings: Sequence[Standing],
    ns1: int | str | None,
    ns2: int | str | None,
    members: Mapping[str, str] | None = None,
    stray: Mapping[str, str] | None = None,
) -> Picture:
    """Both nameservers' answers for the one zone: a serial, None for none such, "silent" for no answer."""
    answers: dict[Question, Answer | None] = {}
    for server, serial in ((NS1, ns1), (NS2, ns2)):
        answers[server, name(ZONE)] = answered(server, ZONE, serial) if not isinstance(serial, str) else None
    named = {label: name(zone) for label, zone in (members or {}).items()}
    return Picture((NS1, NS2), standings, answers, named, {label: name(zone) for label, zone in (stray or {}).items()})


def test_a_zone_served_everywhere_is_live() -> None:
    zone = standing(serial=7)
    assert plan(picture([zone], 7, 7)).live == [zone]


def test_what_the_primary_lacks_is_deployed() -> None:
    zone = standing(serial=7)
    for ns1 in (6, None, "silent"):
        result = plan(picture([zone], ns1, 6))
        assert (result.deploy, result.live, result.join) == ([zone], [], [])


def test_what_a_secondary_lacks_is_awaited() -> None:
    zone = standing(serial=7)
    for ns2 in (6, None, "silent"):
        result = plan(picture([zone], 7, ns2))
        assert (result.deploy, result.await_secondaries) == ([], [zone])


def test_a_nameserver_ahead_of_the_store_is_told() -> None:
    zone = standing(serial=7)
    assert plan(picture([zone], 7, 9)).ahead == [(zone, 9)]
    assert plan(picture([standing(serial=2**32 - 1)], 2**32 - 1, 3)).ahead[0][1] == 3


def test_a_deleted_zone_is_withdrawn_until_nobody_answers() -> None:
    zone = standing(deleted=True)
    assert plan(picture([zone], 7, None)).withdraw == [zone]
    assert plan(picture([zone], None, 7)).withdraw == [zone]
    assert plan(picture([zone], None, "silent")).withdraw == [zone]
    assert plan(picture([zone], None, None)).removed == [zone]


def test_a_deleted_zone_whose_name_lives_again_counts_as_removed() -> None:
    old, new = standing(deleted=True), standing(serial=8)
    result = plan(picture([old, new], 8, 8))
    assert (result.removed, result.withdraw, result.live) == ([old], [], [new])


def test_the_catalog_is_brought_to_what_is_served() -> None:
    old, new = standing(deleted=True), standing(serial=8)
    result = plan(picture([old, new], 8, None, {member_label(old.uuid): ZONE}))
    assert result.join == [new]
    assert set(result.leave) == {member_label(old.uuid)}
    assert plan(picture([new], 8, 8, {member_label(new.uuid): ZONE})).join == []


def test_members_that_the_store_never_knew_are_left_alone() -> None:
    unknown, deleted_long_ago = "0" * 32, "1" * 32
    members = {unknown: "unknown.example", deleted_long_ago: "gone.example"}
    result = plan(picture([standing()], 7, 7, members, {deleted_long_ago: "gone.example"}))
    assert set(result.leave) == {deleted_long_ago}


def test_only_secondaries_that_answer_are_told_again() -> None:
    zone = standing(serial=7)
    assert list(picture([zone], 7, 6).lagging([zone])) == [(NS2, zone.name)]
    assert list(picture([zone], 7, "silent").lagging([zone])) == []


def test_a_catalog_that_a_secondary_is_ahead_with_is_found() -> None:
    def ahead(ns1: int | None, ns2: int | None) -> int | None:
        return picture([], ns1, ns2).catalog_ahead(name(ZONE))

    assert ahead(7, 9) == 9
    assert [ahead(9, 7), ahead(7, 7), ahead(None, 7), ahead(7, None)] == [None] * 4
