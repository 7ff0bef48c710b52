"""The seed of a signed zone: a file from which named goes on with the signatures that a secondary has.

Beside the live file UUID.zone, for the time in which it is needed:

    UUID.copy    the records of a secondary, as text        UUID.seed    compiled; becomes UUID.zone.signed

This module must not know what is in them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import PublishFailed

MODE = 0o644
SUFFIXES = (".copy", ".seed")


class SeedFile:
    """The seed of the zone with this live file. Every failure of the disk raises PublishFailed."""

    def __init__(self, live: Path) -> None:
        self.copy, self.compiled = (live.with_suffix(suffix) for suffix in SUFFIXES)
        self._signed = live.with_name(f"{live.name}.signed")

    def write_copy(self, lines: Iterable[bytes]) -> None:
        """Write the copy; what `lines` raises is raised."""
        self.discard()
        with _as_publish_failed():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(self.copy, flags, MODE), "wb") as file:
                file.writelines(lines)

    def replace_first_line(self, line: bytes) -> None:
        """Replace the first line of the copy."""
        with _as_publish_failed():
            _, rest = self.copy.read_bytes().split(b"\n", 1)
            self.copy.write_bytes(line + rest)

    def place(self) -> None:
        """Make the compiled copy durably the signed zone; keep the seed."""
        with _as_publish_failed():
            self.compiled.chmod(MODE)
            self.copy.unlink(missing_ok=True)
            os.link(self.compiled, self.copy)
            self.copy.replace(self._signed)
            for path, flags in ((self._signed, 0), (self._signed.parent, os.O_DIRECTORY)):
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def discard(self) -> None:
        """Remove copy and seed, if there are any; a seed that was placed stays the signed zone."""
        with _as_publish_failed():
            for path in (self.copy, self.compiled):
                path.unlink(missing_ok=True)


@contextmanager
def _as_publish_failed() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PublishFailed(f"seed: {error.strerror or error}") from error
