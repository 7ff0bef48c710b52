"""Find and run programs: an argument tuple, no shell, a time limit, plain messages.

This module must not know any program by name.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import CommandFailed, CommandTimeout, MissingProgram


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended: its exit status, and its standard output and error in one text."""

    status: int
    output: str


def run(argv: Sequence[str], *, timeout: float, stdin: bytes = b"", accept: Collection[int] = (0,)) -> Finished:
    """Run a program and return its exit status and output.

    `timeout` is in seconds; after that the program and its process group are killed. Raise MissingProgram if it cannot
    be started, CommandTimeout if it did not end in time, CommandFailed if its status is not in `accept` or a signal
    killed it.
    """
    try:
        process = subprocess.Popen(
            tuple(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"LC_ALL": "C"},
            close_fds=True,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise MissingProgram(argv, f"cannot be started: {error.strerror}") from error
    except OSError as error:
        raise CommandFailed(argv, f"cannot be started: {error.strerror}") from error
    with process:
        try:
            output = process.communicate(stdin, timeout=timeout)[0].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            raise CommandTimeout(argv, f"not finished within {timeout:g} s") from None
        finally:
            _kill_group(process)
    if process.returncode not in accept:
        raise CommandFailed(argv, _reason(process.returncode, output))
    return Finished(process.returncode, output)


def find_program(name: str) -> str:
    """Return the path of a program: beside the running Python, on PATH, or in /usr/sbin; else the name as given."""
    beside = Path(sys.prefix) / "sbin"
    return shutil.which(name, path=str(beside)) or shutil.which(name) or shutil.which(name, path="/usr/sbin") or name


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:  # not yet reaped, so the group is still ours
        os.killpg(process.pid, signal.SIGKILL)


def _reason(status: int, output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    ended = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
    return f"{ended}: {lines[-1]}" if lines else ended
