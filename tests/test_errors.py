"""The tree of errors: what is drawn is what there is, and each carries what its readers need."""

from __future__ import annotations

import inspect
import re

import pytest

from appliance import errors
from appliance.errors import ApplianceError, CommandFailed, CommandTimeout, DeployError, Finding, InputError, RuleBroken

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ApplianceError)]


def test_the_drawing_shows_every_error() -> None:
    drawn = {kind.__name__ for kind in KINDS}
    assert drawn <= set(re.findall(r"\b[A-Z]\w+", errors.__doc__ or ""))
    assert all(kind.__doc__ for kind in KINDS)


def test_an_input_error_names_its_field_and_is_cut() -> None:
    assert InputError("wrong").field is None and InputError("wrong", "ttl").field == "ttl"
    assert str(InputError("x" * errors.MAX_DETAIL)) == "x" * errors.MAX_DETAIL
    assert len(str(InputError("x" * 100_000))) == errors.MAX_DETAIL + 3


def test_the_first_finding_speaks_for_all() -> None:
    findings = [Finding("name", "first"), Finding(None, "second")]
    broken = RuleBroken(findings)
    assert (str(broken), broken.field, broken.findings) == ("first", "name", tuple(findings))


def test_each_stop_of_a_deployment_has_a_name_of_its_own() -> None:
    stops = [kind.step for kind in KINDS if issubclass(kind, DeployError)]
    assert len(stops) == len(set(stops)) == 6


@pytest.mark.parametrize("kind", [CommandFailed, CommandTimeout])
def test_a_command_error_keeps_its_arguments(kind: type[errors.CommandError]) -> None:
    failed = kind(["named-checkzone", "-i", "local"], "no")
    assert failed.argv == ("named-checkzone", "-i", "local") and str(failed) == "named-checkzone -i: no"
