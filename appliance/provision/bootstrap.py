"""What an appliance has from its first start on: keys, and a catalog without members. What is there is kept."""

from __future__ import annotations

from pathlib import Path

from dns.name import Name

from appliance.files import Owner, write_atomically
from appliance.keys import new_key, read_key
from appliance.render.named_conf import catalog_zone
from appliance.zones.catalog import FILE_UUID, FIRST_SERIAL


def create_key(file: Path, name: str, mode: int, owner: Owner | None = None) -> bool:
    """See that a key is in the file, True when it was made; SettingsError when what is there cannot be read as one."""
    if file.exists():
        read_key(file)
        return False
    write_atomically(file, new_key(name).statement().encode("ascii"), mode, owner)
    return True


def catalog_file(zone_directory: Path) -> Path:
    """Where the primary's named keeps the catalog."""
    return zone_directory / f"{FILE_UUID}.zone"


def create_catalog(zone_directory: Path, catalog: Name, owner: Owner) -> bool:
    """See that the primary has a catalog to load, for its named's user to write on; True when it was made."""
    file = catalog_file(zone_directory)
    if file.exists():
        return False
    write_atomically(file, catalog_zone(catalog, FIRST_SERIAL), 0o644, owner)
    return True
