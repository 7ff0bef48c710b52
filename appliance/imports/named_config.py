"""An existing named.conf with its includes: the zones that it is primary of, and the reasons to leave out others.

No program of BIND is needed, and the configuration may be a copy of another host's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from glob import has_magic
from pathlib import Path

from appliance.errors import InputError, InvalidValue
from appliance.imports.named_statements import NamedStatement, parse_statements
from appliance.imports.source import Source, SourceZone, ZoneData

Load = Callable[[Path, str], ZoneData]
"""(zone file, domain) -> its data."""

PRIMARY = ("master", "primary")
_REASONS: Mapping[str, str] = {
    "slave": "a secondary zone: import it from its primary, or by --from-server",
    "secondary": "a secondary zone: import it from its primary, or by --from-server",
    "mirror": "a mirror zone, which is another server's",
    "forward": "a forward zone, which only resolvers have",
    "hint": "the root hints, which only resolvers have",
    "stub": "a stub zone, which only resolvers have",
    "static-stub": "a static-stub zone, which only resolvers have",
    "redirect": "a redirect zone, which only resolvers have",
    "delegation-only": "a delegation-only zone, which only resolvers have",
}
_LOCAL = ("localhost", "localdomain", "127.in-addr.arpa", "0.in-addr.arpa", "255.in-addr.arpa")
_LOCAL_SUFFIXES = (".localhost", ".127.in-addr.arpa", ".0.ip6.arpa")
"""Zones that every nameserver has for itself (RFC 6303), in named.conf.default-zones too."""


@dataclass(slots=True)
class _Reader:
    """Reads a configuration. `root` is the folder in which absolute paths are, `directory` where relative ones are."""

    root: Path | None
    directory: Path
    read: list[Path] = field(default_factory=list)

    def statements(self, file: Path) -> Iterator[tuple[Path, NamedStatement]]:
        """Yield each statement of the file and of those that it includes, with its file."""
        if file in self.read:
            raise InvalidValue(f"{file} includes itself")
        self.read.append(file)
        for one in _parsed(file):
            if one.name == "include" and len(one.words) > 1:
                yield from self._included(file, one)
                continue
            if one.name == "options" and (directory := one.value_of("directory")):
                self.directory = self.path(directory)
            yield file, one
        self.read.pop()

    def within(self, file: Path, statement: NamedStatement) -> Iterator[tuple[Path, NamedStatement]]:
        """Yield each statement of a block, and of the files that it includes."""
        for one in statement.block:
            if one.name == "include" and len(one.words) > 1:
                yield from self._included(file, one)
            else:
                yield file, one

    def path(self, text: str) -> Path:
        """Return the path of a file that the configuration names."""
        path = Path(text)
        if path.is_absolute() and self.root:
            return self.root / path.relative_to("/")
        return path if path.is_absolute() else self.directory / path

    def _included(self, file: Path, statement: NamedStatement) -> Iterator[tuple[Path, NamedStatement]]:
        pattern = self.path(statement.words[1])
        found = _matching(pattern)
        if not found and not Path(statement.words[1]).is_absolute():
            found = _matching(file.parent / statement.words[1])
        if not found and not has_magic(str(pattern)):
            raise InvalidValue(
                f"{file}, line {statement.line}: the included file {pattern} does not exist; "
                "--root names the folder of a copied configuration"
            )
        for one in found:
            yield from self.statements(one)


def _matching(pattern: Path) -> list[Path]:
    """Return the files that a path with wildcards names."""
    relative = pattern.relative_to(pattern.anchor)
    found = Path(pattern.anchor or ".").glob(str(relative)) if relative.parts else ()
    return sorted(path for path in found if path.is_file())


@dataclass(frozen=True, slots=True)
class _Configured:
    """A zone statement: where it is, and its view."""

    file: Path
    statement: NamedStatement
    view: str | None

    @property
    def domain(self) -> str:
        """Return the zone's name."""
        return self.statement.words[1].lower().removesuffix(".") if len(self.statement.words) > 1 else ""

    @property
    def where(self) -> str:
        """Return file, line and domain."""
        return f"{self.file}, line {self.statement.line}: {self.domain or '.'}"


