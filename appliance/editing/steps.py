"""Which request of a list changed a record or an owner last: the path of the field of an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from dns.name import Name

from appliance.errors import Finding, InputError
from appliance.zones.hashed_name import Labels


@dataclass(slots=True)
class Steps:
    """The steps of a write; `list_name` is the field that holds the list of requests.

    `lines` are the lines of the requests in a zone file, if they are from one. `current` is the index of the request
    that is being applied, None for a write of a single one.
    """

    list_name: str = "changes"
    lines: Sequence[int] | None = None
    current: int | None = None
    _last: dict[UUID | Labels, int | None] = field(default_factory=dict)

    @contextmanager
    def at(self, index: int) -> Iterator[None]:
        """Apply the request of that index in the block; an InputError gets the path of its field."""
        self.current = index
        try:
            yield
        except InputError as refused:
            refused.field = self.path(index, refused.field)
            raise

    def note(self, uuid: UUID, owner: Name) -> None:
        """Remember that the current request changed this record."""
        self._last[uuid] = self._last[owner.labels] = self.current

    def of(self, changed: UUID | Name | None) -> int | None:
        """Return the index of the request that changed a record or an owner last."""
        if changed is None:
            return self.current
        return self._last.get(changed.labels if isinstance(changed, Name) else changed, self.current)

    def path(self, index: int | None, name: str | None) -> str | None:
        """Return the path of a field of the request of that index; of a zone file it is the line alone."""
        if self.lines is not None:
            return None if index is None else f"line.{self.lines[index]}"
        if index is None:
            return name
        return f"{self.list_name}.{index}" if name is None else f"{self.list_name}.{index}.{name}"

    def locate(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings, each with the last request that changed its owner in its field."""
        return [replace(one, field=self.path(self.of(one.owner), one.field)) for one in findings]
