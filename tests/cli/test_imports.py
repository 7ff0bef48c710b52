"""`zone import`: what it reports, its exit status, and who gets the zones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from appliance.cli import program
from appliance.errors import StoreError
from appliance.keys import new_key
from appliance.store import zones
from appliance.zones.names import parse_domain
from tests.cli.conftest import State
from tests.pair import LOOPBACK, free_port

ZONE = """$ORIGIN {0}.
@ 300 SOA ns.old.example. admin.old.example. 2099010107 3600 600 604800 300
@ 300 NS ns.old.example.
www 300 A 192.0.2.1
"""


def write(folder: Path, *domains: str, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    for domain in domains:
        (folder / f"db.{domain}").write_text(ZONE.format(domain) + more)
    return folder


def report(state: State, *words: str) -> tuple[int, dict[str, Any]]:
    result = state.run_here("zone", "import", *words, "--json")
    return result.exit_code, json.loads(result.stdout)


def test_a_folder_is_imported_once(state: State, tmp_path: Path) -> None:
    folder = write(tmp_path / "zones", "example.com", "example.net")
    dry = report(state, str(folder), "--account", "owner@example.org", "--dry-run")
    assert (dry[0], dry[1]["dry_run"], dry[1]["counts"]["imported"]) == (0, True, 2)
    assert zones.get_by_name(parse_domain("example.com")) is None
    status, first = report(state, str(folder), "--account", "owner@example.org")
    assert (status, first["counts"]) == (0, {"imported": 2, "updated": 0, "unchanged": 0, "refused": 0})
    assert [(one["serial"], one["added"]) for one in first["zones"]] == [(2099010108, 2)] * 2
    status, second = report(state, str(folder), "--account", "owner@example.org")
    assert (status, second["counts"]["unchanged"]) == (0, 2)


def test_the_report_for_people(state: State, tmp_path: Path) -> None:
    folder = write(tmp_path / "zones", "example.com", "example.net")
    write(folder, "example.org", more="bad 300 A 192.0.2.999\n")
    result = state.run_here("zone", "import", str(folder), "--account", "owner@example.org")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "example.com imported, serial 2099010108: 2 records added, 0 changed, 0 removed",
        "example.net imported, serial 2099010108: 2 records added, 0 changed, 0 removed",
        "note: keeps the nameservers ns.old.example: they must go on serving it: example.com, example.net, example.org",
        f"refused: example.org ({folder}/db.example.org)",
        f"  {folder}/db.example.org:5: bad.example.org. A: '192.0.2.999' is not an IPv4 address such as 192.0.2.1",
        "3 zones: 2 imported, 0 updated, 0 unchanged, 1 refused",
    ]
    options = ("--account", "owner@example.org", "--skip-refused", "--drop-ns", "--replace")
    again = state.run_here("zone", "import", f"{folder}/db.example.org", *options)
    assert again.exit_code == 0
    assert "example.org imported, serial 2099010108: 1 record added" in again.stdout
    assert "left out because it is refused: '192.0.2.999' is not an" not in again.stdout
    assert f"{folder}/db.example.org:5" in again.stdout


def test_owners_come_from_a_table(state: State, tmp_path: Path) -> None:
    folder = write(tmp_path / "zones", "example.com", "example.net")
    table = tmp_path / "owners"
    table.write_text("example.com stranger@example.org\n")
    status, first = report(state, str(folder), "--owners", str(table))
    assert (status, first["counts"]["imported"], first["counts"]["refused"]) == (1, 1, 1)
    assert "has no account for example.net; a line with *" in str(first["zones"])
    assert report(state, str(folder), "--owners", str(table), "--account", "owner@example.org")[0] == 0
    owners = [zones.get_by_name(parse_domain(domain)) for domain in ("example.com", "example.net")]
    workspace = state.workspace
    assert [one and one.account for one in owners] == [workspace.stranger.account.uuid, workspace.owner.account.uuid]
    table.write_text("example.com nobody@example.org\n")
    refused = state.run_here("zone", "import", str(folder), "--owners", str(table))
    assert refused.exit_code == 1
    assert "nobody@example.org" in str(refused.exception)


def test_the_standard_input(state: State) -> None:
    words = ("zone", "import", "-", "--account", "owner@example.org", "--state", str(state.folder))
    result = CliRunner().invoke(program, words, input=ZONE.format("example.com"))
    assert result.exit_code == 0, result.output
    assert zones.get_by_name(parse_domain("example.com"))


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        ((), "name the account of the zones"),
        (("--account", "owner@example.org", "--merge", "--replace"), "cannot be used together"),
        (("--account", "owner@example.org", "--tsig-key", "x"), "needs --from-server"),
        (("--account", "owner@example.org", "--from-server", "ns.example"), "is not an IP address"),
    ],
)
def test_wrong_usage(state: State, tmp_path: Path, words: tuple[str, ...], detail: str) -> None:
    result = state.run_here("zone", "import", str(tmp_path), *words)
    assert result.exit_code == 2
    assert detail in result.output


def test_nothing_is_imported_if_a_source_cannot_be_read(state: State, tmp_path: Path) -> None:
    folder = write(tmp_path / "zones", "example.com")
    result = state.run_here("zone", "import", str(folder), str(tmp_path / "missing"), "--account", "owner@example.org")
    assert (result.exit_code, type(result.exception)) == (1, FileNotFoundError)
    assert zones.get_by_name(parse_domain("example.com")) is None


def test_progress_on_a_terminal(state: State, tmp_path: Path) -> None:
    folder = write(tmp_path / "zones", "example.com", "example.net")
    status, shown = state.run_on_a_terminal("zone", "import", str(folder), "--account", "owner@example.org", typed="")
    assert status == 0
    assert "Importing" in shown
    assert "100%" in shown
    assert "2 zones: 2 imported" in shown


def test_the_key_of_transfers_may_be_in_the_environment(state: State) -> None:
    key = new_key("transfer")
    server = f"{LOOPBACK}:{free_port()}"
    words = ("zone", "import", "example.com", "--from-server", server, "--account", "owner@example.org")
    options = ("--state", str(state.folder))
    key_line = f"transfer:hmac-sha256:{key.secret}"
    refused = state.run(*words, *options, DNS_APPLIANCE_TSIG_KEY=key_line)
    assert (refused.exit_code, key.secret in refused.output) == (1, False)
    wrong = state.run(*words, *options, DNS_APPLIANCE_TSIG_KEY="transfer:hmac-sha256")
    assert "must be name:algorithm:secret" in str(wrong.exception)
    result = state.run(*words, *options, "--tsig-key", key_line)
    assert "use a file, or DNS_APPLIANCE_TSIG_KEY" in str(result.exception)
    assert key.secret not in str(result.exception)


def test_the_report_of_an_import_that_fails(state: State, tmp_path: Path) -> None:
    folder = write(tmp_path / "zones", "example.com", "example.net")
    report(state, str(folder / "db.example.com"), "--account", "owner@example.org")
    with state.workspace.store.writing():
        result = state.run_here("zone", "import", str(folder), "--account", "owner@example.org")
    assert (result.exit_code, type(result.exception)) == (1, StoreError)
    assert result.stdout.splitlines()[-2:] == [
        "1 zone: 0 imported, 0 updated, 1 unchanged, 0 refused",
        "interrupted: run the same command again to continue",
    ]
    assert report(state, str(folder), "--account", "owner@example.org")[0] == 0
