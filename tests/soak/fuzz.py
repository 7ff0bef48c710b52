"""Random inputs for every parser: nothing but our own errors comes out of it, and none takes long."""

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
"""Seconds that no input may take."""
WORTH_A_LOOK = SLOW / 5
CHUNK = 20_000
"""Inputs that one worker takes at a time."""
WORKERS = 2
INPUTS = 120_000
"""Inputs for each parser."""


@dataclass(slots=True)
class Findings:
    """What came of some inputs to one parser; `broken` and `slow` tell of the inputs, `longest` is in seconds."""

    inputs: int = 0
    accepted: int = 0
    longest: float = 0.0
    broken: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def add(self, other: Findings) -> None:
        """Take the other's in."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.longest = max(self.longest, other.longest)
        self.broken += other.broken
        self.slow += other.slow


def run(part: PartRun, inputs: int = INPUTS) -> None:
    """So many inputs for each parser, as far as the time allows, in two processes."""
    found = {name: Findings() for name in PARSERS}
    jobs = _jobs(part.seed, inputs)
    with ProcessPoolExecutor(WORKERS) as workers:
        under_way: set[Future[tuple[str, Findings]]] = set()
        while True:
            while len(under_way) < WORKERS * 2 and part.left > 0 and (job := next(jobs, None)):
                under_way.add(workers.submit(try_inputs, *job))
            if not under_way:
                break
            ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for name, findings in (future.result() for future in ended):
                _take(part, found, name, findings, inputs)
    _tell(part, found, inputs)


def try_inputs(name: str, seed: str, inputs: int) -> tuple[str, Findings]:
    """So many inputs for one parser, the same for the same seed."""
    random, found, parser = Random(seed), Findings(), PARSERS[name]
    for _ in range(inputs):
        text = random_text(random, parser.seeds)
        began = time.perf_counter()
        parsed = error = None
        try:
            parsed = parser.parse(text)
        except Exception as refused:  # noqa: BLE001 - whether it is one of ours is asked below
            error = refused
        _note_time(found, name, text, time.perf_counter() - began)
        found.inputs += 1
        found.accepted += error is None
        if error is None:
            error = _error_again(parser, parsed)
        elif isinstance(error, parser.errors):
            error = None
        if error is not None:
            found.broken.append(f"{name}({_shown(text)}): {error!r}")
    return name, found


def _error_again(parser: Parser, parsed: object) -> Exception | None:
    try:
        parser.again(parsed)
    except Exception as broken:  # noqa: BLE001 - what a parser took must print and be read again
        return broken
    return None


def _note_time(found: Findings, name: str, text: str, took: float) -> None:
    """One that seems slow is measured three times more: the machine may have been busy elsewhere."""
    if took > WORTH_A_LOOK:
        took = min(took, *(_time_of(PARSERS[name].parse, text) for _ in range(3)))
    found.longest = max(found.longest, took)
    if took > SLOW:
        found.slow.append(f"{name}({_shown(text)}): {took * 1000:.1f} ms")


def _jobs(seed: int, inputs: int) -> Iterator[tuple[str, str, int]]:
    """Chunk after chunk, the parsers in turn: when the time is over, each has had as many."""
    for start in range(0, inputs, CHUNK):
        for name in PARSERS:
            yield name, f"{seed}/{name}/{start}", min(CHUNK, inputs - start)


def _time_of(parse: Callable[[str], object], text: str) -> float:
    """Seconds that it takes, however it ends."""
    began = time.perf_counter()
    with contextlib.suppress(Exception):
        parse(text)
    return time.perf_counter() - began


def _take(part: PartRun, found: Mapping[str, Findings], name: str, findings: Findings, inputs: int) -> None:
    before = sum(one.inputs for one in found.values())
    found[name].add(findings)
    for text in (*findings.broken, *findings.slow):
        part.wrong(text)
    tenth = inputs * len(PARSERS) // 10
    if tenth and before // tenth != (before + findings.inputs) // tenth:
        part.say(f"{before + findings.inputs:,} inputs")


def _tell(part: PartRun, found: Mapping[str, Findings], inputs: int) -> None:
    for name, one in found.items():
        part.figure(
            f"{name:14} {one.inputs:9,} inputs, {one.accepted:7,} accepted, longest {one.longest * 1000:5.2f} ms, "
            f"{len(one.broken)} broken, {len(one.slow)} slow"
        )
    part.figure(f"{sum(one.inputs for one in found.values()):,} inputs to {len(found)} parsers")
    left_out = sum(inputs - one.inputs for one in found.values())
    if left_out:
        part.short(f"the time was over: {left_out:,} inputs were left out")


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= 200 else f"{text[:100]!a}...{text[-60:]!a}, {len(text)} characters"
