"""`make clean` and `make reset` in a copy of the checkout's Makefile, and what tools/system installs for whom."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDED = ("env", "id", "sh", "python3")
"""Programs that tools/system itself runs."""
PRESENT = ("named-checkconf", "named-checkzone", "rndc", "dig", "curl")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the Makefile, a state folder with a zone, and a build."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in ("var/zones", "build", ".venv"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def make(checkout: Path, target: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    argv = ("make", "--no-print-directory", target)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        argv, cwd=checkout, env=environment, input=typed, capture_output=True, text=True, check=False, timeout=60
    )


def test_clean_keeps_the_zones(checkout: Path) -> None:
    assert make(checkout, "clean").returncode == 0
    assert sorted(path.name for path in checkout.iterdir()) == ["Makefile", "var"]
    assert (checkout / "var" / "zones").exists()


@pytest.mark.parametrize(("typed", "deleted"), [("var\n", True), ("yes\n", False), ("\n", False), ("", False)])
def test_reset_asks(checkout: Path, typed: str, deleted: bool) -> None:
    done = make(checkout, "reset", typed)
    assert (done.returncode == 0) is deleted
    assert (checkout / "var").exists() is not deleted
    assert "every zone and account" in done.stdout


def test_reset_deletes_no_folder_in_use(checkout: Path) -> None:
    lock = checkout / "var" / "run.lock"
    lock.touch()
    with subprocess.Popen(("flock", str(lock), "cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin and holder.stdout
        holder.stdin.write(b"held\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == b"held\n"
        done = make(checkout, "reset", "var\n")
        holder.stdin.close()
    assert done.returncode != 0 and "end `make run` first" in done.stdout
    assert lock.exists()


def test_reset_without_state_does_nothing(checkout: Path) -> None:
    shutil.rmtree(checkout / "var")
    done = make(checkout, "reset")
    assert (done.returncode, done.stdout) == (0, "reset: there is no ./var\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="without root the script asks sudo")
@pytest.mark.parametrize(("words", "installed"), [((), set()), (("--tests",), {"strace", "faketime", "systemd"})])
def test_programs_of_tests_are_installed_for_tests_alone(
    tmp_path: Path, words: tuple[str, ...], installed: set[str]
) -> None:
    script = (ROOT / "tools" / "system").read_text().replace("PATH=$PATH:/usr/sbin:/sbin", "")
    log = tmp_path / "log"
    for name in PRESENT:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >>{log}\n')
    (tmp_path / "apt-get").chmod(0o755)
    for name in NEEDED:
        (tmp_path / name).symlink_to(sys.executable if name == "python3" else shutil.which(name) or "")
    done = subprocess.run(
        ("sh", "-c", script, "system", "python3", *words),
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    calls = log.read_text().splitlines() if log.exists() else []
    assert {word for call in calls if " install " in call for word in call.split()} & {
        "strace",
        "faketime",
        "systemd",
    } == installed
