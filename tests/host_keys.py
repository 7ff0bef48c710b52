"""Folders of DNSSEC keys for tests, and key files as named writes them."""

from __future__ import annotations

import os
from pathlib import Path

from appliance.files import Owner
from appliance.nameserver.key_folders import KeyFiles
from appliance.recovery.signing_keys import HostKeys
from appliance.zones.model import Zone
from appliance.zones.names import print_domain
from appliance.zones.signing import SigningKey


def own() -> Owner:
    """Return the user of this process."""
    return Owner(os.geteuid(), os.getegid())


def host_keys(folder: Path) -> HostKeys:
    """Return the keys of a host whose zone files are in `zones` of this folder, which may be missing."""
    return HostKeys(folder / "zones", own, may_create=True)


def key_files(zone: Zone, key: SigningKey) -> KeyFiles:
    """Return the files of a key; what is private in them is invented."""
    stem = f"K{print_domain(zone.name)}.+{key.algorithm:03}+{key.tag:05}"
    public = f"{key.public_key[:56]} {key.public_key[56:]}"
    return {
        f"{stem}.key": f"; a key\n{zone.name}. 3600 IN DNSKEY {key.flags} 3 {key.algorithm} {public}\n".encode(),
        f"{stem}.private": f"Private-key-format: v1.3\nPrivateKey: secret of {key.tag}\n".encode(),
        f"{stem}.state": f"; state of {key.tag}\nAlgorithm: {key.algorithm}\n".encode(),
    }


def place_keys(host: HostKeys, zone: Zone, *keys: SigningKey) -> KeyFiles:
    """Write the files of these keys where named has them, and return them."""
    host.zone_directory.mkdir(exist_ok=True)
    files = {name: content for key in keys for name, content in key_files(zone, key).items()}
    host.folders.make(zone.uuid)
    for name, content in files.items():
        (host.folders.folder(zone.uuid) / name).write_bytes(content)
    return files
