"""What the deployer counted in each case: how zones were published, and what proofs of their content found."""

from __future__ import annotations

from collections.abc import Iterator

from bench.run import Run
from bench.series import APPLIANCE, Series


def counted(run: Run) -> Iterator[Series]:
    """Yield a number for each case, counter and label."""
    for (case, counter, label), number in run.counted.items():
        if number:
            counted_by = f"{counter.replace('_', ' ')} by the deployer"
            yield Series(counted_by, f"in {case}", APPLIANCE, label, "number", (number,))
