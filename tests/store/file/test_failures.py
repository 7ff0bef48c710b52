"""Contexts that translate failures: which ones, and that blocks nest."""

from __future__ import annotations

from typing import NoReturn

import peewee as pw
import pytest

from appliance.store.file.failures import Translation, first_failure


class Translated(Exception):
    """What a failure becomes."""


def translate(failed: Exception) -> NoReturn:
    raise Translated(str(failed)) from failed


def test_only_failures_are_translated_and_no_broken_constraint() -> None:
    context = Translation(translate, (pw.DatabaseError, OSError))
    with context, context:
        pass
    for error, expected in (
        (pw.OperationalError("locked"), Translated),
        (FileNotFoundError("gone"), Translated),
        (pw.IntegrityError("unique"), pw.IntegrityError),
        (KeyError("other"), KeyError),
    ):
        with pytest.raises(expected) as raised, context, context:
            raise error
        assert raised.type is expected and str(error) in str(raised.value)


def test_the_first_failure_is_found() -> None:
    first, second, last = OSError("full"), ValueError("rollback"), KeyError("second rollback")
    last.__context__, second.__context__ = second, first
    assert first_failure(last) is first_failure(first) is first
