"""The lock files are complete: pip does not resolve, so they must list every dependency of every package."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "requirements"
PYTHONS = ("3.11", "3.12", "3.13")
LOCKS = ("run", "test", "tools")
"""The lock files that are installed together for tests; a host has `run` alone. `make lock` installs all of them."""


def locked(*names: str) -> dict[str, str]:
    """Return the exact version of each package in these lock files."""
    lines = "".join((REQUIREMENTS / f"{name}.txt").read_text("utf-8") for name in names)
    return {canonicalize_name(name): version for name, version in re.findall(r"(?m)^([\w.-]+)==([^ \\;]+)", lines)}


def requirements(names: Iterable[str], python: str) -> Iterator[tuple[str, Requirement]]:
    """Yield each package of the closure with each requirement under that Python, including extras."""
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    rest = [(name, "") for name in names]
    seen: set[tuple[str, str]] = set()
    while rest:
        name, extra = rest.pop()
        if (name, extra) in seen or not _is_installed(name):
            continue
        seen.add((name, extra))
        for text in metadata.requires(name) or ():
            required = Requirement(text)
            if required.marker is None or required.marker.evaluate({**environment, "extra": extra}):
                yield f"{name}[{extra}]" if extra else name, required
                rest += [(canonicalize_name(required.name), extra) for extra in ("", *required.extras)]


def _is_met(required: Requirement, version: str | None) -> bool:
    return version is not None and required.specifier.contains(version, prereleases=True)


def _is_installed(name: str) -> bool:
    """Return False for packages that only another Python or system needs."""
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("together", [("run",), LOCKS], ids=["on a host", "for tests"])
def test_everything_that_a_locked_package_requires_is_locked(together: tuple[str, ...], python: str) -> None:
    versions = locked(*together)
    missing = [
        f"{name} requires {required}"
        for name, required in requirements(versions, python)
        if not _is_met(required, versions.get(canonicalize_name(required.name)))
    ]
    assert not missing


@pytest.mark.parametrize("lock", ["run", "test", "tools", "cluster"])
def test_everything_that_is_requested_is_locked(lock: str) -> None:
    """Check the names of the `.in` file, and those that uv noted as requiring a package."""
    direct = re.findall(r"(?m)^([a-z][\w.-]*)$", (REQUIREMENTS / f"{lock}.in").read_text("utf-8"))
    text = (REQUIREMENTS / f"{lock}.txt").read_text("utf-8")
    parents = re.findall(r"(?m)^    #(?: via)? +(?!via$)([a-z][\w.-]*)$", text)
    assert {canonicalize_name(name) for name in (*direct, *parents)} <= locked(*LOCKS, lock).keys()


@pytest.mark.parametrize("package", ["ansible", "certbot", "octodns", "terraform"])
def test_everything_that_a_package_of_clients_requires_is_locked(package: str) -> None:
    versions = locked(f"clients-{package}")
    project = tomllib.loads((ROOT / "clients" / package / "pyproject.toml").read_text("utf-8"))["project"]
    required = [Requirement(text) for text in project.get("dependencies", ())]
    assert all(_is_met(each, versions.get(canonicalize_name(each.name))) for each in required)


@pytest.mark.parametrize("script", ["Makefile", "packaging/install", "tools/wheelhouse", "tools/lock"])
def test_no_lock_file_is_installed_by_resolving(script: str) -> None:
    text = (ROOT / script).read_text("utf-8").replace("\\\n", "").replace("$(LOCKED)", _locked_options())
    calls = [line for line in text.splitlines() if "--require-hashes" in line and not line.startswith("LOCKED")]
    assert calls
    assert all("--no-deps" in call for call in calls)


def _locked_options() -> str:
    (options,) = re.findall(r"(?m)^LOCKED := (.*)$", (ROOT / "Makefile").read_text("utf-8"))
    return str(options)
