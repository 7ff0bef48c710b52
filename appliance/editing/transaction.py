"""Evaluate without the write lock, commit with it; repeat both if a zone has changed in between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from appliance.store.file.database import Store

UNLOCKED_EVALUATIONS = 2
"""Evaluations without the write lock; a further one holds the lock, so that no other write can come between."""

Evaluated = TypeVar("Evaluated")
Committed = TypeVar("Committed")


class StaleRead(Exception):
    """A zone that the evaluation read has changed."""


def evaluate_and_commit(
    store: Store,
    evaluate: Callable[[], Evaluated],
    commit: Callable[[Evaluated], Committed],
    writes: Callable[[Evaluated], bool],
) -> Committed:
    """Call `evaluate` on a snapshot and `commit` with its result in a write transaction; return what `commit` returns.

    If `writes` says that there is nothing to write, `commit` is called without the write lock. If `commit` raises
    StaleRead, the transaction is rolled back and both are called again.
    """
    for _ in range(UNLOCKED_EVALUATIONS):
        with store.reading():
            evaluated = evaluate()
        if not writes(evaluated):
            return commit(evaluated)
        with suppress(StaleRead), store.writing():
            return commit(evaluated)
    with store.writing():
        return commit(evaluate())
