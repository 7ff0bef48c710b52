"""The checks of BIND that are turned off, for each release."""

from __future__ import annotations

import pytest

from appliance.zones.bind_checks import options_off, statements_off


@pytest.mark.parametrize("release", [(), (9, 18), (9, 18, 49), (9, 20), (9, 20, 30), (9, 21, 9)])
def test_a_check_is_turned_off_in_the_releases_that_have_it(release: tuple[int, ...]) -> None:
    is_newer = release >= (9, 20)
    assert ("check-svcb no" in statements_off(release)) is is_newer
    assert ("check-svcb:ignore" in options_off(release)) is is_newer
    assert {"check-wildcard no", "check-names primary ignore"} < set(statements_off(release))
    assert options_off(release)[:2] == ["-k", "ignore"]
