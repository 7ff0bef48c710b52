"""Names that may not become zones, as the API and the console refuse them."""

from __future__ import annotations

import pytest

from tests.api.conftest import Application, Bearer, is_error


@pytest.mark.parametrize("domain", ["example.com", "www.example.com"])
def test_names_of_a_deleted_zone_are_refused_to_others(
    application: Application, me: Bearer, other: Bearer, domain: str
) -> None:
    me("DELETE", f"/dns-zones/{me.zone('example.com')['uuid']}/")
    for caller in (other, application.bearer("operator@example.org", "admin:*")):
        assert is_error(caller("POST", "/dns-zones/", {"domain": domain}), 400, "validation_error", "domain")
    assert me.zone(domain)["domain"] == domain
