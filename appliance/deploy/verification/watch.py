"""A zone that is awaited from its nameservers, and what may happen to it: the events of the verifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from dns.name import Name

from appliance.addresses import Nameserver
from appliance.deploy.publishing.publisher import Expectation
from appliance.queries.soa import SoaQuery, SoaResponse
from appliance.zones.deployment import Method

ExpectedOf = Callable[[Nameserver], Expectation]
"""Returns what that nameserver must show for a zone."""


class Transfer(Enum):
    """What a secondary takes about the same time for each time: it has the zone already, or is to add it."""

    UPDATE = auto()
    NEW_ZONE = auto()


@dataclass(slots=True, eq=False)
class Watch:
    """A zone that is awaited at the serial `target`, or whose removal is awaited (None), until `deadline`.

    `expected` returns what each nameserver must show; `due` is when those that have not shown it are queried next.
    Content that was published by UPDATE is complete only once it is `proven`. A `signed` zone is queried for its
    content number. `transfer` is what secondaries transfer since `began_transfer`, None if it is of no known kind.
    """

    uuid: UUID
    name: Name
    target: int | None
    expected: ExpectedOf
    began: float
    deadline: float
    method: Method = Method.FILE
    proven: bool = False
    signed: bool = False
    primary_serves: bool = False
    transfer: Transfer | None = None
    began_transfer: float = 0.0
    answers: dict[Nameserver, SoaResponse] = field(default_factory=dict)
    intervals: dict[Nameserver, float] = field(default_factory=dict)
    due: dict[Nameserver, float] = field(default_factory=dict)

    @property
    def awaits_proof(self) -> bool:
        """Return True until the content of an UPDATE is proven."""
        return self.method is Method.UPDATE and not self.proven

    def is_met_by(self, answer: SoaResponse) -> bool:
        """Return True if the answer shows what is expected."""
        return self.expected(answer.server).is_met_by(answer)

    def is_shown_by(self, server: Nameserver) -> bool:
        """Return True if the last answer of this nameserver shows what is expected."""
        answer = self.answers.get(server)
        return answer is not None and self.is_met_by(answer)

    def is_passed_by(self, answer: SoaResponse) -> bool:
        """Return True if the answer shows that the nameserver would not accept what is expected."""
        return self.expected(answer.server).is_ahead(answer)

    def lagging(self) -> list[SoaQuery]:
        """Return queries to the secondaries that answer, and not yet as expected."""
        if self.target is None or not self.primary_serves:
            return []
        return [(server, self.name) for server in self.intervals if server in self.answers]


@dataclass(frozen=True, slots=True)
class PrimaryServes:
    """The primary serves the expected content; the secondaries are queried after `query_secondaries`."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class AwaitsProof:
    """Every nameserver answered as expected, and the content of the primary is still to be proven."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Complete:
    """Every nameserver answered as expected, and the content of the primary is proven."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Ahead:
    """A nameserver serves a serial that the expected one does not follow; the zone is no longer watched."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Overdue:
    """The deadline has passed; `primary_serves` of the watch says which nameservers are missing."""

    watch: Watch


@dataclass(frozen=True, slots=True)
class Returned:
    """A nameserver that was silent answers again."""

    server: Nameserver


Event = PrimaryServes | AwaitsProof | Complete | Ahead | Overdue | Returned
