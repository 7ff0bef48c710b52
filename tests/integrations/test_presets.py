"""The table of presets."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from appliance.addresses import Endpoint
from appliance.errors import InputError
from appliance.integrations.presets import CLIENTS, GROUPS, get_preset, is_enabled
from appliance.integrations.protocols import PROTOCOLS
from appliance.settings import DoorsSettings

ALL_OPEN = DoorsSettings(update=Endpoint("127.0.0.1", 5303))


def test_every_preset_has_its_own_key_and_a_protocol() -> None:
    presets = [preset for group in GROUPS.values() for preset in group]
    assert len(presets) == len(CLIENTS) and {preset.protocol for preset in presets} == set(PROTOCOLS)
    assert all(preset.snippets and preset.recipe and is_enabled(preset.protocol, ALL_OPEN) for preset in presets)


CLOSED = {
    "powerdns": replace(ALL_OPEN, powerdns=False),
    "httpreq": replace(ALL_OPEN, httpreq=False),
    "dyndns2": replace(ALL_OPEN, dyndns2=False),
    "acme_dns": replace(ALL_OPEN, acme_dns=False),
    "external_dns": replace(ALL_OPEN, external_dns=False),
    "update": DoorsSettings(),
}


@pytest.mark.parametrize("door", [one.name for one in fields(DoorsSettings)])
def test_a_client_whose_protocol_is_switched_off_is_refused(door: str) -> None:
    without = CLOSED[door]
    closed = {key for key, preset in CLIENTS.items() if not is_enabled(preset.protocol, without)}
    assert closed == {key for key, preset in CLIENTS.items() if preset.protocol == door} != set()
    with pytest.raises(InputError, match=rf"switched off here \(doors\.{door}\)"):
        get_preset(closed.pop(), without)


def test_an_unknown_client_is_refused() -> None:
    with pytest.raises(InputError, match="'certbot-all' is not a client; choose from lego-powerdns, ") as refused:
        get_preset("certbot-all", ALL_OPEN)
    assert refused.value.field == "client"
    with pytest.raises(InputError, match=r"choose from octodns-powerdns, octodns-bind, octodns$"):
        get_preset("octo", ALL_OPEN)
    assert get_preset("certbot", ALL_OPEN) is CLIENTS["certbot"]
