"""The commands of customers beside a running appliance: on its host and from afar, with the same result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.zone
import pytest
from click.testing import CliRunner, Result

from appliance.cli import program
from tests.appliance import Appliance

OWNER = "commands@example.org"
BOTH = "ns1.appliance.test, ns2.appliance.test"


@dataclass
class Shell:
    """Runs commands in this process; `environment` says which appliance they use."""

    domain: str
    environment: dict[str, str]
    owner: tuple[str, ...] = ()

    def run(self, *words: str, status: int = 0) -> Result:
        """Run a command, and check its exit status."""
        result = CliRunner().invoke(program, words, env=self.environment)
        assert result.exit_code == status, f"{words}: {result.exit_code} {result.output} {result.exception!r}"
        return result

    def json(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON that a command prints."""
        return json.loads(self.run(*words, "--json").stdout)

    def fails(self, *words: str) -> str:
        """Return the message with which a command is refused."""
        result = CliRunner().invoke(program, words, env=self.environment)
        assert result.exit_code == 1, result.output
        return f"{result.exception or ''}{result.stderr}"

    def lines(self, *words: str) -> list[str]:
        """Return the lines that a command prints on stdout."""
        return self.run(*words).stdout.splitlines()


@pytest.fixture(scope="module")
def token(appliance: Appliance) -> str:
    """A token of the account that owns the zones of these tests."""
    return appliance.token(OWNER)


@pytest.fixture(params=["here", "from-afar"])
def shell(request: pytest.FixtureRequest, appliance: Appliance, token: str) -> Shell:
    """A shell on the appliance's host, or on another with a token."""
    domain = f"{request.param}.example"
    cleared = {"DNS_APPLIANCE_URL": "", "DNS_APPLIANCE_STATE": ""}
    if request.param == "here":
        return Shell(domain, {**cleared, "DNS_APPLIANCE_STATE": str(appliance.state)}, ("--account", OWNER))
    url = f"http://127.0.0.1:{appliance.ports.api}"
    return Shell(domain, {**cleared, "DNS_APPLIANCE_URL": url, "DNS_APPLIANCE_TOKEN": token})


@contextmanager
def zone_of(shell: Shell, prefix: str) -> Iterator[str]:
    """Create a zone, and delete it in the end."""
    domain = f"{prefix}.{shell.domain}"
    shell.run("zone", "create", domain, *shell.owner)
    yield domain
    shell.run("zone", "delete", domain, "--no-wait")


def test_a_zone_is_created_served_and_deleted(appliance: Appliance, shell: Shell) -> None:
    domain = f"life.{shell.domain}"
    created = shell.run("zone", "create", domain, "--default-ttl", "300", "--comment", "mine", *shell.owner)
    assert created.stdout.startswith(f"zone {domain} created with serial ")
    assert f"is live on {BOTH}" in created.stderr
    assert shell.json("zone", "warnings", domain) == []
    shown = shell.json("zone", "show", domain)
    assert (shown["default_ttl"], shown["comment"], shown["records"]) == (300, "mine", [])
    assert domain in {one["domain"] for one in shell.json("zone", "list", "--search", "life.")}
    assert domain in shell.run("zone", "list").stdout and domain in shell.run("zone", "show", domain).stdout
    shell.run("zone", "protect", domain)
    assert "is protected" in shell.fails("zone", "delete", domain)
    shell.run("zone", "protect", domain, "--off")
    assert "no nameserver serves it" in shell.run("zone", "delete", domain).stdout
    assert {appliance.rcode(domain, server) for server in (1, 2)} == {"REFUSED"}
    assert domain in shell.run("zone", "list", "--deleted").stdout
    for command in ("undelete", "restore"):
        assert f"is live on {BOTH}" in shell.run("zone", command, domain).stderr
        shell.run("zone", "delete", domain, "--no-wait")
    assert f"no zone {domain}" in shell.fails("zone", "show", domain)


