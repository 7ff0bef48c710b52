"""The commands that keep running: `run`, `serve`, `deployer`, `updates`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import click

from appliance.addresses import Endpoint, parse_listen_endpoint
from appliance.cli.location import located
from appliance.cli.options import now, settings_options
from appliance.errors import AlreadyRunning, InputError, SettingsError
from appliance.processes import log_to_stderr, shared_lock
from appliance.settings import Settings
from appliance.store.file.snapshot import API_LOCK
from appliance.systemd import manager_from_environment


class _Endpoint(click.ParamType[Endpoint]):
    """An address and port, such as 127.0.0.1:8053."""

    name = "host:port"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Endpoint:
        """Parse the endpoint."""
        try:
            return parse_listen_endpoint(str(value))
        except (ValueError, InputError):
            self.fail(f"{value!r} is not an address and port such as 127.0.0.1:8053", param, ctx)


@click.command()
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    help="Folder for all its data, or DNS_APPLIANCE_STATE.  [default: ./var]",
)
@click.option(
    "--api", default="127.0.0.1:8053", show_default=True, type=_Endpoint(), help="Address and port of the API."
)
@click.option(
    "--dns-port",
    default=5301,
    show_default=True,
    type=click.IntRange(1, 65533),
    help="Port of ns1; ns2 uses the next one, DNS UPDATE the one after.",
)
def run(state: Path | None, api: Endpoint, dns_port: int) -> None:
    """Run a complete appliance on loopback.

    It runs in the foreground until Ctrl-C.

    \b
    Example: dns-appliance run --state ./var
    """
    from appliance.embedded.run import run as run_embedded  # noqa: PLC0415 - the other commands start sooner without

    log_to_stderr()
    run_embedded(located(None, state)[1] or Path("var"), api, dns_port, now, click.echo)


@click.command()
@settings_options
def serve(settings: Settings) -> None:
    """Serve the API and the console.

    The unit dns-appliance-api runs this command.
    """
    from appliance.serving import serve as serve_requests  # noqa: PLC0415 - the other commands start sooner without

    log_to_stderr()
    manager = manager_from_environment(os.environ, os.getpid())

    def stop(_number: int, _frame: object) -> NoReturn:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        manager.notify_stopping()
        sys.exit(0)  # running requests are answered first

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with shared_lock(settings.store.path.with_name(API_LOCK)):
        serve_requests(settings, manager)


@click.command()
@click.option("--once", is_flag=True, help="Deploy all zones, then exit; status 1 if a zone is not live.")
@click.option("--allow-removals", is_flag=True, help="Let the running deployer remove unknown zones, and exit.")
@settings_options
def deployer(settings: Settings, once: bool, allow_removals: bool) -> None:
    """Publish zones to the nameservers.

    The unit dns-appliance-deployer runs this command.
    """
    from appliance.deploy.process import allow_removals as allow  # noqa: PLC0415 - the other commands start sooner
    from appliance.deploy.process import run_deployer  # noqa: PLC0415

    log_to_stderr()
    if not settings.dns.nameservers:
        raise SettingsError(
            "dns.nameservers is empty; set it to name=address:port of each nameserver, the primary first"
        )
    try:
        manager = manager_from_environment(os.environ, os.getpid())
        all_live = run_deployer(settings, now, manager, once=once, allow_removals=allow_removals)
    except AlreadyRunning as running:
        if not allow_removals:
            raise
        click.echo(f"{allow(settings, now)} unknown zones will be removed by the running deployer ({running})")
    else:
        sys.exit(0 if all_live or not once else 1)


@click.command()
@settings_options
def updates(settings: Settings) -> None:
    """Listen for DNS UPDATE and zone transfers at doors.update.

    The unit dns-appliance-updates runs this command.
    """
    from appliance.updates.updates_process import run_updates  # noqa: PLC0415 - the other commands start sooner

    log_to_stderr()
    run_updates(settings, now, manager_from_environment(os.environ, os.getpid()))
