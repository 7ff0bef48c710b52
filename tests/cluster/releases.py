"""Releases of the appliance as folders of wheels: the one of this checkout, and others that differ by their number."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from appliance.nameserver.commands import run
from tests.cluster.playbook import ROOT

WHEELHOUSE = ROOT / "build" / "wheelhouse"
_SOURCES = ("appliance", "bind-templates", "LICENSE", "README.md", "pyproject.toml", "setup.cfg")


def another_release(version: str, folder: Path) -> Path:
    """A wheelhouse of this checkout's code under another version number, made below that folder."""
    tree, wheels = folder / "tree", folder / "wheelhouse"
    tree.mkdir()
    for name in _SOURCES:
        run(("cp", "--archive", str(ROOT / name), str(tree)), timeout=60)
    module = tree / "appliance" / "__init__.py"
    text, changed = re.subn(r'(?m)^(__version__ = ").*"', rf'\g<1>{version}"', module.read_text())
    assert changed == 1
    module.write_text(text)
    shutil.copytree(WHEELHOUSE, wheels)
    for wheel in wheels.glob("dns_appliance-*.whl"):
        wheel.unlink()
    build = ("pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(tree))
    run((sys.executable, "-m", *build), timeout=120)
    return wheels
