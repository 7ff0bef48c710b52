"""The programs that the appliance runs on and with, and whether the settings say enough."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from appliance.deploy.host import find_program
from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.errors import CommandError
from appliance.nameserver.version import read_version
from appliance.store.file import sqlite

OLDEST_PYTHON = (3, 11)
OLDEST_BIND = (9, 18)


def versions(site: DoctorContext, sqlite_version: tuple[int, ...] = sqlite.VERSION) -> Iterator[Result]:
    """Python, SQLite, and the three tools of BIND that the deployer starts."""
    yield _at_least("Python", sys.version_info[:3], OLDEST_PYTHON, "install a newer Python and make the venv anew")
    yield _at_least("SQLite", sqlite_version, sqlite.OLDEST_VERSION, "install the apsw that requirements/run.txt names")
    deployer = site.settings.deployer
    for key, name, argument in (
        ("named_checkzone", deployer.named_checkzone, "-v"),
        ("named_checkconf", deployer.named_checkconf, "-v"),
        ("rndc", deployer.rndc, "-V"),
    ):
        yield _tool(key, name, argument)


def complete_settings(site: DoctorContext) -> Iterator[Result]:
    """There is a primary, and a secondary that outlives it."""
    servers = site.settings.dns.nameservers
    if not site.settings.sources and not site.configuration.exists():
        begin = f"copy {site.example}" if site.example.exists() else "write it (docs/operations.md, Settings)"
        yield fail(
            f"there are no settings yet, no {site.configuration}",
            f"{begin}, name the nameservers in it, then: dns-appliance host prepare",
        )
    elif not servers:
        yield fail("dns.nameservers names no nameserver", "set it to name=address:port of each, the primary first")
    elif len(servers) == 1:
        yield warn(f"{servers[0].name} is the only nameserver", "add a secondary (RFC 2182 section 5)")
    else:
        yield ok(f"nameservers: {', '.join(server.name for server in servers)}")


def _at_least(what: str, version: tuple[int, ...], oldest: tuple[int, ...], mend: str) -> Result:
    text = ".".join(map(str, version))
    if version < oldest:
        return fail(f"{what} {text} is older than {'.'.join(map(str, oldest))}", mend)
    return ok(f"{what} {text}")


def _tool(key: str, name: str, argument: str) -> Result:
    program = find_program(name)
    try:
        version = read_version(program, argument)
    except CommandError as missing:
        return fail(f"{key}: {missing}", f"install Debian's bind9-utils, or set deployer.{key}")
    if not version:
        return warn(f"{program} does not tell its version", f"see whether deployer.{key} names the right program")
    mend = "upgrade BIND: this release was tested with 9.18 and 9.20"
    return _at_least(program, version, OLDEST_BIND, mend)
