"""`host`: create what a host needs before its units start; used by the playbook and the package."""

from __future__ import annotations

import json
import re

import click

from appliance.cli.options import settings_options
from appliance.cli.output import json_option
from appliance.settings import Settings


class _Release(click.ParamType[tuple[int, ...]]):
    """A BIND release, such as 9.18."""

    name = "release"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return its numbers."""
        if not re.fullmatch(r"\d+(\.\d+)+", str(value)):
            self.fail(f"{value!r} is not a BIND release such as 9.18", param, ctx)
        return tuple(map(int, str(value).split(".")))


_TAKEN = {
    "create": "created new keys, which no nameserver accepts yet",
    "use": "the new keys are in use, and the former ones are still accepted",
    "remove": "removed the former keys",
}
_TO_DO = {
    "create": "install the configuration of every nameserver (the playbook does), then run this command again",
    "use": "install the configuration of every nameserver (the playbook does), then run this command again",
    "remove": "install the configuration of every nameserver (the playbook does): then the rotation is complete",
}
_REMAINING = {"create": 2, "use": 1, "remove": 0}


@click.group()
def host() -> None:
    """Set up a host: keys, database, named.conf."""


@host.command("prepare")
@json_option
@settings_options
def prepare(settings: Settings, as_json: bool) -> None:
    """Create keys, database and catalog zone file.

    Run as root. Creates only what is missing, and migrates the database. Prints what was created, nothing if
    everything exists.
    """
    from appliance.provision.prepare import prepare_host  # noqa: PLC0415 - the other commands start sooner without
    from appliance.provision.users import owners_of_host  # noqa: PLC0415

    created = []
    for item in prepare_host(settings, owners_of_host()):
        created.append(item)
        if not as_json:
            click.echo(f"created {item}")
    if as_json:
        click.echo(json.dumps({"created": created}, indent=2))


@host.command("rotate-keys")
@json_option
@settings_options
def rotate_keys(settings: Settings, as_json: bool) -> None:
    """Take the next of three steps that replace all keys.

    Run as root. The steps are: create new keys, which are then accepted; use them; no longer accept the former ones.
    After each of them every nameserver must get its new configuration: ansible/rotate-keys.yml takes all three steps,
    and installs the configuration. New keys are not used before every nameserver accepts them.
    """
    from appliance.nameserver.accepted import require_accepted  # noqa: PLC0415 - the other commands start sooner without
    from appliance.provision.prepare import KEY_MODE, key_files  # noqa: PLC0415
    from appliance.provision.rotation import RotationStep, next_file, next_step, rotate  # noqa: PLC0415
    from appliance.provision.users import owners_of_host  # noqa: PLC0415

    owner, files = owners_of_host().keys, key_files(settings)
    if next_step(files.values()) is RotationStep.USE:
        require_accepted(settings, {name: next_file(file) for name, file in files.items() if next_file(file).exists()})
    step = rotate(files, owner, KEY_MODE)
    if as_json:
        click.echo(json.dumps({"step": step, "remaining": _REMAINING[step]}, indent=2))
    else:
        click.echo(f"{_TAKEN[step]}; {_TO_DO[step]}")


@host.command("hold-back")
@json_option
@settings_options
def hold_back(settings: Settings, as_json: bool) -> None:
    """Keep named from loading signed zones that it would sign again.

    The drop-in of named's unit runs it, before named starts. It renames the files of signed zones whose signed copy is
    lost, and prints their paths: the deployer publishes these zones again, from the copy of a secondary.
    """
    from appliance.nameserver import held_zones  # noqa: PLC0415 - the other commands start sooner without

    directory = settings.deployer.zone_directory
    held = [str(directory / f"{uuid}.zone") for uuid in held_zones.hold_back(directory)]
    if as_json:
        click.echo(json.dumps({"held_back": held}, indent=2))
    else:
        for path in held:
            click.echo(f"held back {path}")


@host.command("named-conf")
@click.argument("name")
@click.option(
    "--listen",
    multiple=True,
    metavar="ADDRESS",
    help="Address to listen on; may be repeated. The primary always listens on 127.0.0.1 too. "
    "[default: its own address and loopback]",
)
@click.option("--bind", type=_Release(), help="Its BIND release, such as 9.18. [default: that of this host]")
@settings_options
def named_conf(settings: Settings, name: str, listen: tuple[str, ...], bind: tuple[int, ...] | None) -> None:
    """Print the named.conf of a nameserver.

    NAME is its name in dns.nameservers. The output contains keys.

    \b
    Example: dns-appliance host named-conf ns2.example.net
    """
    from appliance.nameserver.programs import find_program  # noqa: PLC0415 - the other commands start sooner without
    from appliance.nameserver.version import read_version  # noqa: PLC0415
    from appliance.provision.servers import DIRECTORY, configuration  # noqa: PLC0415

    release = bind or read_version(find_program("named"))
    text = configuration(settings, name, DIRECTORY, settings.deployer.zone_directory, release, listen)
    click.echo(text.decode(), nl=False)
