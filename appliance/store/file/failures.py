"""Failures of the block of a context, raised as other errors. Such a context has no state, so that blocks may nest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import peewee as pw


class Translation:
    """A context whose `failures`, except IntegrityError, are passed to `translate`."""

    __slots__ = ("_failures", "_translate")

    def __init__(self, translate: Callable[[Exception], NoReturn], failures: tuple[type[Exception], ...]) -> None:
        self._translate, self._failures = translate, failures

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _type: object, failed: BaseException | None, _traceback: object) -> None:
        """Translate the failure of the block, if there is one."""
        if isinstance(failed, self._failures) and not isinstance(failed, pw.IntegrityError):
            self._translate(failed)


def first_failure(failed: BaseException) -> BaseException:
    """Return the first failure: after a full disk SQLite has rolled back already, and a second rollback fails too."""
    while failed.__context__ is not None:
        failed = failed.__context__
    return failed
