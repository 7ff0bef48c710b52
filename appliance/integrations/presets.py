"""All presets for clients, and which of them the settings of an appliance allow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from appliance.errors import InputError
from appliance.identity.authentication import API_DOOR
from appliance.integrations.address_clients import ADDRESS_CLIENTS
from appliance.integrations.certificate_clients import CERTIFICATE_CLIENTS
from appliance.integrations.client_preset import ClientPreset
from appliance.integrations.protocols import PROTOCOLS
from appliance.integrations.record_clients import RECORD_CLIENTS
from appliance.integrations.server_clients import SERVER_CLIENTS
from appliance.settings import DoorsSettings

GROUPS: Mapping[str, tuple[ClientPreset, ...]] = MappingProxyType(
    {
        "Certificates": CERTIFICATE_CLIENTS,
        "Certificates of servers": SERVER_CLIENTS,
        "Records": RECORD_CLIENTS,
        "Addresses that change": ADDRESS_CLIENTS,
    }
)
"""The presets by what their clients do."""
CLIENTS: Mapping[str, ClientPreset] = MappingProxyType(
    {preset.key: preset for group in GROUPS.values() for preset in group}
)
"""The presets by key."""


def is_enabled(protocol: str, doors: DoorsSettings) -> bool:
    """Return whether the appliance speaks the protocol with that key."""
    return protocol == API_DOOR or bool(getattr(doors, protocol))


def get_preset(key: str, doors: DoorsSettings) -> ClientPreset:
    """Return the preset with that key; raise InputError if there is none, or if its protocol is switched off."""
    preset = CLIENTS.get(key)
    if preset is None:
        near = [other for other in CLIENTS if key in other] or CLIENTS
        raise InputError(f"{key!r} is not a client; choose from {', '.join(near)}", "client")
    if not is_enabled(preset.protocol, doors):
        title = PROTOCOLS[preset.protocol]
        raise InputError(f"{key} needs {title}, which is switched off here (doors.{preset.protocol})", "client")
    return preset
