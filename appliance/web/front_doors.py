"""Front doors: which protocol a path belongs to, and so how requests authenticate and which form errors have.

Several protocols share the port of the API. Each claims its paths with a `FrontDoor`; the longest prefix wins, so a
protocol may claim paths below those of another one. Paths that none claims belong to the fallback.

The console has no prefix: it handles the routes and the errors of its own blueprint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, Response, current_app, request

_KEY = "dns-appliance-front-doors"
MAX_BODY = 256 * 1024
"""Octets of a request body, unless the door says otherwise."""


def admit_all() -> None:
    """Accept every request."""


def max_body(method: str, path: str) -> int:  # noqa: ARG001 - every door has its own rule
    """Return MAX_BODY for every call."""
    return MAX_BODY


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """One protocol at the paths below its prefixes, which are written without a trailing slash.

    `authenticate` reads the credential of the current request and raises an AccessError unless it is valid; it runs
    before routing errors are answered. Paths that start with one of `open_paths` need no credential. `answer_error`
    turns every error below the prefixes into a response, also those of Flask and of unknown paths. With `adds_slash` a
    path without its trailing slash is read as the path with it, except in `open_paths`. `body_limit` returns the octets
    that the body of a call may have, by method and path. `exact` are paths that it claims without those
    below them. `name` is that of a door of another protocol.
    """

    prefixes: tuple[str, ...]
    answer_error: Callable[[Exception], Response]
    authenticate: Callable[[], None] = admit_all
    open_paths: tuple[str, ...] = ()
    adds_slash: bool = False
    body_limit: Callable[[str, str], int] = max_body
    exact: tuple[str, ...] = ()
    name: str = ""

    def lacks_slash(self, path: str) -> bool:
        """Return True if the path is to be read as the same path with a trailing slash."""
        return self.adds_slash and not path.endswith("/") and not path.startswith(self.open_paths)


@dataclass(slots=True)
class FrontDoors:
    """The front doors of one application."""

    fallback: FrontDoor
    _exact: dict[str, FrontDoor] = field(default_factory=dict)
    _longest_first: list[tuple[str, FrontDoor]] = field(default_factory=list)

    def claim(self, door: FrontDoor) -> None:
        """Add a door; of two that claim the same path the first one has it."""
        for path in door.exact:
            self._exact.setdefault(path, door)
        self._longest_first += [(f"{prefix}/", door) for prefix in door.prefixes]
        self._longest_first.sort(key=lambda one: len(one[0]), reverse=True)

    def at(self, path: str) -> FrontDoor:
        """Return the door that claims the path itself, or else the longest prefix of it, or the fallback."""
        if door := self._exact.get(path.removesuffix("/")):
            return door
        below = f"{path}/"
        return next((door for prefix, door in self._longest_first if below.startswith(prefix)), self.fallback)


def body_limit() -> int:
    """Return the octets that the body of this request may have."""
    return doors_of(current_app).at(request.path).body_limit(request.method, request.path)


def install(app: Flask, fallback: FrontDoor) -> FrontDoors:
    """Let the door of its path authenticate each request, and answer each error that no blueprint handles."""
    app.extensions[_KEY] = FrontDoors(fallback)
    app.before_request(_authenticate)
    app.register_error_handler(Exception, _answer_error)
    return doors_of(app)


def doors_of(app: Flask) -> FrontDoors:
    """Return the front doors of that application."""
    return cast(FrontDoors, app.extensions[_KEY])


def _authenticate() -> None:
    door = doors_of(current_app).at(request.path)
    if not request.path.startswith(door.open_paths):
        door.authenticate()


def _answer_error(error: Exception) -> Response:
    return doors_of(current_app).at(request.path).answer_error(error)
