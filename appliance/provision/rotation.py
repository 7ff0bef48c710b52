"""Rotate the keys of a host in three steps; after each, every nameserver needs its new configuration.

    create    FILE.next     a new key, accepted and not yet used
    use       FILE          becomes the new key; FILE.former is the former one, which is still accepted
    remove    FILE.former   is no longer accepted

A step that was interrupted is completed by the next call. This module must not know who accepts a key.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from appliance.files import Owner
from appliance.keys import Key, read_key
from appliance.provision.bootstrap import create_key


class RotationStep(StrEnum):
    """A step of the rotation."""

    CREATE = "create"
    USE = "use"
    REMOVE = "remove"


def next_file(file: Path) -> Path:
    """Return the file of the key that is going to be used."""
    return file.with_name(f"{file.name}.next")


def former_file(file: Path) -> Path:
    """Return the file of the key that is no longer used."""
    return file.with_name(f"{file.name}.former")


def other_keys(file: Path) -> tuple[Key, ...]:
    """Return the keys that are accepted besides that of the file; raise SettingsError if one is not readable."""
    return tuple(read_key(one) for one in (next_file(file), former_file(file)) if one.exists())


def next_step(files: Iterable[Path]) -> RotationStep:
    """Return the step that is due: the interrupted one, or that after the last."""
    is_created = [next_file(file).exists() for file in files]
    is_used = [former_file(file).exists() for file in files]
    if any(is_created) and (all(is_created) or any(is_used)):
        return RotationStep.USE
    return RotationStep.REMOVE if any(is_used) else RotationStep.CREATE


def rotate(files: Mapping[str, Path], owner: Owner | None, mode: int) -> RotationStep:
    """Take the step that is due for these key files, by name, and return it."""
    step = next_step(files.values())
    for name, file in files.items():
        if step is RotationStep.CREATE:
            create_key(next_file(file), f"{name}-{secrets.token_hex(4)}", mode, owner)
        elif step is RotationStep.REMOVE:
            former_file(file).unlink(missing_ok=True)
        elif next_file(file).exists():
            former_file(file).unlink(missing_ok=True)
            os.link(file, former_file(file))
            next_file(file).replace(file)
    return step
