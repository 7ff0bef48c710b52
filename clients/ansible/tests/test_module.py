"""The module in ansible-playbook, against an appliance."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.conftest import Run
from tests.appliance import Client
from tests.client.conftest import Answer, Server

Result = dict[str, Any]
Play = Callable[..., list[Result]]


@pytest.fixture
def play(run: Run, url: str, token: str, tmp_path: Path) -> Play:
    """Run a playbook of tasks, each with its options, and return their results; what is printed never has the token."""

    def run_playbook(*tasks: dict[str, object], words: tuple[str, ...] = ()) -> list[Result]:
        steps = [
            {"dns_appliance.dns.dns_appliance_record": options, "register": f"r{number}", "ignore_errors": True}
            for number, options in enumerate(tasks)
        ]
        content = "[" + ",".join(f"{{{{ r{number} | to_json }}}}" for number in range(len(tasks))) + "]"
        keep = {"ansible.builtin.copy": {"content": content, "dest": str(tmp_path / "results.json")}}
        hosts = {"hosts": "localhost", "connection": "local", "gather_facts": False, "diff": True}
        (tmp_path / "play.yml").write_text(
            yaml.safe_dump([{**hosts, "tasks": [*steps, {**keep, "check_mode": False, "diff": False}]}])
        )
        environment = {"DNS_APPLIANCE_URL": url, "DNS_APPLIANCE_TOKEN": token}
        printed = run("ansible", "ansible-playbook", "-vvv", *words, "play.yml", environment=environment)
        assert token not in printed
        results: list[Result] = json.loads((tmp_path / "results.json").read_text())
        return results

    return run_playbook


def values(api: Client, domain: str) -> set[tuple[str, str, int | None]]:
    """Return name, value and priority of the records of a zone."""
    records = api.expect(200, "GET", f"/dns-zones/{domain}/")["records"]
    return {(record["name"], record["value"], record["priority"]) for record in records}


def test_a_set_has_exactly_its_values(play: Play, api: Client) -> None:
    api.zone("set.example")
    www = {"zone": "set.example", "name": "www", "type": "AAAA"}
    mail = [{"value": "mx1.example.net", "priority": 5}, "mx2.example.net"]
    first, again, changed, priorities = play(
        {**www, "values": ["2001:DB8:0::1", "2001:db8::2"], "ttl": 300},
        {**www, "name": "www.set.example.", "values": ["2001:db8::2", "2001:db8::1"]},
        {**www, "values": ["2001:db8::2"]},
        {"zone": "set.example", "type": "MX", "values": mail, "priority": 20},
    )
    assert (first["changed"], first["live"]) == (True, True)
    assert not again["changed"]
    assert changed["diff"] == {"before": "www.set.example. 300 AAAA 2001:db8::1\n", "after": ""}
    assert priorities["changed"]
    assert values(api, "set.example") == {
        ("www", "2001:db8::2", None),
        ("@", "mx1.example.net", 5),
        ("@", "mx2.example.net", 20),
    }


def test_check_mode_shows_the_change_and_stores_nothing(play: Play, api: Client) -> None:
    api.zone("check.example")
    address = {"zone": "check.example", "type": "A", "values": ["192.0.2.1"], "ttl": 60}
    (shown,) = play(address, words=("--check",))
    assert shown["changed"]
    assert shown["diff"]["after"] == "check.example. 60 A 192.0.2.1\n"
    assert not values(api, "check.example")


def test_absent_removes_some_values_or_the_whole_set(play: Play, api: Client) -> None:
    zone = api.zone("absent.example")
    for text in ("one", "two", "three"):
        api.record(zone, "TXT", "@", text)
    gone = {"zone": "absent.example", "type": "TXT", "state": "absent"}
    results = play({**gone, "values": ["one"]}, {**gone, "values": ["one"]}, gone, gone)
    assert [result["changed"] for result in results] == [True, False, True, False]
    texts = [f"absent.example. 3600 TXT {text}\n" for text in ("one", "three", "two")]
    assert results[0]["diff"] == {"before": texts[0], "after": ""}
    assert results[2]["diff"] == {"before": "".join(texts[1:]), "after": ""}
    assert not values(api, "absent.example")


ERRORS: dict[str, dict[str, object]] = {
    "changes.0.values": {"values": ["nonsense"]},
    "values: state present needs at least one value": {"values": []},
    "values: True is neither a string nor a dictionary with value and priority": {"values": [True]},
    "wait: 61 is not a number of seconds from 0 to 60": {"wait": 61},
    "url: 'ftp://x' is not the URL of an appliance": {"url": "ftp://x"},
    "token: the appliance does not accept it": {"token": "vps_" + "x" * 32},
    "there is no such zone": {"zone": "nowhere.example"},
}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Server]:
    """A server that redirects, for which .netrc has a password."""
    (tmp_path / ".netrc").touch(0o600)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password other\n")
    server = Server(is_encrypted=False)
    server.answers = [Answer(308, headers={"Location": "https://other.example.net/"})]
    yield server
    server.stop()


def test_an_error_names_the_option(play: Play, api: Client, elsewhere: Server, token: str) -> None:
    api.zone("errors.example")
    errors: dict[str, dict[str, object]] = {
        **ERRORS,
        "url: the appliance is at https://other.example.net/: use that URL": {"url": elsewhere.url},
    }
    address: dict[str, object] = {"zone": "errors.example", "type": "A", "values": ["192.0.2.1"]}
    results = play(*({**address, **options} for options in errors.values()))
    for message, result in zip(errors, results, strict=True):
        assert message in result["msg"]
    assert not values(api, "errors.example")
    assert [sent.headers["Authorization"] for sent in elsewhere.sent] == [f"Bearer {token}"]


def test_the_readme_creates_records_and_removes_one(follow: Run, api: Client) -> None:
    zone = api.zone("ansible.example")
    api.record(zone, "TXT", "@", "verification=1")
    shown = follow("ansible", {"example.com": "ansible.example"})
    assert shown.count("changed=3 ") == 2, "once by a check, once for real"
    records = api.expect(200, "GET", "/dns-zones/ansible.example/")["records"]
    assert {(record["name"], record["value"]) for record in records} == {
        ("@", "mx1.example.net"),
        ("@", "mx2.example.net"),
        ("www", "192.0.2.1"),
        ("www", "192.0.2.2"),
    }
