"""Check the keys in use (control channel, transfers, updates) and BIND's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dns.name

from appliance.doctor.result import DoctorContext, Result, fail, ok
from appliance.errors import CommandError
from appliance.keys import read_key
from appliance.nameserver.isccc import RndcConnection
from appliance.nameserver.programs import find_program, run
from appliance.queries.transfer import axfr

SECONDS = 5.0


def configurations(context: DoctorContext) -> Iterator[Result]:
    """Run named-checkconf on the named.conf of this host, or on both of a state folder."""
    files = configuration_files(context)
    checkconf = find_program(context.settings.deployer.named_checkconf)
    for file in files:
        try:
            run((checkconf, "--", str(file)), timeout=SECONDS)
        except CommandError as error:
            yield fail(f"{file}: {error}", "fix that line, or run the playbook again")
        else:
            yield ok(f"named-checkconf accepts {file}")
    if not files:
        yield ok("no named.conf on this host")


def configuration_files(context: DoctorContext) -> list[Path]:
    """Return both files of a state folder, or else the system's."""
    state = context.settings.deployer.zone_directory.parent
    own = [file for file in (state / "ns1" / "named.conf", state / "ns2" / "named.conf") if file.exists()]
    return own or [file for file in (context.system_configuration,) if file.exists()]


def control(context: DoctorContext) -> Iterator[Result]:
    """Check that the primary accepts commands signed with the control key."""
    deployer = context.settings.deployer
    connection = RndcConnection(deployer.control, read_key(deployer.control_key), SECONDS)
    try:
        connection.command("status")
    except CommandError as error:
        yield fail(
            f"control channel {deployer.control}: {error}",
            f"check that `controls` in named.conf has this address and the key of {deployer.control_key} "
            "(dns-appliance host named-conf prints the right configuration); restart named",
        )
    else:
        yield ok(f"control channel {deployer.control} accepts commands")
    finally:
        connection.close()


def transfers(context: DoctorContext) -> Iterator[Result]:
    """Check that the primary allows transfers of the catalog zone with each key, and not without a key."""
    catalog = dns.name.from_text(context.settings.dns.catalog)
    primary = context.settings.dns.nameservers[0]
    for file in (context.settings.deployer.transfer_key, context.settings.deployer.update_key):
        try:
            axfr(primary, catalog, read_key(file), SECONDS)
        except CommandError as error:
            yield fail(
                f"{primary.name} refuses a transfer with the key of {file}: {error}",
                "check that named.conf of every nameserver has the same key; restart each named that you change",
            )
        else:
            yield ok(f"{primary.name} allows transfers with the key of {file}")
    try:
        axfr(primary, catalog, None, SECONDS)
    except CommandError:
        return
    yield fail(f"{primary.name} allows transfers without a key", "restrict allow-transfer in named.conf to the keys")
