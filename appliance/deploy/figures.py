"""What the deployer counts since its start; its heartbeat stores it, and the API exports it as metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """Numbers by name and label; a name without labels has the label ""."""

    _values: dict[str, dict[str, float]] = field(default_factory=dict)

    def count(self, name: str, label: str = "", by: float = 1) -> None:
        """Add `by` to a number, which is 0 at first."""
        numbers = self._values.setdefault(name, {})
        numbers[label] = numbers.get(label, 0) + by

    def set(self, name: str, value: float, label: str = "") -> None:
        """Replace a number."""
        self._values.setdefault(name, {})[label] = value

    @property
    def values(self) -> Mapping[str, Mapping[str, float]]:
        """Return all numbers."""
        return self._values
