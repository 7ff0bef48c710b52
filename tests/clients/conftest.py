"""Fixtures of the tests of clients: an appliance, pebble, and a reader who follows recipes in a zone of their own."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.appliance import PROGRAM, Appliance, Client
from tests.clients.authority import Authority, running_authority
from tests.clients.programs import DEBIAN, VENVS, versions
from tests.clients.recipes import Reader
from tests.pair import LOOPBACK

ACCOUNT = "me@example.org"
"""The account of the recipes."""

Begin = Callable[..., Reader]


def pytest_report_header() -> list[str]:
    """Print the versions of the clients."""
    return [f"clients: {', '.join(versions())}"]


@pytest.fixture(scope="session")
def mine(appliance: Appliance) -> Client:
    """A client of the API for the account of the recipes."""
    return appliance.client(appliance.token(ACCOUNT))


@pytest.fixture(scope="session")
def authority(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """A running pebble, which validates at ns1."""
    folder = tmp_path_factory.mktemp("pebble")
    with running_authority(DEBIAN / "usr" / "bin" / "pebble", folder, appliance.ports.dns) as running:
        yield running


@pytest.fixture(scope="session")
def programs(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs that need options here: where the state is, and what is instead of /var and /etc."""
    folder = tmp_path_factory.mktemp("programs")
    nameserver = f"{LOOPBACK}:{appliance.ports.dns}"
    perl = ("perl", str(DEBIAN / "usr" / "bin" / "ddclient"))
    write_program(folder / "dns-appliance", PROGRAM, after=("--state", str(appliance.state)))
    write_program(folder / "ddclient", perl, before=("-cache", "./ddclient.cache", "-pid", "./ddclient.pid"))
    (library,) = DEBIAN.glob("usr/lib/*/libconfuse.so.2")
    inadyn = ("env", f"LD_LIBRARY_PATH={library.parent}", str(DEBIAN / "usr" / "bin" / "inadyn"))
    write_program(folder / "inadyn", inadyn, before=("--cache-dir", ".", "--pidfile", "./inadyn.pid"))
    lego = str(DEBIAN / "usr" / "bin" / "lego")
    write_program(folder / "lego", (lego,), before=("--path", ".", "--dns.resolvers", nameserver))
    write_certbot(folder, "acme", "--dns-multi-nameservers", nameserver)
    return folder


def write_certbot(folder: Path, venv: str, *options: str) -> None:
    """Write a script that runs the certbot of that venv, with its state in the working directory."""
    folders = [f"--{name}-dir={name}" for name in ("config", "work", "logs")]
    write_program(folder / "certbot", (str(VENVS / venv / "bin" / "certbot"),), after=(*folders, *options))


def write_program(
    path: Path, program: tuple[str, ...], before: tuple[str, ...] = (), after: tuple[str, ...] = ()
) -> None:
    """Write a script that runs a program with additional options before or after its own."""
    path.write_text(f'#!/bin/sh\nexec {shlex.join((*program, *before))} "$@" {shlex.join(after)}\n')
    path.chmod(0o755)


@pytest.fixture
def begin(appliance: Appliance, mine: Client, programs: Path, tmp_path: Path) -> Begin:
    """Begin a recipe: create these zones and return a reader for whom example.com is the first of them."""

    def begin_recipe(*domains: str, create: bool = True) -> Reader:
        for zone in [mine.zone(domain) for domain in domains if create]:
            mine.wait_until_live(zone)
        update = str(appliance.ports.dns + 2)
        places = {
            "https://dns.example.net": f"http://{LOOPBACK}:{appliance.ports.api}",
            "dns.example.net": LOOPBACK,
            "192.0.2.53": LOOPBACK,
            "5303": update,
            "example.com": domains[0],
        }
        environment = {"DNS_APPLIANCE_STATE": str(appliance.state), "PYTHONPATH": str(Path(__file__).parents[2])}
        return Reader(tmp_path, places, [programs, VENVS / "zones" / "bin"], environment)

    return begin_recipe
