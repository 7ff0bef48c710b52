"""How large a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of a run.

    `records` are those of the changed zones, `zones` how many are present when a zone is created, `listed` likewise for
    lists. A size of a case ends after `rounds` rounds, or when it has lasted for `budget` seconds and five rounds.
    `seconds` is how long clients write, in each of `turns` turns, `many_zones` how many zones they then write to.
    """

    rounds: int
    budget: float
    records: tuple[int, ...]
    zones: tuple[int, ...]
    imported: int
    listed: tuple[int, ...]
    by_file: int
    seconds: float
    turns: int
    many_zones: int


SMOKE = Scale(2, 5.0, (10, 100), (5, 20), 200, (10, 30), 200, 0.3, 1, 10)
"""Every step once, in a minute; the figures mean nothing."""
DEFAULT = Scale(
    25, 90.0, (10, 1_000, 10_000, 100_000), (10, 1_000, 10_000), 100_000, (100, 100_000), 10_000, 3.0, 3, 1_000
)
LARGE = Scale(
    25,
    180.0,
    (10, 1_000, 10_000, 100_000, 500_000),
    (10, 1_000, 10_000, 50_000),
    100_000,
    (100, 100_000),
    10_000,
    3.0,
    5,
    1_000,
)
