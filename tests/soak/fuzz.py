"""Random input for every parser: it must raise only the appliance's own errors, and none may be slow."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from random import Random

from tests.soak.mutate import random_text
from tests.soak.parsers import PARSERS, Parser
from tests.soak.part_run import PartRun

SLOW = 0.005
"""Seconds within which every input must be parsed."""
REMEASURE = SLOW / 5
CHUNK = 20_000
"""Inputs per job of a worker."""
WORKERS = 2
INPUTS = 120_000
"""Inputs per parser."""


@dataclass(slots=True)
class Findings:
    """Results of one parser; `broken` and `slow` describe inputs, `longest` is in seconds."""

    inputs: int = 0
    accepted: int = 0
    longest: float = 0.0
    broken: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        """Add the results of another job."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.longest = max(self.longest, other.longest)
        self.broken += other.broken
        self.slow += other.slow


def run(part: PartRun, inputs: int = INPUTS) -> None:
    """Test each parser with this number of inputs, within the time of the part, in two processes."""
    found = {name: Findings() for name in PARSERS}
    jobs = _jobs(part.seed, inputs)
    with ProcessPoolExecutor(WORKERS) as workers:
        running: set[Future[tuple[str, Findings]]] = set()
        while True:
            while len(running) < WORKERS * 2 and part.left > 0 and (job := next(jobs, None)):
                running.add(workers.submit(try_inputs, *job))
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for name, findings in (future.result() for future in done):
                _add(part, found, name, findings, inputs)
    _print_figures(part, found, inputs)


def try_inputs(name: str, seed: str, inputs: int) -> tuple[str, Findings]:
    """Test one parser with random inputs; the same seed gives the same inputs."""
    random, found, parser = Random(seed), Findings(), PARSERS[name]
    for _ in range(inputs):
        text = random_text(random, parser.seeds)
        began = time.process_time()
        parsed = error = None
        try:
            parsed = parser.parse(text)
        except Exception as refused:  # noqa: BLE001 - its type is checked below
            error = refused
        _record_time(found, name, text, time.process_time() - began)
        found.inputs += 1
        found.accepted += error is None
        if error is None:
            error = _round_trip_error(parser, parsed)
        elif isinstance(error, parser.errors):
            error = None
        if error is not None:
            found.broken.append(f"{name}({_shown(text)}): {error!r}")
    return name, found


def _round_trip_error(parser: Parser, parsed: object) -> Exception | None:
    try:
        parser.round_trip(parsed)
    except Exception as broken:  # noqa: BLE001 - accepted input must survive printing and parsing
        return broken
    return None


def _record_time(found: Findings, name: str, text: str, took: float) -> None:
    """Record the processor time; measure a slow input three times again, since caches may have been cold."""
    if took > REMEASURE:
        took = min(took, *(_time_of(PARSERS[name].parse, text) for _ in range(3)))
    found.longest = max(found.longest, took)
    if took > SLOW:
        found.slow.append(f"{name}({_shown(text)}): {took * 1000:.1f} ms")


def _jobs(seed: int, inputs: int) -> Iterator[tuple[str, str, int]]:
    """Yield jobs, alternating between parsers, so that each gets the same number of inputs."""
    for start in range(0, inputs, CHUNK):
        for name in PARSERS:
            yield name, f"{seed}/{name}/{start}", min(CHUNK, inputs - start)


def _time_of(parse: Callable[[str], object], text: str) -> float:
    """Return the seconds of processor time that the parser takes, whether it accepts the text or not."""
    began = time.process_time()
    with contextlib.suppress(Exception):
        parse(text)
    return time.process_time() - began


def _add(part: PartRun, found: Mapping[str, Findings], name: str, findings: Findings, inputs: int) -> None:
    before = sum(one.inputs for one in found.values())
    found[name].add(findings)
    for text in (*findings.broken, *findings.slow):
        part.wrong(text)
    tenth = inputs * len(PARSERS) // 10
    if tenth and before // tenth != (before + findings.inputs) // tenth:
        part.say(f"{before + findings.inputs:,} inputs")


def _print_figures(part: PartRun, found: Mapping[str, Findings], inputs: int) -> None:
    for name, one in found.items():
        part.figure(
            f"{name:14} {one.inputs:9,} inputs, {one.accepted:7,} accepted, longest {one.longest * 1000:5.2f} ms, "
            f"{len(one.broken)} broken, {len(one.slow)} slow"
        )
    part.figure(f"{sum(one.inputs for one in found.values()):,} inputs to {len(found)} parsers")
    left_out = sum(inputs - one.inputs for one in found.values())
    if left_out:
        part.short(f"out of time: {left_out:,} inputs were not tested")


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= 200 else f"{text[:100]!a}...{text[-60:]!a}, {len(text)} characters"
