"""Asking a great many SOA questions and waiting for the answers, paced so that no socket buffer overflows.

This module must not know what the answers mean.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from appliance.addresses import Nameserver
from appliance.queries.soa import SoaClient, SoaQuery, SoaResponse


@dataclass(slots=True)
class _Lane:
    """The questions to one nameserver: not yet asked; and asked, oldest first, with retries done and deadline."""

    queue: deque[SoaQuery] = field(default_factory=deque)
    asked: dict[SoaQuery, tuple[int, float]] = field(default_factory=dict)
    answered: bool = False
    given_up: int = 0


def query_all(
    questions: Iterable[SoaQuery],
    timeout: float = 1.0,
    retries: int = 2,
    window: int = 100,
    clock: Callable[[], float] = time.monotonic,
) -> dict[SoaQuery, SoaResponse | None]:
    """Ask everything and return what was answered, None for no answer.

    `timeout` is in seconds a try, `window` the most questions under way to one nameserver. A nameserver that leaves a
    whole window unanswered, and has answered nothing, is asked no further: a dead one costs seconds, not minutes.
    """
    found: dict[SoaQuery, SoaResponse | None] = {}
    lanes: dict[Nameserver, _Lane] = {}
    for question in questions:
        if question not in found:
            found[question] = None
            lanes.setdefault(question[0], _Lane()).queue.append(question)
    asker = SoaClient()
    try:
        while any(lane.queue or lane.asked for lane in lanes.values()):
            for lane in lanes.values():
                _fill(asker, lane, window, clock() + timeout)
            asker.wait(_next_deadline(lanes.values()) - clock())
            for answer in asker.responses():
                lane = lanes[answer.server]
                lane.answered = True
                del lane.asked[answer.server, answer.zone]
                found[answer.server, answer.zone] = answer
            for lane in lanes.values():
                _expire(asker, lane, window, retries, clock(), timeout)
    finally:
        asker.close()
    return found


def _fill(asker: SoaClient, lane: _Lane, window: int, deadline: float) -> None:
    while lane.queue and len(lane.asked) < window:
        question = lane.queue.popleft()
        asker.query(*question)
        lane.asked[question] = (0, deadline)


def _next_deadline(lanes: Iterable[_Lane]) -> float:
    return min(next(iter(lane.asked.values()))[1] for lane in lanes if lane.asked)


def _expire(asker: SoaClient, lane: _Lane, window: int, retries: int, now: float, timeout: float) -> None:
    """Ask again what was not answered in time, or give it up."""
    while lane.asked:
        question, (tries, deadline) = next(iter(lane.asked.items()))
        if deadline > now:
            return
        del lane.asked[question]
        if tries < retries:
            asker.query(*question)
            lane.asked[question] = (tries + 1, now + timeout)
        else:
            asker.cancel(*question)
            lane.given_up += 1
    if lane.given_up >= window and not lane.answered:
        lane.queue.clear()
