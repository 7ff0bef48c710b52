"""The release of BIND: read from the program, and read again once the program was replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.errors import MissingProgram
from appliance.nameserver.version import current_version, read_version
from tests.pair import program


def script(folder: Path, text: str, changed: int) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\necho run >> {folder}/runs\necho '{text}'\n")
    path.chmod(0o755)
    os.utime(path, (changed, changed))
    return str(path)


def test_the_release_of_this_machine_is_supported() -> None:
    assert read_version(program("named")) == read_version(program("named-checkzone")) >= (9, 18)


def test_a_program_without_a_version_has_an_empty_one(tmp_path: Path) -> None:
    assert read_version(script(tmp_path, "hello", 1)) == ()


def test_a_replaced_program_is_read_again_and_another_is_not(tmp_path: Path) -> None:
    for _ in range(3):
        assert current_version(script(tmp_path, "BIND 9.18.49", 1)) == (9, 18, 49)
    for _ in range(3):
        assert current_version(script(tmp_path, "BIND 9.20.30", 2)) == (9, 20, 30)
    assert (tmp_path / "runs").read_text().count("run") == 2


def test_a_missing_program_is_an_error_each_time() -> None:
    for _ in range(2):
        with pytest.raises(MissingProgram):
            current_version("/missing/named")
