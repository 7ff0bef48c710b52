"""Versions of drafts: what was added and removed since one."""

from __future__ import annotations

import pytest

from appliance.console.draft_version import differences, is_in_version, revision_in, version_of

A, B, C = ({"action": "create", "name": name} for name in "abc")


@pytest.mark.parametrize(
    ("now", "since"),
    [
        ([A, B], []),
        ([B, A], []),
        ([A, B, C], ["1 change was added"]),
        ([C], ["1 change was added", "2 changes were removed"]),
        ([A, A, B], ["1 change was added"]),
    ],
)
def test_differences(now: list[dict[str, str]], since: list[str]) -> None:
    assert list(differences(version_of(7, [A, B]), now)) == since


def test_a_version_knows_its_changes_and_the_revision_of_the_zone() -> None:
    version = version_of(7, [A, B])
    assert [is_in_version(version, change) for change in (A, B, C)] == [True, True, False]
    assert revision_in(version) == "7"


@pytest.mark.parametrize("text", ["", "x", "1.", "1.abcdef", "..", "9" * 500])
def test_any_text_is_a_version_without_these_changes(text: str) -> None:
    assert not is_in_version(text, A) and "1 change was added" in differences(text, [A])
