"""What the appliance accepts is served by BIND of Debian 12 and of Debian 13, each as primary and as secondary."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.image import bind_programs, default_folder, other_suite, unpacked_bind
from tests.corpus.reading import FILES, compiled_rows, origin_of, served_rows
from tests.pair import Pair
from tests.soak.transitions import try_transitions
from tests.soak.zones import try_batch

ZONES = 300
TRANSITIONS = 60
"""Zones that are led from content to content."""


@pytest.fixture(scope="module")
def other_bind() -> Iterator[Path]:
    """The folder of the programs of the Debian suite that is not this machine's."""
    with tempfile.TemporaryDirectory(prefix="bind-") as folder:
        yield bind_programs(unpacked_bind(other_suite(), default_folder()), Path(folder))


@pytest.mark.parametrize("is_primary", [True, False])
def test_zones_of_every_type_are_served_by_both_releases(other_bind: Path, is_primary: bool) -> None:
    seed = secrets.randbelow(10**6)
    batch = try_batch(seed, 0, ZONES, (other_bind, None) if is_primary else (None, other_bind))
    assert not batch.violations, seed


@pytest.mark.parametrize("is_primary", [True, False])
def test_updates_have_the_same_effect_with_both_releases(other_bind: Path, is_primary: bool) -> None:
    seed = secrets.randbelow(10**6)
    bind = (other_bind, None) if is_primary else (None, other_bind)
    assert not try_transitions(seed, 0, TRANSITIONS, bind=bind).violations, seed


def test_zones_as_people_write_them_are_served_by_the_other_release(other_bind: Path, tmp_path: Path) -> None:
    with Pair((other_bind, other_bind)) as pair:
        served = served_rows(pair, tmp_path)
    assert {origin_of(file): compiled_rows(file, tmp_path) for file in FILES}.items() <= served.items()
