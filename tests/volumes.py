"""Small volumes for tests: a file system that can be filled or mounted read-only. Only root can mount one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts volumes")


@contextmanager
def small_volume(place: Path, kib: int) -> Iterator[Path]:
    """Mount a volume of that size at a folder, which is created if it is missing."""
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "dns-appliance-test", str(place))
    try:
        yield place
    finally:
        _run("umount", "--lazy", str(place))


@contextmanager
def read_only_view(of: Path, place: Path) -> Iterator[Path]:
    """Mount the files of a folder read-only at another one."""
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "--bind", str(of), str(place))
    try:
        _run("mount", "-o", "remount,ro,bind", str(place))
        yield place
    finally:
        _run("umount", "--lazy", str(place))


def remount(place: Path, mode: str) -> bool:
    """Remount the volume `ro` or `rw`; return False if one of its files is open for writing."""
    done = subprocess.run(("mount", "-o", f"remount,{mode}", str(place)), capture_output=True, check=False, timeout=30)
    return done.returncode == 0


def fill(volume: Path) -> Path:
    """Write a file until the volume is full, and return it: deleting it frees the space."""
    filler = volume / "filler"
    with filler.open("wb", buffering=0) as out:
        for size in (65536, 4096, 1):
            while True:
                try:
                    if not out.write(b"\0" * size):
                        break
                except OSError:
                    break
    return filler


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, timeout=30)
