"""What the tests of the packages share: an appliance, and programs from the venv that each package is installed in."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from clients import readme
from tests.appliance import PROGRAM, Appliance, Client

ROOT = Path(__file__).parents[1]
VENVS = ROOT / ".venv" / "clients"
ACCOUNT = "me@example.org"
"""The account that owns the zones of the tests, and of the READMEs."""

SECONDS = 300
"""A limit for programs that hang."""

Run = Callable[..., str]


@pytest.fixture(scope="session")
def appliance() -> Iterator[Appliance]:
    """A running appliance; every test that uses it has its own zones."""
    with Appliance() as running:
        yield running


@pytest.fixture(scope="session")
def token(appliance: Appliance) -> str:
    """A token for everything in DNS."""
    return appliance.token(ACCOUNT)


@pytest.fixture(scope="session")
def api(appliance: Appliance, token: str) -> Client:
    """A client of the API with that token."""
    return appliance.client(token)


@pytest.fixture
def url(appliance: Appliance) -> str:
    """The URL of the appliance."""
    return f"http://127.0.0.1:{appliance.ports.api}"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program of the venv of a package in a temporary folder; check its exit status; return what it prints."""

    def run_program(venv: str, *words: str, status: int = 0, environment: Mapping[str, str] | None = None) -> str:
        path = f"{VENVS / venv / 'bin'}:{tmp_path / 'bin'}:{os.environ['PATH']}"
        inherited = {"PATH": path, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            ("/usr/bin/env", "--", *words),
            cwd=tmp_path,
            env={**inherited, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == status, f"{words} exited with {done.returncode}: {done.stdout}"
        return done.stdout

    return run_program


@pytest.fixture
def follow(run: Run, tmp_path: Path, appliance: Appliance, url: str) -> Run:
    """Follow the README of a package, which has `dns-appliance` on PATH; return what its last script prints."""
    command = tmp_path / "bin" / "dns-appliance"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.join(PROGRAM)} "$@" --state {shlex.quote(str(appliance.state))}\n')
    command.chmod(0o755)

    def follow_readme(package: str, places: Mapping[str, str], environment: Mapping[str, str] | None = None) -> str:
        document = (ROOT / "clients" / package / "README.md").read_text("utf-8")
        known = {"https://dns.example.net": url, **places}
        return readme.follow(
            document, tmp_path, known, lambda text: run(package, "sh", "-euc", text, environment=environment)
        )

    return follow_readme


def load(path: str) -> ModuleType:
    """Return a module of a package that needs nothing of the package; `path` is below clients/."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "clients" / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
