"""The keys in use: control channel, transfers and updates; and what BIND says of its configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dns.name

from appliance.deploy.host import find_program
from appliance.doctor.result import DoctorContext, Result, fail, ok
from appliance.errors import CommandError
from appliance.keys import read_key
from appliance.nameserver.isccc import RndcConnection
from appliance.nameserver.programs import run
from appliance.queries.transfer import axfr

SECONDS = 5.0


def configurations(site: DoctorContext) -> Iterator[Result]:
    """named-checkconf finds nothing wrong in the named.conf of this host, or in both of a state folder."""
    files = configuration_files(site)
    checkconf = find_program(site.settings.deployer.named_checkconf)
    for file in files:
        try:
            run((checkconf, "--", str(file)), timeout=SECONDS)
        except CommandError as refused:
            yield fail(f"{file}: {refused}", "put right the line that it names, or let the installation write it again")
        else:
            yield ok(f"named-checkconf passes {file}")
    if not files:
        yield ok("no named.conf is known here")


def configuration_files(site: DoctorContext) -> list[Path]:
    """Of a state folder both files, which stand beside its zone files; else the system's."""
    state = site.settings.deployer.zone_directory.parent
    own = [file for file in (state / "ns1" / "named.conf", state / "ns2" / "named.conf") if file.exists()]
    return own or [file for file in (site.system_configuration,) if file.exists()]


def control(site: DoctorContext) -> Iterator[Result]:
    """The primary takes commands that are signed with our key."""
    deployer = site.settings.deployer
    connection = RndcConnection(deployer.control, read_key(deployer.control_key), SECONDS)
    try:
        connection.command("status")
    except CommandError as refused:
        yield fail(
            f"control channel {deployer.control}: {refused}",
            f"see that `controls` in named.conf has this address and the key of {deployer.control_key} "
            "(dns-appliance host named-conf prints what it should be); restart named",
        )
    else:
        yield ok(f"control channel {deployer.control}")
    finally:
        connection.close()


def transfers(site: DoctorContext) -> Iterator[Result]:
    """The primary gives its catalog to the key of the secondaries and to that of updates, and to no one without."""
    catalog = dns.name.from_text(site.settings.dns.catalog)
    primary = site.settings.dns.nameservers[0]
    for file in (site.settings.deployer.transfer_key, site.settings.deployer.update_key):
        try:
            axfr(primary, catalog, read_key(file), SECONDS)
        except CommandError as refused:
            yield fail(
                f"{primary.name} gives no transfer to the key of {file}: {refused}",
                "see that named.conf of every nameserver holds this very key; restart those that were changed",
            )
        else:
            yield ok(f"{primary.name} gives transfers to the key of {file}")
    try:
        axfr(primary, catalog, None, SECONDS)
    except CommandError:
        return
    yield fail(f"{primary.name} gives transfers to anyone", "set allow-transfer in named.conf to the keys alone")
