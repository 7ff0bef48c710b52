"""Requests generated from our own OpenAPI document: whatever is sent, the answer is one that the document tells of."""

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
FEW = hypothesis.settings(max_examples=30, database=None, suppress_health_check=list(hypothesis.HealthCheck))
"""So many requests of each kind to each call."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
WORDS: dict[str, tuple[Any, ...]] = {
    "domain": ("generated.com", "www.example.com", "bücher.com", "example.com."),
    "record_type": ("A", "TXT", "MX", "CNAME", "NS"),
    "name": ("@", "www", "*.dev", "www.example.com."),
    "value": ("192.0.2.7", "mail.example.net", '"quoted" "text"'),
    "priority": (None, 10),
}
"""What is likely to get past the shape of a request: nothing that is made by chance is a domain."""


@dataclass
class Asking:
    """Sends cases with a token; `words` are what stands in the place of generated fields half of the time."""

    secret: str
    words: Mapping[str, tuple[Any, ...]]
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)

    def ask(self, case: Case[Any], chance: Random) -> None:
        """One request, and that its answer is one of those in the document."""
        parts: tuple[Any, ...] = (case.path_parameters, case.query, case.body)
        for part in filter(lambda part: isinstance(part, dict), parts):
            for name in sorted(part.keys() & self.words.keys()):
                if chance.random() < 0.5:
                    part[name] = chance.choice(self.words[name])
        case.headers.clear()  # they are Authorization, and Prefer, with which an answer takes its time
        response = case.call(headers={"Authorization": f"Bearer {self.secret}"})
        case.validate_response(response, checks=CHECKS)
        assert str(response.status_code) in case.operation.definition.raw["responses"]
        self.answered[case.operation.label, response.status_code] += 1


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_in_the_document(application: Application, mode: GenerationMode) -> None:
    me = application.bearer("me@example.org")
    zone = me.zone(f"{mode.value}.com")
    uuids = (UNKNOWN, zone["uuid"], *(me.record(zone, "A", f"h{n}", "192.0.2.1")["uuid"] for n in range(3)))
    asking = Asking(me.secret, WORDS | {"uuid": uuids, "zone": uuids})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application.app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    for operation in operations:
        cases = operation.as_strategy(generation_mode=mode)
        ask = hypothesis.given(cases, st.randoms(use_true_random=False))(asking.ask)
        hypothesis.seed(SEED)(hypothesis.settings(FEW)(ask))()
    assert {label for label, _ in asking.answered} == {operation.label for operation in operations}
    statuses = {status for _, status in asking.answered}
    assert statuses >= ({200, 201, 204, 400, 404} if mode == GenerationMode.POSITIVE else {200, 400, 404})
