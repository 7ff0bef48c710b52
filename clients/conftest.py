"""What the tests of the packages share: an appliance, and programs from the venv that each package is installed in."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from tests.appliance import Appliance, Client

ROOT = Path(__file__).parents[1]
VENVS = ROOT / ".venv" / "clients"

Run = Callable[..., str]


@pytest.fixture(scope="session")
def appliance() -> Iterator[Appliance]:
    """A running appliance; every test that uses it has its own zones."""
    with Appliance() as running:
        yield running


@pytest.fixture(scope="session")
def token(appliance: Appliance) -> str:
    """A token for everything in DNS."""
    return appliance.token("clients@example.org")


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
        program = VENVS / venv / "bin" / words[0]
        inherited = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            (str(program), *words[1:]),
            cwd=tmp_path,
            env={**inherited, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == status, f"{words} exited with {done.returncode}: {done.stdout}"
        return done.stdout

    return run_program


def load(path: str) -> ModuleType:
    """Return a module of a package that needs nothing of the package; `path` is below clients/."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "clients" / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
