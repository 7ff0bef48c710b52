"""The clients that `make clients` installs: where they are, and their versions."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENVS = ROOT / ".venv" / "clients"
"""Virtual environments of Python packages, each by the name of its lock file."""
DEBIAN = VENVS / "debian"
"""Debian packages, unpacked and not installed: some would start a service."""


def versions() -> Iterator[str]:
    """Yield name and version of each client."""
    unpacked = (DEBIAN / "versions").read_text("utf-8").splitlines()
    yield from (line for line in unpacked if not line.startswith("lib"))
    yield _printed("nsupdate", "-V")
    terraform = shutil.which("terraform") or shutil.which("tofu")
    yield _printed(terraform, "version") if terraform else "terraform is not on PATH and not run"
    for venv in ("acme", "zones"):
        requested = (ROOT / "requirements" / f"clients-{venv}.in").read_text("utf-8")
        (packages,) = (VENVS / venv).glob("lib/python*/site-packages")
        for name in re.findall(r"(?m)^[a-z][\w.-]*", requested):
            (found,) = metadata.distributions(name=name, path=[str(packages)])
            yield f"{name} {found.version}"


def _printed(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    return (done.stdout or done.stderr).partition("\n")[0]
