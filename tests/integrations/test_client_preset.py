"""What a preset says about its client."""

from __future__ import annotations

from appliance.integrations.presets import CLIENTS


def test_what_a_client_needs() -> None:
    home, zone, challenge = (CLIENTS[key] for key in ("ddclient", "nsupdate", "lego-acme-dns"))
    assert (home.takes_names, home.needs_names, home.has_tsig_key, home.has_account) == (True, True, False, False)
    assert (zone.takes_names, zone.needs_names, zone.has_tsig_key, zone.has_account) == (False, False, True, False)
    assert (challenge.takes_names, challenge.needs_names, challenge.has_account) == (True, False, True)
