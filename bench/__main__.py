"""Compare the appliance with PowerDNS on this machine, and measure the parts of the appliance alone.

Both systems run on loopback, each with a primary and a secondary, and act in turn in one run. Without options the
results are written into docs/; with --only, --rounds or --smoke they are only printed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bench import machine, report, table
from bench.cases.changes import changes, many_at_once
from bench.cases.counted import counted
from bench.cases.floor import floor
from bench.cases.imports import imports
from bench.cases.lists import lists
from bench.cases.memory import memory
from bench.cases.rates import rates
from bench.cases.zones import new_zones, starts
from bench.own.cases import OWN_CASES
from bench.run import Run, opened
from bench.scale import DEFAULT, LARGE, SMOKE, Scale
from bench.series import Series, compare

Cases = Mapping[str, Callable[[Run], Iterator[Series]]]
CASES: Cases = {
    "floor": floor,
    "changes": changes,
    "many": many_at_once,
    "imports": imports,
    "rates": rates,
    "zones": new_zones,
    "starts": starts,
    "memory": memory,
    "lists": lists,
    "counted": counted,
}
"""The cases, in the order in which they run: each adds zones to those of the cases before."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print a table for each case, and write the results."""
    options = parse(argv)
    with opened(scale_of(options)) as run:
        for part, cases in selected(options).items():
            results = _measure(cases, run)
            print(results.conditions())
            if options.output:
                for path in report.write(part, results, options.output):
                    print(f"written: {path}")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options; without `--output` a run of all cases in a full size writes into docs/."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*CASES, *OWN_CASES], help="a case to run; repeatable")
    parser.add_argument("--rounds", type=_positive, help="rounds of each size, instead of 25")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--smoke", action="store_true", help="tiny sizes, to see that everything works")
    size.add_argument("--large", action="store_true", help="up to 500,000 records and 50,000 zones")
    parser.add_argument("--own", action="store_true", help="measure the appliance alone, in more cases")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where results are written, by default docs/")
    options = parser.parse_args(argv)
    if options.output is None and not (options.only or options.rounds or options.smoke):
        options.output = report.DOCS
    return options


def scale_of(options: argparse.Namespace) -> Scale:
    """Return the scale of the options."""
    scale = SMOKE if options.smoke else LARGE if options.large else DEFAULT
    return replace(scale, rounds=options.rounds) if options.rounds else scale


def selected(options: argparse.Namespace) -> dict[str, Cases]:
    """Return the cases of the options by the part of the document that has their figures, in their order."""
    if not options.only:
        return {report.OWN: OWN_CASES} if options.own else {report.COMPARISON: CASES}
    parts = {report.COMPARISON: CASES, report.OWN: OWN_CASES}
    chosen = {
        part: {name: case for name, case in cases.items() if name in options.only} for part, cases in parts.items()
    }
    return {part: cases for part, cases in chosen.items() if cases}


def _measure(cases: Cases, run: Run) -> report.Results:
    before, series = machine.moment(), list[Series]()
    for name, case in cases.items():
        began, run.case = time.monotonic(), name
        found = list(case(run))
        run.count()
        print(table.text(compare(found)))
        print(f"  {name}: {time.monotonic() - began:.0f} s\n", flush=True)
        series += found
    return report.Results(machine.description(), machine.noise(before, machine.moment()), series)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer of 1 or more")
    return int(text)


if __name__ == "__main__":
    main()
