"""The documents match the code: what they name exists, what exists is documented, and their commands work."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import dns.name
import pytest

from appliance import settings
from appliance.app import create_app
from appliance.cli import program
from appliance.doors import registry
from appliance.doors.dyndns2.address_update import Word
from appliance.errors import DeployError
from appliance.settings import Settings
from appliance.store.tables import TABLES
from appliance.web import error_responses, error_status
from appliance.web.metrics import COUNTERS
from appliance.zones.rdata import TYPES, parse_rdata
from appliance.zones.signing import SigningProblem, SigningState
from appliance.zones.zone_warning import CODES
from tests.appliance import Appliance

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(ROOT.glob("clients/*/README.md")),
    ROOT / "bind-templates" / "README.md",
)
OPERATIONS = ROOT / "docs" / "operations.md"
API = ROOT / "docs" / "api.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DOORS = ROOT / "docs" / "doors.md"
README = ROOT / "README.md"
DNSSEC = ROOT / "docs" / "dnssec.md"
LISTED = (
    *("client", "console", "doctor", "doors", "doors/powerdns", "editing", "embedded", "identity"),
    *("imports", "integrations", "provision", "recovery", "settings", "updates", "web"),
)
"""Packages whose docstring lists their modules."""

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def rows(document: Path, heading: str) -> list[list[str]]:
    """Return the cells of the table whose heading begins with that cell, without backquotes."""
    lines = iter(document.read_text("utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {heading} |"):
            next(lines)
            return [_cells(row) for row in iter(lambda: next(lines, ""), "") if row.startswith("|")]
    raise AssertionError(f"{document.name} has no table {heading}")


def _cells(row: str) -> list[str]:
    return [re.sub(r"^`(.*)`$", r"\1", cell.strip()) for cell in row.strip("|").split(" |")]


def commands(group: click.Group, words: tuple[str, ...] = ("dns-appliance",)) -> Iterator[str]:
    """Yield every command with its full name, without groups."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name))


def find_command(words: list[str]) -> click.Command | None:
    """Return the command of a command line, None if there is none."""
    found: click.Command = program
    for word in words:
        if not isinstance(found, click.Group):
            break
        if word.startswith("-") or word not in found.commands:
            return None
        found = found.commands[word]
    return found


@every_document
def test_links_and_images_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text("utf-8")):
        if "://" not in target:
            assert (document.parent / target.partition("#")[0]).exists(), target


@every_document
def test_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text("utf-8")
    for name in re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py)`", text):
        assert (ROOT / name).exists() or (ROOT / "appliance" / name).exists(), name
    for name in re.findall(r"`((?:appliance|tests|docs|bench|tools|bind-templates)/[\w./-]*)`", text):
        assert (ROOT / name).exists(), name


@every_document
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = re.findall(r"(?:`|^ +)make ([a-z-]+)", document.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= targets


@every_document
def test_commands_that_are_named_exist(document: Path) -> None:
    for call in re.findall(r"(?:`|^ *|bin/)dns-appliance ([^`\n|]+)", document.read_text("utf-8"), re.MULTILINE):
        command = find_command(call.split())
        assert command is not None, call
        known = {option for one in command.params for option in one.opts} | {"--help", "--version"}
        assert set(re.findall(r"(?<= )--[a-z-]+", f" {call}")) <= known, call


def test_every_command_is_documented() -> None:
    calls = [re.sub(r" [A-Z]+$", "", row[0]) for row in rows(OPERATIONS, "command")]
    assert sorted(calls) == sorted(commands(program))


def test_every_setting_is_documented() -> None:
    documented = [(key, default, variable) for key, _, default, variable, _ in rows(OPERATIONS, "key")]
    assert documented == [
        (key, settings.print_value(_default(key)), f"DNS_APPLIANCE_{key.replace('.', '_').upper()}")
        for key in settings.known_keys()
    ]


def test_environment_variables_are_read() -> None:
    for key, _, _, variable, _ in rows(OPERATIONS, "key"):
        read = settings.read_settings(None, {variable: settings.print_value(_default(key))})
        assert read.sources == {key: variable}


def test_every_error_code_is_documented() -> None:
    documented = {tuple(row[:2]) for row in rows(API, "status")}
    documented |= set(re.findall(r"(\d{3})\s`([a-z_]+)`", API.read_text("utf-8")))
    codes = {(str(status), code) for status, code in error_responses.CODES.items()}
    codes |= {(str(error_status.STATUS[kind]), code) for kind, code in error_responses.CODES_BY_TYPE.items()}
    assert documented == codes


def test_every_type_is_documented_by_a_valid_example() -> None:
    origin = dns.name.from_text("example.com.")
    examples = rows(API, "type")
    assert [row[0] for row in examples] == [rdtype.name for rdtype in TYPES]
    for record_type, _, value, priority, shown in examples:
        content = parse_rdata(record_type, value, int(priority) if priority else None, origin)
        assert content.value == (shown or value)


