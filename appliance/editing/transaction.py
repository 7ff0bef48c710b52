"""Evaluate without the write lock, commit with it: where what was read has moved meanwhile, both are repeated."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from appliance.store.file.database import Store

UNLOCKED_EVALUATIONS = 2
"""How often a write is evaluated without the lock; the next time holds it, and cannot be overtaken."""

Evaluated = TypeVar("Evaluated")
Committed = TypeVar("Committed")


class Moved(Exception):
    """Something that the evaluation read is not any longer as it was."""


def evaluate_and_commit(
    store: Store,
    evaluate: Callable[[], Evaluated],
    commit: Callable[[Evaluated], Committed],
    writes: Callable[[Evaluated], bool],
) -> Committed:
    """Return what `commit` returns, in a write transaction, for what `evaluate` returned on a snapshot.

    Where nothing is to be written for an evaluation, `commit` is called without the lock.
    `commit` raises Moved when the evaluation does not hold any longer. What it wrote is then undone, and it is called
    again with a new evaluation.
    """
    for _ in range(UNLOCKED_EVALUATIONS):
        with store.reading():
            evaluated = evaluate()
        if not writes(evaluated):
            return commit(evaluated)
        with suppress(Moved), store.writing():
            return commit(evaluated)
    with store.writing():
        return commit(evaluate())
