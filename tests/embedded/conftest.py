"""A state folder that an unprivileged user can reach, unlike pytest's own temporary folders."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def state_folder() -> Iterator[Path]:
    """An empty folder, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="state-"))
    yield folder
    shutil.rmtree(folder)
