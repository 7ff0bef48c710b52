"""The folders of a host below a temporary folder, all with the same owner."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.files import Owner
from appliance.provision.users import Owners
from appliance.settings import Settings, read_settings

OURSELVES = Owner(os.geteuid(), os.getegid())
OWNERS = Owners(OURSELVES, OURSELVES)
SERVERS = "ns1.example.net=192.0.2.1:53,ns2.example.net=198.51.100.1:53,ns3.example.net=[2001:db8::3]:5353"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a host with two secondaries, one of them on IPv6."""
    folders = {name: tmp_path / name for name in ("etc", "store", "zones")}
    for folder in folders.values():
        folder.mkdir()
    folders["store"].chmod(0o2770)
    chosen = {
        "STORE_PATH": folders["store"] / "store.sqlite3",
        "DNS_CATALOG": "catalog.example.net",
        "DNS_NAMESERVERS": SERVERS,
        "DEPLOYER_ZONE_DIRECTORY": folders["zones"],
        "DEPLOYER_CONTROL_KEY": folders["etc"] / "rndc.key",
        "DEPLOYER_TRANSFER_KEY": folders["etc"] / "transfer.key",
        "DEPLOYER_UPDATE_KEY": folders["etc"] / "update.key",
    }
    return read_settings(None, {f"DNS_APPLIANCE_{name}": str(value) for name, value in chosen.items()})