def test_a_zone_is_signed_and_taken_out_again(shell: Shell) -> None:
    domain = f"signed.{shell.domain}"
    shell.run("zone", "create", domain, "--dnssec", *shell.owner)
    assert shell.json("zone", "dnssec", domain)["enabled"] is True
    assert shell.lines("zone", "dnssec", domain, "--off")[0].startswith("state: ds-remove")
    assert "the state is ds-remove" in shell.fails("zone", "dnssec", domain, "--confirm", "published")
    assert "the request with --ds-withdrawn" in shell.fails("zone", "delete", domain)
    assert shell.lines("zone", "dnssec", domain, "--confirm", "withdrawn")[0].startswith("state: ds-expiring")
    assert "no nameserver serves it" in shell.run("zone", "delete", domain, "--ds-withdrawn").stdout


def test_records_are_added_listed_changed_and_deleted(appliance: Appliance, shell: Shell) -> None:
    with zone_of(shell, "records") as domain:
        add = ("record", "add", domain)
        added = shell.run(*add, "www", "a", "192.0.2.1", "192.0.2.2", "--ttl", "300", "-m", "two servers")
        assert added.stdout.splitlines() == ["+ www 300 A 192.0.2.1", "+ www 300 A 192.0.2.2"]
        assert f"is live on {BOTH}" in added.stderr
        appliance.wait_until_answered(f"www.{domain}", "A", [bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))])
        shell.run(*add, "@", "MX", f"mail.{domain}", "--priority", "10", "--no-wait")
        assert shell.json(*add, "note", "TXT", 'say "hi"', "--no-wait")["added"][0]["value"] == 'say "hi"'
        assert [one["comment"] for one in shell.json("zone", "history", domain)] == ["", "", "two servers", ""]
        assert shell.lines("record", "list", domain, "--lines") == [
            f"{domain}. 3600 IN MX 10 mail.{domain}.",
            f'note.{domain}. 3600 IN TXT "say \\"hi\\""',
            f"www.{domain}. 300 IN A 192.0.2.1",
            f"www.{domain}. 300 IN A 192.0.2.2",
        ]
        (listed,) = shell.json("record", "list", domain, "--type", "MX")
        assert (listed["fqdn"], listed["priority"]) == (domain, 10)

        change = ("record", "change", domain, "www", "A")
        assert "2 records match: 192.0.2.1" in shell.fails(*change, "--value", "192.0.2.9")
        assert shell.lines(*change, "192.0.2.2", "--value", "192.0.2.9", "--no-wait") == [
            "~ www 300 A 192.0.2.2: value 192.0.2.2 -> 192.0.2.9"
        ]
        assert len(shell.lines(*change, "--ttl", "60", "--no-wait")) == 2
        shell.run("record", "change", listed["uuid"], "--priority", "20", "--comment", "spare", "--no-wait")
        assert shell.json("record", "list", domain, "--name", "@")[0]["comment"] == "spare"

        delete = ("record", "delete", domain, "www", "A")
        assert "there is no A record at www" in shell.fails(*delete, "192.0.2.7")
        assert "--all" in shell.fails(*delete)
        assert len(shell.lines(*delete, "--all", "--dry-run")) == 2
        assert shell.lines(*delete, "192.0.2.1", "192.0.2.9", "--no-wait") == [
            "- www 60 A 192.0.2.1",
            "- www 60 A 192.0.2.9",
        ]
        shell.run("record", "delete", listed["uuid"])
        assert [one["name"] for one in shell.json("record", "list", domain)] == ["note"]


def test_refused_calls_say_what_is_wrong_and_change_nothing(shell: Shell) -> None:
    with zone_of(shell, "refused") as domain:
        add = ("record", "add", domain, "www", "A")
        assert "value: '192.0.2.999' is not an IPv4 address" in shell.fails(*add, "192.0.2.1", "192.0.2.999")
        assert "no zone missing.example" in shell.fails("record", "add", "missing.example", "www", "A", "192.0.2.1")
        assert "no zone missing.example" in shell.fails("record", "delete", "missing.example", "www", "A")
        assert "priority" in shell.fails("record", "add", domain, "@", "MX", "mail.example.net")
        assert shell.json("record", "list", domain) == []
        shell.run("record", "change", domain, "www", "A", status=2)
        shell.run("record", "delete", domain, "www", status=2)


