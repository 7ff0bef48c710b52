"""A door: one protocol over HTTP, at its paths, with its credential, its errors and the time that it waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, g

from appliance.doors.principals import read_secret
from appliance.errors import NotFound
from appliance.web import error_responses
from appliance.web.bearer import authenticate_secret
from appliance.web.front_doors import FrontDoor, max_body


@dataclass(frozen=True, slots=True)
class Door:
    """One protocol. `key` is its switch in [doors], `title` its name in the journal.

    `prefixes` and `exact` are its paths, `answer_error`, `body_limit` and `open_paths` as in `FrontDoor`. `read_secret`
    returns the secret of the token in the current request, "" if there is none.
    """

    key: str
    title: str
    prefixes: tuple[str, ...]
    blueprint: Blueprint
    answer_error: Callable[[Exception], Response]
    read_secret: Callable[[], str] = read_secret
    exact: tuple[str, ...] = ()
    body_limit: Callable[[str, str], int] = max_body
    open_paths: tuple[str, ...] = ()

    def opened(self) -> FrontDoor:
        """Return what claims the paths of the door."""
        return FrontDoor(
            self.prefixes,
            self.answer_error,
            self._authenticate,
            self.open_paths,
            adds_slash=True,
            body_limit=self.body_limit,
            exact=self.exact,
            name=self.key,
        )

    def closed(self) -> FrontDoor:
        """Return what claims the same paths and answers each request with 404."""
        return FrontDoor(self.prefixes, error_responses.answer_error, _refuse, exact=self.exact)

    def _authenticate(self) -> None:
        g.arrived_at = time.monotonic()
        g.principal = authenticate_secret(self.read_secret(), self.title, self.key)


def _refuse() -> None:
    raise NotFound("not found")
