"""The Debian package: its content and dependencies, and that its scripts leave data of others alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

import appliance
from appliance.nameserver.programs import run
from appliance.settings import read_settings

ROOT = Path(__file__).parent.parent.parent
PACKAGING = ROOT / "packaging"
SCRIPTS = ("postinst", "prerm", "postrm")
KEPT = ("/etc/dns-appliance", "/var/lib/dns-appliance", "/var/lib/bind/dns-appliance", "/var/backups/dns-appliance")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built in a copy of the sources from a wheelhouse with only our own wheel."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("appliance", "bind-templates", "packaging", "systemd", "tools"):
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheelhouse", ".")
    subprocess.run((sys.executable, "-m", "pip", *build), cwd=copy, check=True, timeout=100, capture_output=True)
    return packed(copy)


def packed(checkout: Path) -> Path:
    """Build the package of a checkout with a fixed date; return its path."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SOURCE_DATE_EPOCH": "1767225600"}
    subprocess.run(("tools/package", "wheelhouse"), cwd=checkout, check=True, timeout=100, env=environment)
    (package,) = (checkout / "dist").iterdir()
    return package


def control(package: Path) -> Message:
    return message_from_string(run(("dpkg-deb", "--field", str(package)), timeout=20).output)


def listing(package: Path) -> dict[str, str]:
    """Return mode and owner of each file in the package, by path."""
    lines = run(("dpkg-deb", "--contents", str(package)), timeout=20).output.splitlines()
    words = [line.split(maxsplit=5) for line in lines]
    return {word[5].partition(" -> ")[0][1:]: f"{word[0]} {word[1]}" for word in words}


def test_its_name_version_and_dependencies(package: Path) -> None:
    fields = control(package)
    assert package.name == f"dns-appliance_{appliance.__version__}_amd64.deb"
    assert fields["Version"] == appliance.__version__
    assert {"bind9", "bind9-utils", "python3-venv"} < set(re.split(r", ", fields["Depends"]))
    assert "@" not in str(fields).replace(fields["Maintainer"], "")


def test_built_again_it_is_the_same_to_the_octet(package: Path) -> None:
    before = package.read_bytes()
    assert packed(package.parent.parent).read_bytes() == before


def test_it_contains_wheels_units_users_and_an_example(package: Path) -> None:
    files = listing(package)
    drop_in = "/usr/lib/systemd/system/named.service.d/dns-appliance-signed.conf"
    assert files[drop_in] == "-rw-r--r-- root/root"
    for unit in {*(ROOT / "systemd").iterdir()} - {ROOT / "systemd" / "named.service.conf"}:
        place = {"sysusers": "sysusers.d", "tmpfiles": "tmpfiles.d"}.get(unit.suffixes[0][1:], "systemd/system")
        name = "dns-appliance.conf" if place.endswith(".d") else unit.name
        assert files[f"/usr/lib/{place}/{name}"] == "-rw-r--r-- root/root", unit
    (wheel,) = (path for path in files if path.endswith(".whl"))
    assert wheel == f"/usr/lib/dns-appliance/wheelhouse/dns_appliance-{appliance.__version__}-py3-none-any.whl"
    assert files["/usr/lib/dns-appliance/install"] == "-rwxr-xr-x root/root"
    assert "/usr/share/doc/dns-appliance/examples/config.toml" in files


def test_its_files_are_all_below_usr(package: Path) -> None:
    assert {path.split("/")[1] for path in listing(package)} == {"", "usr"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_valid_shell(package: Path, tmp_path: Path, script: str) -> None:
    run(("dpkg-deb", "--control", str(package), str(tmp_path)), timeout=20)
    text = (tmp_path / script).read_text()
    assert "@" not in text
    run(("sh", "-n", str(tmp_path / script)), timeout=20)
    removed = re.findall(r"rm -rf (.*)", text)
    assert not [line for line in removed for kept in KEPT if kept in line], removed


def test_a_release_and_the_previous_one_are_kept(tmp_path: Path) -> None:
    functions, _, _ = (PACKAGING / "postinst").read_text().partition("case $1 in")
    script = functions.replace("/opt/dns-appliance", str(tmp_path)).replace("/usr/lib/dns-appliance", str(tmp_path))
    steps = 'mkdir -p "$release"; switch_release; remove_older_releases; readlink "$home/current"'
    wheel = tmp_path / "wheelhouse" / "a.whl"
    wheel.parent.mkdir()
    releases = []
    for build in ("one", "two", "two", "three", "two"):
        wheel.write_text(build)
        releases.append(run(("sh", "-c", f"{script}\n{steps}"), timeout=60).output.strip())
    assert releases[1] == releases[2] == releases[4]
    assert len(set(releases)) == 3
    assert (tmp_path / "former").readlink() == Path(releases[3])
    kept = {f"releases/{folder.name}" for folder in (tmp_path / "releases").iterdir()}
    assert kept == {releases[3], releases[4]}


def test_purging_keeps_data_and_says_so(package: Path, tmp_path: Path) -> None:
    run(("dpkg-deb", "--control", str(package), str(tmp_path)), timeout=20)
    text = (tmp_path / "postrm").read_text()
    for folder in KEPT:
        assert folder in text


def test_the_example_settings_are_valid() -> None:
    settings = read_settings(PACKAGING / "config.toml", {})
    assert len(settings.dns.nameservers) == 2
    assert set(tomllib.loads((PACKAGING / "config.toml").read_text())) == {"dns", "api"}