def test_history_is_shown_restored_and_undone(shell: Shell) -> None:
    with zone_of(shell, "history") as domain:
        shell.run("record", "add", domain, "www", "A", "192.0.2.1", "--no-wait")
        shell.run("record", "delete", domain, "www", "A", "--no-wait")
        newest, middle, first = (str(one["serial"]) for one in shell.json("zone", "history", domain))
        assert shell.lines("zone", "diff", domain, newest) == ["- www 3600 A 192.0.2.1"]
        assert shell.lines("zone", "diff", domain, newest, "--from", first) == []
        planned = shell.run("zone", "undo", domain, newest, "--dry-run")
        assert planned.stdout == "+ www 3600 A 192.0.2.1\n" and "not stored" in planned.stderr
        assert f"is live on {BOTH}" in shell.run("zone", "restore", domain, middle).stderr
        assert "nothing to change" in shell.run("zone", "restore", domain, middle).stderr
        undone = shell.json("zone", "undo", domain, middle, "--no-wait")
        assert (undone["applied"], [one["name"] for one in undone["removed"]]) == (True, ["www"])
        assert "7" in shell.fails("zone", "undo", domain, "7")


def test_a_zone_file_is_imported_and_exported(appliance: Appliance, shell: Shell, tmp_path: Path) -> None:
    domain, file = f"moved.{shell.domain}", tmp_path / "zone"
    lines = [f"$ORIGIN {domain}.", "$TTL 300", "@ SOA ns.example.net. me.example.net. 4000000000 1 1 1 1"]
    file.write_text("\n".join([*lines, "@ MX 10 mail", "mail A 192.0.2.1", ""]))
    bad = tmp_path / "bad"
    bad.write_text("\n".join([*lines, "www CNAME mail", "www A 192.0.2.1", ""]))
    load = ("zone", "import", "--zone", domain, *shell.owner)
    assert f"{bad}:5" in shell.run(*load, str(bad), status=1).stdout
    assert f"no zone {domain}" in shell.fails("zone", "export", domain)
    assert "2 records added" in shell.run(*load, str(file), "--dry-run").stdout
    assert f"no zone {domain}" in shell.fails("zone", "export", domain)
    assert f"{domain} imported, serial 4" in shell.run(*load, str(file)).stdout
    assert f"{domain} unchanged" in shell.run(*load, str(file)).stdout
    appliance.wait_until_answered(f"mail.{domain}", "A", [bytes((192, 0, 2, 1))])
    serial = str(shell.json("zone", "show", domain)["serial"])

    file.write_text("\n".join([*lines, "@ MX 10 mail", "mail A 192.0.2.2", ""]))
    assert "use --merge or --replace" in shell.run(*load, str(file), status=1).stdout
    assert "1 record added" in shell.run(*load, str(file), "--merge").stdout
    assert "1 removed" in shell.run(*load, str(file), "--replace").stdout
    exported = dns.zone.from_text(shell.run("zone", "export", domain).stdout, f"{domain}.", relativize=False)
    assert [one.to_text() for one in exported.get_rdataset(f"mail.{domain}.", "A") or ()] == ["192.0.2.2"]
    former = dns.zone.from_text(shell.run("zone", "export", domain, "--version", serial).stdout, f"{domain}.")
    assert [one.to_text() for one in former.get_rdataset("mail", "A") or ()] == ["192.0.2.1"]
    shell.run("zone", "delete", domain, "--no-wait")


def test_a_change_is_confirmed(shell: Shell) -> None:
    with zone_of(shell, "confirmed") as domain:
        add = ("record", "add", domain, "www", "A", "192.0.2.1", "--confirm-within", "1h", "--no-wait")
        announced = shell.run(*add).stderr.splitlines()[0]
        _, _, words = announced.partition("dns-appliance ")
        assert shell.json("zone", "history", domain)[0]["confirm_by"]
        assert "confirmed" in shell.run(*words.split()).stdout
        assert shell.json("zone", "history", domain)[0]["confirm_by"] is None
        assert "no such change" in shell.fails("zone", "confirm", domain, "x")


def test_what_is_missing_is_said_after_the_wait(appliance: Appliance, shell: Shell) -> None:
    with zone_of(shell, "missing") as domain:
        with appliance.without("ns2/named.conf"):
            late = shell.run("record", "add", domain, "www", "A", "192.0.2.1", "--wait", "1", status=1)
        assert "is stored, and not live after 1 s: " in late.stderr
        assert "ns2.appliance.test still has serial" in late.stderr
        assert late.stdout == "+ www 3600 A 192.0.2.1\n"
        appliance.wait_until_answered(f"www.{domain}", "A", [bytes((192, 0, 2, 1))])
