"""systemd-sysusers creates the users and groups, on a system with only Debian's bind9."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.nameserver.programs import run
from tests.systemd.units import FOLDER

DEBIAN = {
    "passwd": "root:x:0:0::/root:/bin/sh\nbind:x:105:110::/var/cache/bind:/usr/sbin/nologin\n",
    "group": "root:x:0:\nbind:x:110:\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root folder in which systemd-sysusers has run twice."""
    (tmp_path / "etc").mkdir()
    for name, text in DEBIAN.items():
        (tmp_path / "etc" / name).write_text(text)
    for _ in range(2):
        run(("systemd-sysusers", f"--root={tmp_path}", str(FOLDER / "dns-appliance.sysusers.conf")), timeout=20)
    return tmp_path


def table(root: Path, name: str) -> dict[str, list[str]]:
    lines = (root / "etc" / name).read_text().splitlines()
    return {line.partition(":")[0]: line.split(":")[1:] for line in lines}


def test_the_users_and_their_groups(root: Path) -> None:
    users, groups = table(root, "passwd"), table(root, "group")
    assert users["dns-appliance-api"][2] == groups["dns-appliance"][1]
    assert users["dns-appliance-deployer"][2] == groups["dns-appliance-deployer"][1]
    assert groups["dns-appliance"][2] == groups["bind"][2] == "dns-appliance-deployer"
    assert groups["dns-appliance-deployer"][2] == ""
    for name in ("dns-appliance-api", "dns-appliance-deployer"):
        assert users[name][-1] == "/usr/sbin/nologin"
