"""The module in ansible-playbook, against an appliance."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.conftest import Run
from tests.appliance import Client

Play = Callable[..., dict[str, Any]]


@pytest.fixture
def play(run: Run, url: str, token: str, tmp_path: Path) -> Play:
    """Run one task and return its result; what is printed never has the token."""

    def run_task(*words: str, **options: object) -> dict[str, Any]:
        task = {"dns_appliance.dns.dns_appliance_record": options, "register": "result", "ignore_errors": True}
        keep = {"ansible.builtin.copy": {"content": "{{ result | to_json }}", "dest": str(tmp_path / "result.json")}}
        hosts = {"hosts": "localhost", "connection": "local", "gather_facts": False}
        tasks = [{**task, "diff": True}, {**keep, "check_mode": False}]
        (tmp_path / "play.yml").write_text(yaml.safe_dump([{**hosts, "tasks": tasks}]))
        environment = {"DNS_APPLIANCE_URL": url, "DNS_APPLIANCE_TOKEN": token}
        printed = run("ansible", "ansible-playbook", "-vvv", *words, "play.yml", environment=environment)
        assert token not in printed
        result: dict[str, Any] = json.loads((tmp_path / "result.json").read_text())
        return result

    return run_task


def values(api: Client, domain: str) -> set[tuple[str, str, int | None]]:
    """Return name, value and priority of the records of a zone."""
    records = api.expect(200, "GET", f"/dns-zones/{domain}/")["records"]
    return {(record["name"], record["value"], record["priority"]) for record in records}


def test_a_set_has_exactly_its_values(play: Play, api: Client) -> None:
    api.zone("set.example")
    first = play(zone="set.example", name="www", type="AAAA", values=["2001:DB8:0::1", "2001:db8::2"], ttl=300)
    assert (first["changed"], first["live"]) == (True, True)
    again = play(zone="set.example", name="www.set.example.", type="AAAA", values=["2001:db8::2", "2001:db8::1"])
    assert not again["changed"]
    changed = play(zone="set.example", name="www", type="AAAA", values=["2001:db8::2"])
    assert changed["diff"] == {"before": "www.set.example. 300 AAAA 2001:db8::1\n", "after": ""}
    assert values(api, "set.example") == {("www", "2001:db8::2", None)}


def test_priorities_are_of_each_value_or_of_all(play: Play, api: Client) -> None:
    api.zone("mx.example")
    mail = [{"value": "mx1.example.net", "priority": 5}, "mx2.example.net"]
    assert play(zone="mx.example", type="MX", values=mail, priority=20)["changed"]
    assert values(api, "mx.example") == {("@", "mx1.example.net", 5), ("@", "mx2.example.net", 20)}


def test_check_mode_shows_the_change_and_stores_nothing(play: Play, api: Client) -> None:
    api.zone("check.example")
    shown = play("--check", zone="check.example", type="A", values=["192.0.2.1"], ttl=60)
    assert shown["changed"]
    assert shown["diff"]["after"] == "check.example. 60 A 192.0.2.1\n"
    assert not values(api, "check.example")


def test_absent_removes_some_values_or_the_whole_set(play: Play, api: Client) -> None:
    zone = api.zone("absent.example")
    for text in ("one", "two", "three"):
        api.record(zone, "TXT", "@", text)
    assert play(zone="absent.example", type="TXT", values=["one"], state="absent")["changed"]
    assert not play(zone="absent.example", type="TXT", values=["one"], state="absent")["changed"]
    assert values(api, "absent.example") == {("@", "two", None), ("@", "three", None)}
    assert play(zone="absent.example", type="TXT", state="absent")["changed"]
    assert not values(api, "absent.example")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "A", "values": ["nonsense"]}, "changes.0.values"),
        ({"type": "A", "values": []}, "values: state present needs at least one value"),
        ({"type": "A", "values": [True]}, "values: True is neither a text nor a value with its priority"),
        ({"type": "A", "values": ["192.0.2.1"], "wait": 61}, "wait: 61 is not a number of seconds from 0 to 60"),
        ({"type": "A", "values": ["192.0.2.1"], "url": "ftp://x"}, "url: 'ftp://x' is not the URL of an appliance"),
        ({"type": "A", "values": ["192.0.2.1"], "zone": "nowhere.example"}, "there is no such zone"),
    ],
)
def test_an_error_names_the_option(play: Play, api: Client, options: dict[str, Any], message: str) -> None:
    if not api.expect(200, "GET", "/dns-zones/?domain=errors.example"):
        api.zone("errors.example")
    assert message in play(**{"zone": "errors.example", **options})["msg"]
