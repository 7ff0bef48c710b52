"""Find and run programs: an argument tuple, no shell, a time limit, plain messages.

This module must not know any program by name.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import CommandFailed, CommandTimeout, MissingProgram


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended: its exit status, and its standard output and error in one text."""

    status: int
    output: str


class Started:
    """A program that runs and reads its standard input when `finish` gives it, however long after its start.

    It ends with this process too, if it ends at the end of its input. Raise MissingProgram if it cannot be started.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = tuple(argv)
        self._unsent = b""
        try:
            self._process = _Process(
                self._argv,
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

    def write(self, beginning: bytes) -> None:
        """Give it the beginning of its input, of at most 4096 octets; `finish` gives the rest."""
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        with suppress(BrokenPipeError):  # `finish` reports how it ended
            os.write(self._process.stdin.fileno(), beginning)

    def write_end(self, text: bytes) -> None:
        """Give it the end of its input without waiting; `finish` gives what it did not read yet."""
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - a pipe
        os.set_blocking(stdin.fileno(), False)
        self._unsent = text
        with suppress(BrokenPipeError, BlockingIOError):  # `finish` reports how it ended
            self._unsent = text[os.write(stdin.fileno(), text) :]
        if not self._unsent:
            stdin.close()
            self._process.stdin = None

    def finish(self, *, timeout: float, stdin: bytes = b"", accept: Collection[int] = (0,)) -> Finished:
        """Give it the rest of its input; return exit status and output. Arguments and errors are those of `run`."""
        with self._process as process:
            try:
                output = process.communicate(self._unsent + stdin, timeout=timeout)[0].decode("utf-8", "replace")
            except subprocess.TimeoutExpired:
                raise CommandTimeout(self._argv, f"not finished within {timeout:g} s") from None
            finally:
                _kill_group(process)
        if process.returncode not in accept:
            raise CommandFailed(self._argv, _reason(process.returncode, output))
        return Finished(process.returncode, output)

    def kill(self) -> None:
        """Kill it and its process group, and wait for its end."""
        with self._process as process:
            _kill_group(process)


class _Process(subprocess.Popen[bytes]):
    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process: until it ends, and not with pauses in between as `Popen` does."""
        if timeout is not None and self.poll() is None:
            descriptor = os.pidfd_open(self.pid)
            try:
                ended = select.poll()
                ended.register(descriptor, select.POLLIN)
                if not ended.poll(timeout * 1000):
                    raise subprocess.TimeoutExpired(self.args, timeout)
            finally:
                os.close(descriptor)
        return super().wait()


def run(argv: Sequence[str], *, timeout: float, stdin: bytes = b"", accept: Collection[int] = (0,)) -> Finished:
    """Run a program and return its exit status and output.

    `timeout` is in seconds; after that the program and its process group are killed. Raise MissingProgram if it cannot
    be started, CommandTimeout if it did not end in time, CommandFailed if its status is not in `accept` or a signal
    killed it.
    """
    return Started(argv).finish(timeout=timeout, stdin=stdin, accept=accept)


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
