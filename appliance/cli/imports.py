"""`zone import`: move zones in from files, a named.conf, a running server, or another provider's export."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from dns.name import Name

from appliance.addresses import Endpoint, Nameserver, parse_address, parse_endpoint
from appliance.cli.location import REMOTE, find_remote, find_settings, located, location_options, remote_options
from appliance.cli.options import acting_for, now, opened
from appliance.cli.output import json_option, print_json
from appliance.cli.remote import open_remote
from appliance.cli.remote_import import RemoteImporter
from appliance.cli.screen import progress
from appliance.editing import editor_from
from appliance.errors import InputError
from appliance.imports.axfr import zones_of_server
from appliance.imports.formats import FORMATS, Options, read_input, read_path
from appliance.imports.importer import Choices, Existing, Importer
from appliance.imports.owners import OTHERS, read_owners
from appliance.imports.report import document, text_lines
from appliance.imports.results import Report
from appliance.imports.source import Source
from appliance.imports.tsig import VARIABLE, find_tsig
from appliance.principal import Principal
from appliance.store import accounts
from appliance.zones.names import print_domain

STANDARD_INPUT = "-"
DNS_PORT = 53


class ServerParameter(click.ParamType[Nameserver]):
    """A nameserver at an IP address, with port 53 unless another one follows it."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Nameserver:  # noqa: ANN401
        """Parse the address."""
        with suppress(InputError):
            return Nameserver(value, Endpoint(parse_address(value), DNS_PORT))
        try:
            return Nameserver(value, parse_endpoint(value))
        except (ValueError, InputError):
            self.fail(f"{value!r} is not an IP address, such as 192.0.2.1 or 192.0.2.1:5353", param, ctx)


FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def source_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how the sources are read."""
    options = (
        click.option("--format", "file_format", type=click.Choice(FORMATS), help="Format, unless each file shows it."),
        click.option("--zone", "domain", metavar="DOMAIN", help="Domain of a zone file that does not name it."),
        click.option("--view", help="View of a named.conf to import."),
        click.option("--root", type=FOLDER, help="Folder with the files of a copied host, for its named.conf."),
        click.option(
            "--from-server",
            "server",
            type=ServerParameter(),
            help="Transfer the zones from this address; each SOURCE is a domain, or @FILE with one a line.",
        ),
        click.option("--tsig-key", metavar="FILE", help=f"File with the TSIG key of the transfers, or {VARIABLE}."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def choice_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what is done with the zones."""
    options = (
        click.option("--merge", is_flag=True, help="Add the records to zones that exist."),
        click.option("--replace", is_flag=True, help="Replace the records of zones that exist."),
        click.option("--confirm", is_flag=True, help="Permit the removal of over 30 % of a zone's records."),
        click.option("--skip-refused", is_flag=True, help="Leave out refused records, rather than refuse their zone."),
        click.option("--drop-ns", is_flag=True, help="Leave out the NS records at the apex: the former nameservers."),
        click.option("--dry-run", is_flag=True, help="Report what would be done, and store nothing."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("import")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--account", "email", metavar="EMAIL", help="Account that gets the zones.")
@click.option("--owners", type=FILE, help="Table of a domain and the email of its account on each line.")
@source_options
@choice_options
@json_option
@location_options
@remote_options
def import_zones(
    sources: tuple[str, ...],
    email: str | None,
    owners: Path | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - the values of `source_options`, `choice_options` and those that select an appliance
) -> None:
    """Import zones from zone files, folders, a named.conf, a running server, or exports of other providers.

    SOURCE is a file, a folder, or - for the standard input: a zone file, a named.conf, JSON of PowerDNS, an export of
    Cloudflare, or a CSV table. Each zone is stored by itself, with a serial later than its former one; after an
    interruption the same command continues. Exits with status 1 if a zone is refused.
    """
    choices = _choices(given)
    with _importer(given, email, owners, choices) as importer:
        found = _read(sources, given)
        report = Report([], found.passed_over, found.refused, choices.dry_run)
        try:
            _import(importer, found, report)
        finally:
            _print(report, as_json=as_json)
    sys.exit(0 if report.is_complete else 1)


@contextmanager
def _importer(
    given: dict[str, Any], email: str | None, owners: Path | None, choices: Choices
) -> Iterator[Importer | RemoteImporter]:
    """Yield what imports zones on this host, for these accounts, or with `--url` for the account of the token."""
    place = given.pop("config_file"), given.pop("state")
    remote = find_remote(*place, {name: given.pop(name) for name in REMOTE})
    if remote and (email or owners):
        raise click.UsageError("--account and --owners are for the appliance's host: the token says which account")
    if remote:
        yield RemoteImporter(open_remote(remote), choices)
        return
    if not (email or owners):
        raise click.UsageError("name the account of the zones with --account or --owners")
    settings = find_settings(*located(*place))
    with opened(settings) as store:
        yield Importer(editor_from(settings, store, now), _owner(email, owners), choices)


def _print(report: Report, *, as_json: bool) -> None:
    """Print what was done, also if the import failed then: it says how to continue."""
    if as_json:
        print_json(document(report))
    else:
        for line in text_lines(report):
            click.echo(line)


def _import(importer: Importer | RemoteImporter, found: Source, report: Report) -> None:
    """Import the zones with a progress bar; an interrupt ends that between two zones or undoes the one at hand."""
    with suppress(KeyboardInterrupt), progress("Importing") as move:
        report.interrupted = True
        for result in importer.run(found.zones):
            report.results.append(result)
            move(len(report.results), len(found.zones))
        report.interrupted = False


def _choices(given: Mapping[str, Any]) -> Choices:
    if given["merge"] and given["replace"]:
        raise click.UsageError("--merge and --replace cannot be used together")
    existing = Existing.MERGE if given["merge"] else Existing.REPLACE if given["replace"] else Existing.REFUSE
    return Choices(
        existing=existing,
        skip_refused=given["skip_refused"],
        confirmed=given["confirm"],
        keep_ns=not given["drop_ns"],
        dry_run=given["dry_run"],
    )


def _read(sources: Sequence[str], given: Mapping[str, Any]) -> Source:
    """Return the zones of all sources; raise ApplianceError or OSError before anything is imported."""
    if given["server"]:
        key = find_tsig(given["tsig_key"], os.environ.get(VARIABLE))
        return zones_of_server(given["server"], _domains(sources), key)
    if given["tsig_key"]:
        raise click.UsageError("--tsig-key needs --from-server")
    options = Options(given["file_format"], given["domain"], given["root"], given["view"])
    found = Source()
    for one in sources:
        is_input = one == STANDARD_INPUT
        found.extend(read_input(sys.stdin.buffer.read(), options) if is_input else read_path(Path(one), options))
    return found


def _domains(sources: Sequence[str]) -> Iterator[str]:
    """Yield the domains: each source is one, or @FILE with one a line."""
    for one in sources:
        if one.startswith("@"):
            lines = Path(one.removeprefix("@")).read_text("utf-8").splitlines()
            yield from (words[0] for line in lines if (words := line.partition("#")[0].split()))
        else:
            yield one


def _owner(email: str | None, table: Path | None) -> Callable[[Name], Principal]:
    """Return the function that finds the principal for a zone; raise NotFound if an account does not exist."""
    owners = read_owners(table) if table else {}
    principals = {
        one: acting_for(accounts.find_account(one)) for one in {*owners.values(), *([email] if email else [])}
    }

    def owner(origin: Name) -> Principal:
        found = owners.get(origin) or owners.get(OTHERS) or email
        if found is None:
            raise InputError(f"{table} has no account for {print_domain(origin)}; a line with * has it for all others")
        return principals[found]

    return owner