def read_named_conf(file: Path, load: Load, *, root: Path | None = None, view: str | None = None) -> Source:
    """Return the zones of a configuration.

    `root` is the folder of a copied host, in which the absolute paths are. `view` is the view to import; without it the
    only one, or the one that answers any client. Raise InvalidValue if the text is not a named.conf, an included file
    is missing, or a view must be chosen.
    """
    reader = _Reader(root, file.parent)
    configured, views = _zones(reader, file)
    chosen = _choose(view, views)
    source = Source()
    by_view = {(one.view, one.domain): one for one in configured}
    for one in configured:
        reason = _other_view(one, chosen)
        if reason:
            source.pass_over(one.where, reason)
            continue
        shared = one.statement.value_of("in-view")
        meant = by_view.get((shared, one.domain), one) if shared else one
        _add(source, meant, reader, load)
    return source


def _zones(reader: _Reader, file: Path) -> tuple[list[_Configured], dict[str, NamedStatement]]:
    """Return all zone statements, and the views by name."""
    configured: list[_Configured] = []
    views: dict[str, NamedStatement] = {}
    for at, statement in reader.statements(file):
        if statement.name == "zone":
            configured.append(_Configured(at, statement, None))
        elif statement.name == "view" and len(statement.words) > 1:
            views[statement.words[1]] = statement
            found = reader.within(at, statement)
            configured += [_Configured(where, one, statement.words[1]) for where, one in found if one.name == "zone"]
    return configured, views


def _choose(requested: str | None, views: Mapping[str, NamedStatement]) -> str | None:
    """Return the view to import, None if there are no views."""
    if requested is not None and requested not in views:
        raise InputError(f"there is no view {requested!r}; the views are: {', '.join(views) or 'none'}")
    if requested is not None or not views:
        return requested
    open_to_all = [name for name, view in views.items() if _answers_any(view)]
    if len(views) > 1 and len(open_to_all) != 1:
        raise InputError(f"the configuration has several views: choose one with --view, of {', '.join(views)}")
    return next(iter(views)) if len(views) == 1 else open_to_all[0]


def _answers_any(view: NamedStatement) -> bool:
    """Return whether a view answers any client."""
    clients = view.find("match-clients")
    named = [view.find(name) for name in ("match-destinations", "match-recursive-only")]
    return not any(named) and (clients is None or [one.words[:1] for one in clients.block] == [("any",)])


def _other_view(one: _Configured, chosen: str | None) -> str | None:
    if one.view == chosen:
        return None
    return f"in the view {one.view}: the appliance serves one view, here {chosen}"


def _add(source: Source, one: _Configured, reader: _Reader, load: Load) -> None:
    """Add a zone to the source, or the reason why it is left out."""
    reason = _reason_against(one)
    if reason:
        source.pass_over(one.where, reason)
        return
    file = reader.path(one.statement.value_of("file") or "")
    source.zones.append(SourceZone(one.domain, str(file), partial(_load, file, one.domain, load)))


def _reason_against(one: _Configured) -> str | None:
    """Return why a zone is left out, None if it is imported."""
    zone = one.statement
    kind = (zone.value_of("type") or "").lower()
    if one.domain in _LOCAL or one.domain.endswith(_LOCAL_SUFFIXES):
        return "a zone of the nameserver's own host, which the appliance does not serve"
    if _class_of(zone) not in ("in", "internet"):
        return f"a zone of the class {_class_of(zone)}"
    if kind not in PRIMARY:
        return _REASONS.get(kind, f"a zone of the type {kind!r}" if kind else "a zone without a type")
    if zone.find("file") is None:
        return "a zone without a file: import it by --from-server"
    if (zone.value_of("masterfile-format") or "text").lower() != "text":
        return "its file is not text: convert it with named-compilezone, or import it by --from-server"
    return None


def _class_of(zone: NamedStatement) -> str:
    return zone.words[2].lower() if len(zone.words) > 2 else "in"


def _load(file: Path, domain: str, load: Load) -> ZoneData:
    """Return the data of a zone file; raise InvalidValue if named has changes that are not in it yet."""
    journal = file.with_name(f"{file.name}.jnl")
    if journal.exists() and journal.stat().st_mtime_ns > file.stat().st_mtime_ns:
        raise InvalidValue(
            f"{journal} may have changes that are not in the zone file: run `rndc sync {domain}` on the old server, "
            "or import it by --from-server"
        )
    return load(file, domain)


def _parsed(file: Path) -> Iterable[NamedStatement]:
    """Return the statements of a file; an error names it."""
    try:
        return parse_statements(file.read_text("utf-8", "surrogateescape"))
    except InvalidValue as refused:
        raise InvalidValue(f"{file}, {refused}") from None
