"""Files and folders as sources: each file is read in the format that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.errors import InputError, InvalidValue
from appliance.imports import cloudflare, powerdns
from appliance.imports.csv_table import is_table, read_table
from appliance.imports.named_config import read_named_conf
from appliance.imports.named_statements import is_named_conf
from appliance.imports.source import Source, SourceZone, ZoneData
from appliance.imports.zone_text import domain_of, is_zone_text, read_zone_text
from appliance.zones.zone_file_reader import decode_zone_file

FORMATS = ("zone", "named.conf", "powerdns", "cloudflare", "csv")
_SKIPPED = {
    ".jnl": "a journal of named",
    ".jbk": "a journal of named",
    ".signed": "a signed copy: its unsigned zone file is imported",
    ".key": "a key",
    ".private": "a key",
    ".state": "the state of a key",
    ".nzd": "a database of named",
    ".nzf": "a configuration of named",
    ".mkeys": "keys of named",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How files are read; without `format` each in the one that it has.

    `domain` is that of a single zone file; `root` and `view` are as in `read_named_conf`.
    """

    format: str | None = None
    domain: str | None = None
    root: Path | None = None
    view: str | None = None


@dataclass(frozen=True, slots=True)
class _File:
    """A file, or the standard input, which has no path."""

    name: str
    read: Callable[[], bytes]
    path: Path | None = None

    def text(self) -> str:
        """Return the text; raise InvalidValue for other files."""
        octets = self.read()
        if b"\0" in octets:
            raise InvalidValue(f"{self.name} is not text: convert a raw zone file with named-compilezone")
        return decode_zone_file(octets)


def read_path(path: Path, options: Options) -> Source:
    """Return the zones of a file or folder; raise InputError or OSError if it is none."""
    if not path.is_dir():
        return _read(_File(str(path), path.read_bytes, path), options)
    source = Source()
    for file in sorted(path.rglob("*")):
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
            _add_file(source, file, options)
    return source


def read_input(octets: bytes, options: Options) -> Source:
    """Return the zones in what was read from the standard input."""
    return _read(_File("standard input", lambda: octets), options)


def _add_file(source: Source, file: Path, options: Options) -> None:
    """Add the zones of a file of a folder, or the reason why it has none."""
    reason = _SKIPPED.get(file.suffix) or ("a copy of an editor" if file.name.endswith("~") else None)
    if reason:
        source.pass_over(file, reason)
        return
    try:
        text = _File(str(file), file.read_bytes, file).text()
        found = options.format or _format_of(text)
        if found == "named.conf":
            source.pass_over(file, "a configuration of named: import it by naming it")
        elif found == "zone" and not is_zone_text(text):
            source.pass_over(file, "not a zone file: it has no SOA record")
        else:
            source.extend(_read(_File(str(file), file.read_bytes, file), options))
    except (InputError, OSError) as refused:
        source.refuse(file, str(refused))


def _read(file: _File, options: Options) -> Source:
    text = file.text()
    found = options.format or _format_of(text)
    if found == "named.conf":
        if file.path is None:
            raise InvalidValue("a named.conf must be a file: the files that it names are relative to it")
        return read_named_conf(file.path, _load_zone_file, root=options.root, view=options.view)
    if found == "powerdns":
        return _read_powerdns(text, file.name)
    if found == "csv":
        tables = read_table(text, file.name)
        return Source([SourceZone(domain, file.name, partial(_same, data)) for domain, data in tables.items()])
    domain = options.domain or _domain_of(text, file.name, found)
    load = partial(_load, file, domain, is_export=found == "cloudflare")
    return Source([SourceZone(domain, file.name, load)])


def _format_of(text: str) -> str:
    if text.lstrip().startswith(("{", "[")):
        return "powerdns"
    if cloudflare.is_cloudflare(text):
        return "cloudflare"
    if is_table(text):
        return "csv"
    return "named.conf" if is_named_conf(text) else "zone"


def _domain_of(text: str, name: str, found: str) -> str:
    named = cloudflare.domain_of_export(text) if found == "cloudflare" else ""
    return named or domain_of(text, name)


def _read_powerdns(text: str, name: str) -> Source:
    source = Source()
    for zone in powerdns.zones_in(text, name):
        reason = powerdns.reason_against(zone)
        if reason:
            source.pass_over(f"{name}: {zone['name']}", reason)
        else:
            source.zones.append(SourceZone(zone["name"], name, partial(powerdns.read_zone, zone, name)))
    return source


def _load_zone_file(path: Path, domain: str) -> ZoneData:
    return _load(_File(str(path), path.read_bytes, path), domain)


def _load(file: _File, domain: str, *, is_export: bool = False) -> ZoneData:
    """Return the data of a zone file, or of an export of Cloudflare."""
    text = file.text()
    if not is_export:
        return read_zone_text(text, domain, file.name)
    plain, notes = cloudflare.plain_zone_file(text, file.name)
    return read_zone_text(plain, domain, file.name, notes=notes)


def _same(data: ZoneData) -> ZoneData:
    return data
