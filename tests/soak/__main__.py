"""`make soak`: run all parts and print a verdict; exit with status 1 if a violation was found."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Callable, Mapping

from tests.soak import doors, fuzz, named_kills, signing, storm, sweep, transitions, zones
from tests.soak.cleanup import end_on_signals
from tests.soak.part_run import PartRun

MINUTES = 50.0
PARTS: Mapping[str, tuple[Callable[[PartRun], None], float]] = {
    "fuzz": (fuzz.run, 0.03),
    "doors": (doors.run, 0.07),
    "storm": (storm.run, 0.12),
    "zones": (zones.run, 0.2),
    "transitions": (transitions.run, 0.2),
    "kills": (named_kills.run, 0.06),
    "signing": (signing.run, 0.05),
    "sweep": (sweep.run, 0.34),
}
"""Each part and its share of the time; time that a part leaves is given to the next ones."""


def main() -> None:
    """Run the requested parts."""
    arguments = _arguments()
    end_on_signals()
    names = [arguments.only] if arguments.only else list(PARTS)
    print(f"seed {arguments.seed}: python -m tests.soak --seed {arguments.seed}", flush=True)
    deadline = time.monotonic() + arguments.minutes * 60
    parts, verdicts = [], []
    for position, name in enumerate(names):
        run, share = PARTS[name]
        remaining_share = share / sum(PARTS[later][1] for later in names[position:])
        part = PartRun(name, arguments.seed, (deadline - time.monotonic()) * remaining_share)
        run(part)
        parts.append(part)
        verdicts.append(part.verdict())
    print(*verdicts, sep="\n")
    is_clean = all(part.is_clean for part in parts)
    print(f"soak: {'clean' if is_clean else 'NOT CLEAN'} (seed {arguments.seed})")
    sys.exit(not is_clean)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="seed of all random inputs")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="total duration")
    parser.add_argument("--only", choices=PARTS, help="run only this part")
    return parser.parse_args()


if __name__ == "__main__":
    main()
