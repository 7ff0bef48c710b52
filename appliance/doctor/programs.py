"""Check versions of programs, and that the settings are complete."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from appliance.doctor.result import DoctorContext, Result, fail, ok, warn
from appliance.errors import CommandError
from appliance.nameserver.programs import find_program
from appliance.nameserver.version import read_version
from appliance.store.file import sqlite

OLDEST_PYTHON = (3, 11)
OLDEST_BIND = (9, 18)


def versions(context: DoctorContext, sqlite_version: tuple[int, ...] = sqlite.VERSION) -> Iterator[Result]:
    """Check the versions of Python, SQLite, and the BIND tools that the deployer runs."""
    yield _at_least(
        "Python", sys.version_info[:3], OLDEST_PYTHON, "install a newer Python and recreate the virtual environment"
    )
    yield _at_least(
        "SQLite", sqlite_version, sqlite.OLDEST_VERSION, "install the version of apsw in requirements/run.txt"
    )
    deployer = context.settings.deployer
    for key, name, argument in (
        ("named_checkzone", deployer.named_checkzone, "-v"),
        ("named_checkconf", deployer.named_checkconf, "-v"),
        ("named_compilezone", deployer.named_compilezone, "-v"),
        ("dnssec_verify", deployer.dnssec_verify, "-V"),
        ("rndc", deployer.rndc, "-V"),
    ):
        yield _tool(key, name, argument)


def complete_settings(context: DoctorContext) -> Iterator[Result]:
    """Check that a primary and at least one secondary are configured."""
    servers = context.settings.dns.nameservers
    if not context.settings.sources and not context.configuration.exists():
        step = f"copy {context.example}" if context.example.exists() else "write it (docs/operations.md, Settings)"
        yield fail(
            f"no settings: {context.configuration} does not exist",
            f"{step}, set dns.nameservers in it, then: dns-appliance host prepare",
        )
    elif not servers:
        yield fail("dns.nameservers is empty", "set it to name=address:port of each nameserver, the primary first")
    elif len(servers) == 1:
        yield warn(f"{servers[0].name} is the only nameserver", "add a secondary (RFC 2182 section 5)")
    else:
        yield ok(f"nameservers: {', '.join(server.name for server in servers)}")


def _at_least(what: str, version: tuple[int, ...], oldest: tuple[int, ...], repair: str) -> Result:
    text = ".".join(map(str, version))
    if version < oldest:
        return fail(f"{what} {text} is older than {'.'.join(map(str, oldest))}", repair)
    return ok(f"{what} {text}")


def _tool(key: str, name: str, argument: str) -> Result:
    program = find_program(name)
    try:
        version = read_version(program, argument)
    except CommandError as missing:
        return fail(f"{key}: {missing}", f"install Debian's bind9-utils, or set deployer.{key}")
    if not version:
        return warn(f"{program} reports no version", f"check that deployer.{key} is the right program")
    repair = "upgrade BIND: this release was tested with 9.18 and 9.20"
    return _at_least(program, version, OLDEST_BIND, repair)
