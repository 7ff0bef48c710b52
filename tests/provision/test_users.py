"""Two services and root share a host: what each may touch, with users of their own who come and go with the test.

Another user's rights can only be tried by root, or where sudo asks no password.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provision.act_as_user import ACCOUNTS, API, BIND, DEPLOYER, KEYS_GROUP, NAMED, STORE_GROUP

ROOT = Path(__file__).parent.parent.parent
AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n", "env", f"PYTHONPATH={ROOT}")
USERS = {
    "root": ("0", "0", ""),
    "api": (str(API), str(STORE_GROUP), ""),
    "deployer": (str(DEPLOYER), str(STORE_GROUP), f"{KEYS_GROUP},{BIND}"),
    "named": (str(NAMED), str(BIND), ""),
}


def begin(user: str, action: str, folder: Path, umask: str = "022") -> subprocess.Popen[str]:
    """Start the action as that user, without coverage: the user may not write its files in the checkout."""
    argv = (*AS_ROOT, sys.executable, "-m", "tests.provision.act_as_user", *USERS[user], umask, action, str(folder))
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=unmeasured)


def act(user: str, action: str, folder: Path) -> list[str]:
    return end(begin(user, action, folder))


def end(acting: subprocess.Popen[str]) -> list[str]:
    output, _ = acting.communicate(timeout=60)
    assert acting.returncode == 0, output
    return output.splitlines()


@pytest.fixture
def host() -> Iterator[Path]:
    """Yield a folder with a host that root prepared."""
    folder = Path(tempfile.mkdtemp(prefix="host-"))
    folder.chmod(0o755)
    try:
        assert len(act("root", "lay_out", folder)) == 5
        yield folder
    finally:
        if AS_ROOT:
            subprocess.run((*AS_ROOT, "chown", "-R", str(os.geteuid()), str(folder)), check=True)
        shutil.rmtree(folder)


def test_the_deployer_alone_reads_the_keys(host: Path) -> None:
    assert act("deployer", "read_the_keys", host) == ["control", "transfer", "update"]
    assert act("api", "read_the_keys", host) == ["Permission denied"] * 3
    assert act("named", "read_the_keys", host) == ["Permission denied"] * 3


def test_zone_files_are_for_the_deployer_and_named(host: Path) -> None:
    assert act("api", "write_a_zone_file", host) == ["Permission denied"] * 2
    assert act("deployer", "write_a_zone_file", host) == ["written", "Permission denied"]
    assert act("named", "write_a_zone_file", host) == ["written"] * 2


def test_the_deployer_replaces_a_catalog_that_named_owns(host: Path) -> None:
    assert act("deployer", "publish_a_catalog", host) == []
    assert act("named", "write_a_zone_file", host) == ["written", "Permission denied"]


@pytest.mark.parametrize("umask", ["022", "077"])
def test_all_write_one_store_and_none_locks_the_others_out(host: Path, umask: str) -> None:
    for acting in [begin(user, "add_accounts", host, umask) for user in ("api", "deployer", "root")]:
        assert end(acting) == []
    for user in ("root", "deployer", "api"):
        count, *rights = end(begin(user, "count_accounts", host, umask))
        assert count == str(3 * ACCOUNTS)
        assert len(rights) == 8
        assert {right.partition(" ")[2] for right in rights} == {f"0660 {STORE_GROUP}"}, rights


def test_the_services_may_write_a_store_that_root_restored(host: Path) -> None:
    for user, action in (("api", "add_accounts"), ("root", "restore_a_backup"), ("deployer", "add_accounts")):
        assert act(user, action, host) == []
    count, *rights = act("api", "count_accounts", host)
    assert count == str(2 * ACCOUNTS)
    assert {right.partition(" ")[2] for right in rights} == {f"0660 {STORE_GROUP}"}, rights


def test_a_wake_up_reaches_the_deployer_from_the_api(host: Path) -> None:
    listening = begin("deployer", "hear_a_notice", host)
    assert listening.stdout
    assert listening.stdout.readline() == "listening\n"
    act("api", "announce", host)
    assert end(listening) == ["heard !"]


def test_who_may_not_read_or_write_the_keys_of_zones_learns_who_may(host: Path) -> None:
    assert act("root", "sign_a_zone", host) == []
    for user, number in (("api", API), ("deployer", DEPLOYER)):
        (refused,) = act(user, "back_up_keys", host)
        file, _, reason = refused.partition(" cannot be read by the user ")
        assert file.startswith(f"{host}/"), "which file it is"
        assert reason.startswith(f"{number}: the DNSSEC keys of zones are closed to all but root and {NAMED}, the user")
    assert act("root", "back_up_keys", host) == []
    for user, number in (("api", API), ("deployer", DEPLOYER)):
        (refused,) = act(user, "restore_the_keys", host)
        assert f"which belong to {NAMED}, the user of named, in {host}/" in refused
        assert refused.endswith(f"restore it as root, not as {number}")
    assert act("root", "restore_the_keys", host) == ["0"]
