"""`host`: what a host needs before the units start, for the playbook and the package that set it up."""

from __future__ import annotations

import json
import re

import click

from appliance.cli.options import json_option, settings_options
from appliance.settings import Settings


class _Release(click.ParamType[tuple[int, ...]]):
    """A release of BIND: 9.18."""

    name = "release"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Its numbers."""
        if not re.fullmatch(r"\d+(\.\d+)+", str(value)):
            self.fail(f"{value!r} is not a release such as 9.18", param, ctx)
        return tuple(map(int, str(value).split(".")))


@click.group()
def host() -> None:
    """Set up a host: keys, store, named.conf."""


@host.command("prepare")
@json_option
@settings_options
def prepare(settings: Settings, as_json: bool) -> None:
    """Make the keys, the store and the catalog file that are missing; migrate the store. For root.

    What was made is printed, and nothing when all was there.
    """
    from appliance.provision.prepare import prepare_host  # noqa: PLC0415 - the other commands start sooner without
    from appliance.provision.users import owners_of_host  # noqa: PLC0415

    made = []
    for one in prepare_host(settings, owners_of_host()):
        made.append(one)
        if not as_json:
            click.echo(f"made {one}")
    if as_json:
        click.echo(json.dumps({"made": made}, indent=2))


@host.command("named-conf")
@click.argument("name")
@click.option("--listen", multiple=True, metavar="ADDRESS", help="In place of its own address and loopback.")
@click.option("--bind", type=_Release(), help="The release of its BIND. [default: that of this host's]")
@settings_options
def named_conf(settings: Settings, name: str, listen: tuple[str, ...], bind: tuple[int, ...] | None) -> None:
    """Print the named.conf of the nameserver NAME of dns.nameservers; it holds keys.

    \b
    Example: dns-appliance host named-conf ns2.example.net
    """
    from appliance.deploy.host import find_program  # noqa: PLC0415 - the other commands start sooner without
    from appliance.nameserver.version import read_version  # noqa: PLC0415
    from appliance.provision.servers import DIRECTORY, configuration  # noqa: PLC0415

    release = bind or read_version(find_program("named"))
    text = configuration(settings, name, DIRECTORY, settings.deployer.zone_directory, release, listen)
    click.echo(text.decode(), nl=False)
