"""Static checks of playbook, Vagrantfile and units, and that no secret is in the repository."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from appliance.nameserver.programs import run
from tests.cluster.playbook import PROGRAM, ROOT, SITE

UTF8 = ("env", "LC_ALL=C.UTF-8")  # ansible requires UTF-8
BIN = Path(sys.executable).parent
INVENTORIES = sorted(path.name for path in (ROOT / "ansible" / "inventory").iterdir())
UNITS = sorted(path.name for path in (ROOT / "systemd").glob("*.service"))


def test_ansible_lint_reports_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(BIN), prepend=os.pathsep)
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    words = ("--offline", "--nocolor", "--strict", "--profile", "production", "ansible")
    assert "Passed: 0 failure(s), 0 warning(s)" in run((*UTF8, str(BIN / "ansible-lint"), *words), timeout=300).output


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_the_playbook_has_valid_syntax(inventory: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path))
    run((*UTF8, str(PROGRAM), "--syntax-check", "--inventory", f"ansible/inventory/{inventory}", SITE), timeout=60)


def test_vagrant_accepts_the_vagrantfile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path))
    monkeypatch.setenv("VAGRANT_DOTFILE_PATH", str(tmp_path / "dotfile"))
    monkeypatch.chdir(ROOT)
    assert "validated successfully" in run(("vagrant", "validate", "--ignore-provider"), timeout=60).output


def test_no_secret_is_in_the_repository() -> None:
    names = run(("git", "-C", str(ROOT), "ls-files", "-z"), timeout=60).output.split("\0")
    secret = re.compile(r'secret\s+"[A-Za-z0-9+/]{22,}={0,2}"|BEGIN [A-Z ]*PRIVATE KEY|password:\s*["\']?\w{8,}')
    places = ("ansible/", "bind-templates/", "systemd/", "Vagrantfile")
    deployed = [ROOT / name for name in names if name.startswith(places)]
    assert deployed
    assert not [file for file in deployed if secret.search(file.read_text("utf-8"))]
