"""Read unit files: the values of each key, in order."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "systemd"
SERVICES = ("dns-appliance-api", "dns-appliance-deployer", "dns-appliance-backup", "dns-appliance-updates")
UNITS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".service", ".target", ".timer"))


def values(unit: str, key: str) -> list[str]:
    """Return all values of a key, split at spaces."""
    text = (FOLDER / unit).read_text("utf-8")
    return [word for line in re.findall(rf"^{key}=(.*)$", text, re.MULTILINE) for word in line.split()]


def rows(file: str) -> list[list[str]]:
    """Return the rows of a sysusers or tmpfiles configuration, without quotes."""
    lines = (FOLDER / file).read_text("utf-8").splitlines()
    return [[word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)] for line in lines if line and line[0] != "#"]
