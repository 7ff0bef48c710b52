"""`make soak`: every part in its turn, and a verdict at the end; exit status 1 when a promise was broken."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Callable, Mapping

from tests.soak import fuzz, storm, sweep, zones
from tests.soak.cleanup import end_on_signals
from tests.soak.part_run import PartRun

MINUTES = 29.0
PARTS: Mapping[str, tuple[Callable[[PartRun], None], float]] = {
    "fuzz": (fuzz.run, 0.08),
    "storm": (storm.run, 0.2),
    "zones": (zones.run, 0.35),
    "sweep": (sweep.run, 0.37),
}
"""Each part, and its share of the time; what one leaves goes to those after it."""


def main() -> None:
    """Run what was asked for."""
    asked = _arguments()
    end_on_signals()
    names = [asked.only] if asked.only else list(PARTS)
    print(f"seed {asked.seed}: python -m tests.soak --seed {asked.seed}", flush=True)
    ends = time.monotonic() + asked.minutes * 60
    courses, verdicts = [], []
    for place, name in enumerate(names):
        run, share = PARTS[name]
        of_the_rest = share / sum(PARTS[later][1] for later in names[place:])
        part = PartRun(name, asked.seed, (ends - time.monotonic()) * of_the_rest)
        run(part)
        courses.append(part)
        verdicts.append(part.verdict())
    print(*verdicts, sep="\n")
    is_clean = all(part.is_clean for part in courses)
    print(f"soak: {'clean' if is_clean else 'NOT CLEAN'} (seed {asked.seed})")
    sys.exit(not is_clean)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of all random inputs")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="that all parts together should take")
    parser.add_argument("--only", choices=PARTS, help="this part alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
