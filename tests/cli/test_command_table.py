"""Commands are imported when they are used: one for a remote appliance imports none of what a host needs."""

from __future__ import annotations

import os
import subprocess
import sys

from appliance.cli import COMMANDS, RECORD, ZONE
from appliance.cli.command_table import CommandTable
from tests.pair import free_port

HEAVY = ("apsw", "dns", "flask", "jinja2", "marshmallow", "peewee", "waitress", "appliance.settings", "appliance.zones")
SCRIPT = f"""
import sys
from appliance.cli import main
try:
    main()
finally:
    print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def test_every_command_is_where_the_table_says() -> None:
    for table in (COMMANDS, RECORD, ZONE):
        assert all(command.help for command in table.values())


def test_a_command_may_be_added_and_removed() -> None:
    table = CommandTable({"a": "config:config"})
    table["b"] = ZONE["list"]
    assert list(table) == ["a", "b"] and len(table) == 2
    del table["a"]
    assert dict(table) == {"b": ZONE["list"]}


def test_a_remote_command_imports_nothing_of_a_host() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    environment = {**os.environ, "DNS_APPLIANCE_TOKEN": "vps_x"}
    argv = (sys.executable, "-c", SCRIPT, "record", "list", "example.com", "--url", url)
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "[]\n"), done.stderr
    assert f"dns-appliance: {url}/api/v1 cannot be reached" in done.stderr
