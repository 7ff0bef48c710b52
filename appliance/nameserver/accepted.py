"""Ask the nameservers whether they accept keys, before anybody uses them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dns.name

from appliance.errors import CommandError, SettingsError
from appliance.keys import Key, read_key
from appliance.nameserver.catalog import check_key
from appliance.nameserver.isccc import RndcConnection
from appliance.settings import Settings


def require_accepted(settings: Settings, files: Mapping[str, Path]) -> None:
    """Raise SettingsError unless every nameserver accepts these keys, by name: control, transfer, update."""
    for name, file in files.items():
        key = read_key(file)
        for server in settings.dns.nameservers[: None if name == "transfer" else 1]:
            try:
                if name == "control":
                    _check_control(settings, key)
                else:
                    check_key(server.endpoint, dns.name.from_text(settings.dns.catalog), key)
            except CommandError as refused:
                raise SettingsError(
                    f"{server.name} does not accept the key of {file}: {refused.detail}; first install the output of "
                    f"dns-appliance host named-conf {server.name} there (the playbook does so)"
                ) from None


def _check_control(settings: Settings, key: Key) -> None:
    connection = RndcConnection(settings.deployer.control, key)
    try:
        connection.command("status")
    finally:
        connection.close()
