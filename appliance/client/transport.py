"""What carries a call of the API: a request and its response, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from appliance.errors import NoAnswer


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A call: `path` is below /api/v1 and already quoted, `query` and headers are not."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An answer, whatever its status; its headers are found by the names that the API documents."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of the body, None without a body; raise NoAnswer if it is anything else."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            raise NoAnswer("the answer is not JSON: is this the address of an appliance?") from None


class Carrier(Protocol):
    """Sends calls to one appliance."""

    def send(self, request: ApiRequest) -> ApiResponse:
        """Return the answer to a call, whatever its status; raise NoAnswer if there is none."""
        ...
