"""Keys and an empty catalog zone for the first start of an appliance; existing keys are kept."""

from __future__ import annotations

from pathlib import Path

from dns.name import Name

from appliance.files import Owner, write_atomically
from appliance.keys import new_key, read_key
from appliance.nameserver.file_head import HEAD_SIZE, read_head
from appliance.render.named_conf import catalog_zone
from appliance.zones.catalog import FILE_UUID, FIRST_SERIAL


def create_key(file: Path, name: str, mode: int, owner: Owner | None = None) -> bool:
    """Create the key file if it is missing, and return whether it was; raise SettingsError if the file has no key."""
    if file.exists():
        read_key(file)
        return False
    write_atomically(file, new_key(name).statement().encode("ascii"), mode, owner)
    return True


def catalog_file(zone_directory: Path) -> Path:
    """Return the path of the catalog's zone file on the primary."""
    return zone_directory / f"{FILE_UUID}.zone"


def create_catalog(zone_directory: Path, catalog: Name, owner: Owner) -> bool:
    """Create the catalog's zone file, owned by named's user, if it is missing or has a former name of the catalog.

    Return whether it was created. named would not load the file of another name; the deployer adds the members again.
    """
    file = catalog_file(zone_directory)
    if file.exists() and _name_in(file) in (catalog, None):
        return False
    file.with_name(f"{file.name}.jnl").unlink(missing_ok=True)
    write_atomically(file, catalog_zone(catalog, FIRST_SERIAL), 0o644, owner)
    return True


def _name_in(file: Path) -> Name | None:
    """Return the owner of the SOA record in a zone file that the appliance or named wrote, None if there is none."""
    with file.open("rb") as opened:
        head = read_head(opened.read(HEAD_SIZE))
    return head.name if head else None
