"""The command group `host`, and the users that it needs."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess

import pytest

from appliance.errors import SettingsError
from appliance.files import Owner
from appliance.provision.prepare import prepare_host
from appliance.provision.users import Owners, owners_of_host
from appliance.settings import Settings, known_keys, print_value
from tests.appliance import PROGRAM
from tests.provision.conftest import OWNERS


def run_command(settings: Settings, *words: str) -> tuple[int, str, str]:
    """Return exit status, output and errors of a command with these settings."""
    environment = {f"DNS_APPLIANCE_{key.replace('.', '_').upper()}": _value(settings, key) for key in known_keys()}
    argv = (*PROGRAM, "host", *words)
    done = subprocess.run(argv, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_it_prints_the_named_conf_of_a_nameserver(settings: Settings) -> None:
    list(prepare_host(settings, OWNERS))
    status, printed, _ = run_command(settings, "named-conf", "ns2.example.net", "--listen", "10.0.0.2")
    assert status == 0
    assert "listen-on port 53 { 10.0.0.2; };" in printed
    assert printed.endswith("};\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [("ns9", "dns-appliance: ns9 is not in dns.nameservers"), ("ns2.example.net", "transfer.key: No such file")],
)
def test_what_is_missing_is_reported_in_one_line(settings: Settings, name: str, message: str) -> None:
    status, printed, complaint = run_command(settings, "named-conf", name)
    assert (status, printed) == (1, "")
    assert message in complaint
    assert len(complaint.splitlines()) == 1


def test_owners_are_those_of_this_host() -> None:
    root, group = pwd.getpwuid(0).pw_name, grp.getgrgid(0).gr_name
    assert owners_of_host(group, root) == Owners(Owner(0, 0), Owner(0, 0))


def test_missing_users_are_reported_with_how_to_create_them() -> None:
    root, group = pwd.getpwuid(0).pw_name, grp.getgrgid(0).gr_name
    with pytest.raises(SettingsError, match="no group nobodys: create it with systemd-sysusers"):
        owners_of_host("nobodys", root)
    with pytest.raises(SettingsError, match="no user nobodys: install Debian's bind9"):
        owners_of_host(group, "nobodys")


def _value(settings: Settings, key: str) -> str:
    section, _, name = key.partition(".")
    return print_value(getattr(getattr(settings, section), name))