def test_every_warning_is_documented() -> None:
    assert [row[0] for row in rows(API, "code")] == list(CODES)


def test_every_word_of_dyndns2_is_documented() -> None:
    assert {row[0] for row in rows(DOORS, "word")} == set(Word)


def test_paths_and_settings_of_doors_are_documented() -> None:
    documented = {(row[1], row[2]) for row in rows(DOORS, "door")}
    served = {(door.prefixes[0], f"doors.{door.key}") for door in registry.DOORS}
    assert served <= documented


def test_every_table_is_documented() -> None:
    stored = {table._meta.table_name for table in TABLES}
    assert {row[0] for row in rows(ARCHITECTURE, "table")} == stored | {"schema_migration"}


def test_every_package_is_documented() -> None:
    packages = {file.parent.name for file in (ROOT / "appliance").glob("*/__init__.py")}
    for document, pattern in ((README, r"^    appliance/(\w+)/ "), (ARCHITECTURE, r"`(\w+)/`")):
        assert set(re.findall(pattern, document.read_text("utf-8"), re.MULTILINE)) >= packages, document.name


@pytest.mark.parametrize("package", LISTED)
def test_packages_list_all_their_modules(package: str) -> None:
    folder = ROOT / "appliance" / package
    listed = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    modules = {file.stem for file in folder.glob("[a-z]*.py")}
    assert modules <= set(re.findall(r"\w+", listed))


def test_every_state_and_problem_of_dnssec_is_documented() -> None:
    for document in (API, DNSSEC):
        assert {row[0] for row in rows(document, "problem")} == {problem.value for problem in SigningProblem}
    assert {row[0] for row in rows(DNSSEC, "state")} == {state.value for state in SigningState}


def test_every_step_of_a_deployment_is_documented() -> None:
    steps = {error.step for error in DeployError.__subclasses__()} | {"withdraw"}
    paragraph = next(text for text in OPERATIONS.read_text("utf-8").split("\n\n") if text.startswith("**A zone is"))
    assert set(re.findall(r"`([a-z]+)`", paragraph)) >= steps


def test_every_event_is_documented() -> None:
    events: set[str] = set()
    for source in (ROOT / "appliance").rglob("*.py"):
        events |= set(re.findall(r'"event=([a-z-]+)', source.read_text("utf-8")))
    assert {row[0] for row in rows(OPERATIONS, "event")} == events


def test_every_metric_is_documented() -> None:
    assert sorted(row[0].partition("{")[0] for row in rows(OPERATIONS, "metric")) == sorted(metrics())


def test_monitoring_uses_existing_metrics() -> None:
    for file in (ROOT / "docs" / "monitoring").iterdir():
        assert set(re.findall(r"dns_appliance_\w+", file.read_text("utf-8"))) <= metrics()


def test_every_call_is_documented() -> None:
    shown = {tuple(row[0].split(" ")) for row in rows(API, "call")}
    calls = {
        (method, re.sub(r"<[a-z]+:([a-z_]+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in create_app(Settings()).url_map.iter_rules()
        if rule.endpoint.split(".")[0] not in ("console", "document", "doors", "health")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert shown == calls


def test_the_commands_of_the_readme(tmp_path: Path) -> None:
    first, then = re.findall(r"```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len(first.splitlines()) == 5
    with Appliance() as appliance:
        ports = {"8053": appliance.ports.api, "5301": appliance.ports.dns, "5302": appliance.ports.dns + 1}
        script = re.sub("|".join(ports), lambda port: str(ports[port[0]]), first)
        token = appliance.token("admin@appliance.test")
        assert _run(script, tmp_path, TOKEN=token, no_proxy="*").splitlines()[-2:] == ["192.0.2.1", "192.0.2.1"]
        script = then.replace("=var\n", f"={appliance.state}\n").replace(".venv/bin", str(Path(sys.executable).parent))
        printed = _run(script, tmp_path)
    assert "~ www 3600 A 192.0.2.1: value 192.0.2.1 -> 192.0.2.2" in printed
    assert "1 zone in this dry run: 0 imported, 0 updated, 1 unchanged, 0 refused" in printed


def _run(script: str, folder: Path, **environment: str) -> str:
    return subprocess.run(
        ("/bin/sh", "-eu"),
        input=script,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def metrics() -> set[str]:
    """Return the names of all metrics."""
    source = (ROOT / "appliance" / "web" / "metrics.py").read_text("utf-8")
    counted = {f"{name}_total" for name in re.findall(r'Counter(?:MetricFamily)?\(\s*"(\w+)"', source)}
    counted |= {f"dns_appliance_{name}_total" for name in COUNTERS}
    return counted | {f"dns_appliance_{name}" for name in re.findall(r'_gauge\("(\w+)"', source)}


def _default(key: str) -> object:
    section, _, name = key.partition(".")
    return getattr(getattr(Settings(), section), name)
