"""The program `dns-appliance` beside a running appliance: what operators and scripts depend on."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import dns.zone
import pytest

from appliance.store.file import sqlite
from tests.appliance import PROGRAM, Appliance, Client
from tests.pair import wait_for


def listed(appliance: Appliance, *words: str) -> list[dict[str, Any]]:
    """Return the JSON array that a command prints."""
    rows: list[dict[str, Any]] = json.loads(appliance.command(*words, "--json"))
    return rows


def test_accounts_are_created_listed_and_disabled(appliance: Appliance) -> None:
    appliance.command("account", "create", "Person@example.org", "--admin")
    (found,) = (one for one in listed(appliance, "account", "list") if one["email"] == "person@example.org")
    assert (found["is_admin"], found["zone_count"], found["disabled_at"]) == (True, 0, None)
    api = appliance.client(appliance.token("person@example.org"))
    api.expect(200, "GET", "/dns-zones/")
    appliance.command("account", "disable", "person@example.org")
    api.expect(401, "GET", "/dns-zones/")
    appliance.command("account", "enable", "person@example.org")
    api.expect(401, "GET", "/dns-zones/")
    appliance.client(appliance.token("person@example.org")).expect(200, "GET", "/dns-zones/")
    assert "an account with the email person@example.org already exists" in appliance.command(
        "account", "create", "person@example.org", status=1
    )
    assert "is not an email address" in appliance.command("account", "create", "nobody", status=1)


def test_a_password_is_kept_as_its_hash(appliance: Appliance) -> None:
    email, password = "password@example.org", "correct horse battery"
    appliance.command("account", "create", email)
    appliance.command("account", "password", email, typed=f"{password}\n")
    with closing(sqlite.connect(appliance.state / "store" / "store.sqlite3")) as database:
        ((kept,),) = database.execute("select password_hash from account where email = ?", (email,))
    assert kept.startswith("$argon2id$")
    assert password not in kept
    assert "12 to 1024 characters" in appliance.command("account", "password", email, typed="short\n", status=1)
    assert "there is no account" in appliance.command("account", "password", "x@y.z", typed=f"{password}\n", status=1)


def test_tokens_are_listed_without_their_secret_and_revoked(appliance: Appliance) -> None:
    secret = appliance.token("tokens@example.org", "dns:list", options=("--expires", "90d", "--network", "127.0.0.0/8"))
    (found,) = (one for one in listed(appliance, "token", "list") if secret.startswith(one["prefix"]))
    assert found["account"] == "tokens@example.org"
    assert found["permissions"] == ["dns:list"]
    assert found["allowed_networks"] == ["127.0.0.0/8"]
    assert found["expires_at"]
    assert secret not in json.dumps(found)
    api = appliance.client(secret)
    api.expect(200, "GET", "/dns-zones/")
    appliance.command("token", "revoke", found["uuid"])
    api.expect(401, "GET", "/dns-zones/")


def test_a_token_keeps_to_its_zones_and_networks(appliance: Appliance) -> None:
    email = "narrow@example.org"
    wide = appliance.client(appliance.token(email))
    mine, other = wide.zone("mine.example"), wide.zone("other.mine.example")
    narrow = appliance.client(appliance.token(email, options=("--zone", "mine.example")))
    assert [zone["domain"] for zone in narrow.expect(200, "GET", "/dns-zones/")] == ["mine.example"]
    narrow.record(mine, "A", "www", "192.0.2.1")
    narrow.expect(404, "GET", f"/dns-zones/{other['uuid']}/")
    narrow.expect(403, "POST", "/dns-zones/", {"domain": "third.mine.example"})
    elsewhere = appliance.client(appliance.token(email, options=("--network", "192.0.2.0/24")))
    elsewhere.expect(401, "GET", "/dns-zones/")


def test_zones_are_created_shown_exported_and_deleted(appliance: Appliance, api: Client) -> None:
    appliance.command("zone", "create", "shell.example", "--account", "stories@example.org")
    (zone,) = api.expect(200, "GET", "/dns-zones/?domain=shell.example")
    api.record(zone, "TXT", "@", 'say "hi"')
    api.wait_until_live(zone)
    shown = json.loads(appliance.command("zone", "show", "shell.example", "--json"))
    assert (shown["deployment"]["state"], shown["records"][0]["value"]) == ("live", 'say "hi"')
    assert "shell.example" in {
        one["domain"] for one in listed(appliance, "zone", "list", "--account", "stories@example.org")
    }
    exported = dns.zone.from_text(
        appliance.command("zone", "export", "shell.example"), "shell.example.", relativize=False
    )
    assert {rdataset.rdtype.name for _, rdataset in exported.iterate_rdatasets()} == {"SOA", "NS", "TXT"}
    appliance.command("zone", "delete", "shell.example")
    wait_for(
        lambda: all(appliance.rcode("shell.example", server) == "REFUSED" for server in (1, 2)),
        "no nameserver serves it",
    )
    assert "there is no zone" in appliance.command("zone", "show", "shell.example", status=1)


def test_status_is_1_until_all_is_live(appliance: Appliance, api: Client) -> None:
    zone = api.zone("status.example")
    api.wait_until_live(zone)
    (row,) = listed(appliance, "status", "status.example")
    served = [(server["name"], server["serial"]) for server in row["deployment"]["nameservers"]]
    assert served == [("ns1.appliance.test", zone["serial"]), ("ns2.appliance.test", zone["serial"])]
    assert row["serial"] == zone["serial"]
    with appliance.without("appliance deployer"):
        api.record(zone, "A", "www", "192.0.2.1")
        assert "pending" in appliance.command("status", "status.example", status=1)
    api.wait_until_live(zone)
    assert "live" in appliance.command("status", "status.example")


def on_a_terminal(appliance: Appliance, *words: str, **environment: str) -> tuple[Terminal, subprocess.Popen[bytes]]:
    """Start the command on a pseudo-terminal."""
    ours, theirs = pty.openpty()
    argv = (*PROGRAM, *words, "--state", str(appliance.state))
    process = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | environment)
    os.close(theirs)
    return Terminal(ours), process


class Terminal:
    """The output of a pseudo-terminal, read by a thread."""

    def __init__(self, ours: int) -> None:
        self.drawn = b""
        self._ours = ours
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def end(self) -> str:
        """Return the output once the command has closed the terminal."""
        self._reader.join()
        os.close(self._ours)
        return self.drawn.decode()

    def _read(self) -> None:
        with suppress(OSError):  # the other side is closed
            while octets := os.read(self._ours, 4096):
                self.drawn += octets


def test_status_is_watched_on_a_terminal_until_all_is_live(appliance: Appliance, api: Client) -> None:
    zone = api.zone("watched.example")
    api.wait_until_live(zone)
    with appliance.without("appliance deployer"):
        api.record(zone, "A", "www", "192.0.2.1")
        terminal, process = on_a_terminal(appliance, "status", "watched.example", "--watch", TERM="xterm")
        wait_for(lambda: terminal.drawn.count(b"0 of 1 zones are live") > 1, "it was drawn twice")
    assert process.wait(60) == 0
    drawn = terminal.end()
    assert "\x1b[33mpending" in drawn
    assert "\x1b[32mlive" in drawn
    assert "watched.example" in appliance.command("status", "watched.example", "--watch")


def test_colours_are_for_terminals_that_want_them(appliance: Appliance, api: Client) -> None:
    api.wait_until_live(api.zone("coloured.example"))
    assert "\x1b" not in appliance.command("status", "coloured.example")
    for environment, coloured in (({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
        terminal, process = on_a_terminal(appliance, "status", "coloured.example", **environment)
        assert process.wait(60) == 0
        assert ("\x1b[32m" in terminal.end()) == coloured


def test_stored_zones_are_checked(appliance: Appliance, api: Client) -> None:
    zone = api.zone("checked.example")
    record = api.record(zone, "A", "www", "192.0.2.1")
    appliance.command("zone", "check")
    assert appliance.command("zone", "check", "checked.example") == ""
    planted = "update record set line = replace(line, '192.0.2.1', '192.0.2.999') where uuid = ?"
    with closing(sqlite.connect(appliance.state / "store" / "store.sqlite3")) as writer, writer:
        writer.execute(planted, (record["uuid"].replace("-", ""),))
    (found,) = json.loads(
        appliance.command("zone", "check", "checked.example", "--json", status=1).rpartition("]")[0] + "]"
    )
    assert found["domain"] == "checked.example"
    assert "192.0.2.999" in found["finding"]
    api.expect(204, "DELETE", f"/dns-zones/{zone['uuid']}/")
    assert "there is no zone" in appliance.command("zone", "check", "checked.example", status=1)


def test_the_doctor_prints_lines_or_json(appliance: Appliance) -> None:
    rows = listed(appliance, "doctor", "--zones", "3")
    assert {row["verdict"] for row in rows} == {"ok"}
    key = appliance.state / "keys" / "control.key"
    key.chmod(0o644)
    try:
        printed = appliance.command("doctor", "--all-zones", status=1)
    finally:
        key.chmod(0o600)
    assert f"fail     keys            key file {key} has mode 0644\n" in printed
    assert f"-> chmod 0640 {key}\n" in printed
    assert "skip     control" in printed


def test_settings_are_shown_with_their_source(appliance: Appliance) -> None:
    rows = {row["key"]: row for row in listed(appliance, "config", "show")}
    assert rows["dns.catalog"]["value"] == "catalog.appliance.test"
    assert rows["dns.catalog"]["source"].endswith("config.toml")
    assert rows["api.threads"]["source"] == "default"
    appliance.command("config", "check")


@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        (("zone", "show"), 2, "Missing argument"),
        (("token", "create", "--account", "x", "--name", "y", "--permission", "dns:all"), 2, "is not one of"),
        (("zone", "list", "--account", "missing@example.org"), 1, "there is no account"),
        (
            ("token", "create", "--account", "x@y.z", "--name", "n", "--permission", "dns:*", "--expires", "soon"),
            2,
            "90s",
        ),
    ],
)
def test_wrong_usage_is_reported(appliance: Appliance, words: tuple[str, ...], status: int, expected: str) -> None:
    assert expected in appliance.command(*words, status=status)


def test_a_folder_that_is_not_a_state_folder_is_refused(tmp_path: Path) -> None:
    argv = [*PROGRAM, "zone", "list", "--state", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "is not a state folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_ends_quietly(appliance: Appliance) -> None:
    line = f"{sys.executable} -m appliance config show --state {appliance.state} | true"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
