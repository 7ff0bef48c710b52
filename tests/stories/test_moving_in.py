"""Zones move in from a running nameserver and from files; both nameservers then answer as the old one did."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import pytest
from dns.rrset import RRset

from appliance.addresses import Endpoint
from appliance.zones.serial import is_later
from tests.appliance import PROGRAM, Appliance, Client
from tests.pair import LOOPBACK, Pair, wait_for
from tests.stories.test_served import EVERY_TYPE
from tests.workspace import read_rows

OWNER = ("--account", "stories@example.org")
DOMAIN = "moving-in.example"
OLD_SERIAL = 2099010107
ZONES, RECORDS = 120, 60


@pytest.fixture
def old(pair: Pair, tmp_path: Path) -> tuple[Pair, Path]:
    """A nameserver with a zone of every type, and the file with the key of its transfers."""
    apex = f"@ 300 SOA ns.old.example. admin.old.example. {OLD_SERIAL} 3600 600 604800 300\n@ 300 NS ns.old.example.\n"
    lines = [f"{name} 300 {record_type} {shown}\n" for record_type, name, _, _, shown in EVERY_TYPE]
    content = f"$ORIGIN {DOMAIN}.\n{apex}*.wild 300 A 192.0.2.9\n{''.join(lines)}"
    pair.control.add_zone(dns.name.from_text(DOMAIN), pair.put(uuid4(), content.encode()))
    key = tmp_path / "transfer.key"
    key.write_text(pair.transfer_key.statement())
    return pair, key


def reply(server: Endpoint, name: str, record_type: str) -> tuple[int, list[RRset], list[RRset]]:
    """Response code, answer, and the delegation of a referral."""
    query = dns.message.make_query(name, record_type, flags=dns.flags.Flag(0))
    found, _ = dns.query.udp_with_fallback(query, server.host, timeout=5, port=server.port)
    referral = [one for one in found.authority if one.rdtype in (2, 43) and one.name != dns.name.from_text(DOMAIN)]
    return found.rcode(), sorted(found.answer, key=str), sorted(referral, key=str)


def test_a_zone_moves_in_from_a_running_server(appliance: Appliance, api: Client, old: tuple[Pair, Path]) -> None:
    pair, key = old
    server = str(pair.primary.endpoint)
    words = ("zone", "import", DOMAIN, "never.example", "--from-server", server, "--drop-ns", *OWNER, "--json")
    refused = json.loads(appliance.command(*words, status=1))
    assert refused["counts"] == {"imported": 0, "updated": 0, "unchanged": 0, "refused": 2}
    report = json.loads(appliance.command(*words, "--tsig-key", str(key), status=1))
    results = {one["domain"]: one for one in report["zones"]}
    assert (results[DOMAIN]["outcome"], results["never.example"]["outcome"]) == ("imported", "refused")
    assert "NOTAUTH" in results["never.example"]["reasons"][0]["detail"]
    assert is_later(results[DOMAIN]["serial"], OLD_SERIAL)
    (zone,) = api.expect(200, "GET", f"/dns-zones/?domain={DOMAIN}")
    api.wait_until_live(zone)
    new = [Endpoint(LOOPBACK, appliance.ports.dns + number) for number in (0, 1)]
    names = [(DOMAIN if name == "@" else f"{name}.{DOMAIN}", record_type) for record_type, name, *_ in EVERY_TYPE]
    others = [
        (f"x.wild.{DOMAIN}", "A"),
        (f"nothing.{DOMAIN}", "A"),
        (f"below.ns.{DOMAIN}", "A"),
        (f"a.{DOMAIN}", "TXT"),
    ]
    for name, record_type in [*names, *others]:
        expected = reply(pair.primary.endpoint, name, record_type)
        assert [reply(one, name, record_type) for one in new] == [expected] * 2, (name, record_type)
    again = json.loads(appliance.command(*words, "--tsig-key", str(key), status=1))
    assert again["counts"]["unchanged"] == 1


def test_an_import_that_is_interrupted_or_killed_is_continued(appliance: Appliance, tmp_path: Path) -> None:
    appliance.token("stories@example.org")
    for number in range(ZONES):
        lines = "".join(f"h{at} A 192.0.2.{at}\n" for at in range(RECORDS))
        text = f"$ORIGIN killed-{number}.example.\n$TTL 300\n@ SOA a. b. 7 1 1 1 1\n{lines}"
        (tmp_path / f"{number}.zone").write_text(text)
    status, printed = ended(appliance, tmp_path, signal.SIGINT)
    assert (status, printed.splitlines()[-1]) == (1, "interrupted: run the same command again to continue")
    assert ended(appliance, tmp_path, signal.SIGKILL) == (-signal.SIGKILL, "")
    before = stored(appliance)
    assert {row["record_count"] for row in before} == {RECORDS}
    report = json.loads(appliance.command("zone", "import", str(tmp_path), *OWNER, "--json"))
    assert report["counts"] == {"imported": ZONES - len(before), "updated": 0, "unchanged": len(before), "refused": 0}
    rows = stored(appliance)
    assert {(row["record_count"], row["changes"], row["stored"]) for row in rows} == {(RECORDS, 1, RECORDS)}
    assert len(rows) == ZONES


def ended(appliance: Appliance, folder: Path, number: signal.Signals) -> tuple[int, str]:
    """Import the folder, end that by a signal after two more zones, and return exit status and output."""
    words = ("zone", "import", str(folder), *OWNER, "--state", str(appliance.state))
    count = stored_count(appliance) + 2
    argv = ("env", "--default-signal=INT", *PROGRAM, *words)  # shells let jobs in the background ignore it
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        wait_for(lambda: stored_count(appliance) >= count or process.poll() is not None, "two more zones are in")
        process.send_signal(number)
        printed, _ = process.communicate()
    return process.returncode, printed


def stored_count(appliance: Appliance) -> int:
    """The number of imported zones, by a statement that is quicker than the import."""
    query = "select count(*) as zones from zone where name like 'killed-%'"
    count: int = read_rows(appliance.state / "store" / "store.sqlite3", query)[0]["zones"]
    return count


def stored(appliance: Appliance) -> list[dict[str, Any]]:
    """The imported zones with their numbers of records and of changes."""
    return read_rows(
        appliance.state / "store" / "store.sqlite3",
        "select name, record_count, (select count(*) from change where zone_id = zone.id) as changes,"
        " (select count(*) from record where zone_id = zone.id) as stored from zone where name like 'killed-%'",
    )
