"""Build a previous and a next release from the code of this checkout: wheels of one, a package of the other."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from appliance import __version__
from appliance.nameserver.programs import run
from tests.cluster.playbook import ROOT

PREVIOUS, NEXT = "0.0.1", "99.0"
WHEELHOUSE = ROOT / "build" / "wheelhouse"
PACKAGE = ROOT / "dist" / f"dns-appliance_{__version__}_amd64.deb"
MIGRATIONS = Path("appliance", "store", "migrations")
LEFT_OUT = "0008_change_by_serial"
"""The migration that the previous release lacks. It creates an index, and the code works without."""
PRIMARY = Path("bind-templates", "primary.conf.j2")
BUILD_SECONDS = 600.0
_CODE = ("appliance", "bind-templates", "LICENSE", "README.md", "pyproject.toml", "setup.cfg")
_PACKAGING = ("CHANGELOG.md", "packaging", "systemd", "tools")


def previous_wheelhouse(folder: Path) -> Path:
    """Build, in that folder, the wheelhouse of a release without the migration `LEFT_OUT` and without updates of zones.

    The previous release runs, and continues to run while the new one migrates its database. Its `named.conf` accepts
    updates of the catalog alone, so it publishes every change as a file.
    """
    tree = _tree(PREVIOUS, folder, _CODE)
    (tree / MIGRATIONS / f"{LEFT_OUT}.py").unlink()
    _change(tree / PRIMARY, r"(?m)^\tallow-update [{] !.*\n", "")
    return _wheelhouse(tree, folder / "wheelhouse")


def next_package(folder: Path) -> Path:
    """Build, in that folder, the Debian package of a release that differs only by its version."""
    tree = _tree(NEXT, folder, (*_CODE, *_PACKAGING))
    wheels = _wheelhouse(tree, folder / "wheelhouse")
    settings = ("SOURCE_DATE_EPOCH=0", "DPKG_DEB_COMPRESSOR_TYPE=gzip")
    run(("env", f"--chdir={tree}", *settings, "tools/package", str(wheels)), timeout=BUILD_SECONDS)
    return tree / "dist" / f"dns-appliance_{NEXT}_amd64.deb"


def _tree(version: str, folder: Path, names: tuple[str, ...]) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    for name in names:
        run(("cp", "--archive", str(ROOT / name), str(tree)), timeout=60)
    _change(tree / "appliance" / "__init__.py", r'(?m)^(__version__ = ").*"', rf'\g<1>{version}"')
    return tree


def _change(file: Path, pattern: str, replacement: str) -> None:
    text, changed = re.subn(pattern, replacement, file.read_text())
    assert changed == 1
    file.write_text(text)


def _wheelhouse(tree: Path, wheels: Path) -> Path:
    """Build a wheelhouse with the dependencies of this checkout and the appliance of that tree."""
    shutil.copytree(WHEELHOUSE, wheels, ignore=shutil.ignore_patterns("dns_appliance-*.whl"))
    build = ("pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(tree))
    run((sys.executable, "-m", *build), timeout=BUILD_SECONDS)
    return wheels
