"""The tree of errors: the docstring lists every class, and each has the attributes that its users need."""

from __future__ import annotations

import inspect
import re

import pytest

from appliance import errors
from appliance.errors import ApplianceError, CommandFailed, CommandTimeout, DeployError, Finding, InputError, RuleBroken

ERRORS = [error for _, error in inspect.getmembers(errors, inspect.isclass) if issubclass(error, ApplianceError)]


def test_the_docstring_lists_every_error() -> None:
    defined = {error.__name__ for error in ERRORS}
    assert defined <= set(re.findall(r"\b[A-Z]\w+", errors.__doc__ or ""))
    assert all(error.__doc__ for error in ERRORS)


def test_an_input_error_names_its_field_and_is_truncated() -> None:
    assert InputError("wrong").field is None and InputError("wrong", "ttl").field == "ttl"
    assert str(InputError("x" * errors.MAX_DETAIL)) == "x" * errors.MAX_DETAIL
    assert len(str(InputError("x" * 100_000))) == errors.MAX_DETAIL + 3


def test_a_broken_rule_has_the_message_of_the_first_finding() -> None:
    findings = [Finding("name", "first"), Finding(None, "second")]
    broken = RuleBroken(findings)
    assert (str(broken), broken.field, broken.findings) == ("first", "name", tuple(findings))


def test_each_stop_of_a_deployment_has_a_name_of_its_own() -> None:
    steps = [error.step for error in ERRORS if issubclass(error, DeployError)]
    assert len(steps) == len(set(steps)) == 7


@pytest.mark.parametrize("error", [CommandFailed, CommandTimeout])
def test_a_command_error_keeps_its_arguments(error: type[errors.CommandError]) -> None:
    failed = error(["named-checkzone", "-i", "local"], "no")
    assert failed.argv == ("named-checkzone", "-i", "local") and str(failed) == "named-checkzone -i: no"
