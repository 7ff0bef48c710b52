"""Requests generated from our OpenAPI document: every response is one that the document describes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from tests.api.conftest import UNKNOWN, Application

SEED = 20310504
FEW = hypothesis.settings(max_examples=15, database=None, suppress_health_check=list(hypothesis.HealthCheck))
"""The number of requests to each call, in each mode."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
VALUES: dict[str, tuple[Any, ...]] = {
    "domain": ("generated.com", "www.example.com", "bücher.com", "example.com."),
    "record_type": ("A", "TXT", "MX", "CNAME", "NS"),
    "name": ("@", "www", "*.dev", "www.example.com."),
    "value": ("192.0.2.7", "mail.example.net", '"quoted" "text"'),
    "priority": (None, 10),
}
"""Values that are likely to be valid; randomly generated ones almost never are."""


@dataclass
class Client:
    """Sends cases with a token; half of the time `values` replace the generated fields."""

    secret: str
    values: Mapping[str, tuple[Any, ...]]
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)

    def send(self, case: Case[Any], chance: Random) -> None:
        """Send a request, and check that its response is in the document."""
        inputs: tuple[Any, ...] = (case.path_parameters, case.query, case.body)
        for given in filter(lambda given: isinstance(given, dict), inputs):
            for name in sorted(given.keys() & self.values.keys()):
                if chance.random() < 0.5:
                    given[name] = chance.choice(self.values[name])
        case.headers.clear()  # Authorization, and Prefer, which would delay the response
        response = case.call(headers={"Authorization": f"Bearer {self.secret}"})
        case.validate_response(response, checks=CHECKS)
        assert str(response.status_code) in case.operation.definition.raw["responses"]
        self.answered[case.operation.label, response.status_code] += 1


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_response_is_in_the_document(application: Application, mode: GenerationMode) -> None:
    me = application.bearer("me@example.org")
    zone = me.zone(f"{mode.value}.com")
    uuids = (UNKNOWN, zone["uuid"], *(me.record(zone, "A", f"h{n}", "192.0.2.1")["uuid"] for n in range(3)))
    client = Client(me.secret, VALUES | {"uuid": uuids, "zone": uuids})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application.app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    for operation in operations:
        cases = operation.as_strategy(generation_mode=mode)
        send = hypothesis.given(cases, st.randoms(use_true_random=False))(client.send)
        hypothesis.seed(SEED)(hypothesis.settings(FEW)(send))()
    assert {label for label, _ in client.answered} == {operation.label for operation in operations}
    statuses = {status for _, status in client.answered}
    assert statuses >= ({200, 201, 204, 400, 404} if mode == GenerationMode.POSITIVE else {200, 400, 404})
