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

    def match_length(self, path: str) -> int:
        """Return the length of the longest prefix that the path is at or below, or of an exact path, or -1."""
        if self.exact and path.removesuffix("/") in self.exact:
            return len(path)
        below = f"{path}/"
        return max([len(prefix) for prefix in self.prefixes if below.startswith(f"{prefix}/")], default=-1)

    def lacks_slash(self, path: str) -> bool:
        """Return True if the path is to be read as the same path with a trailing slash."""
        return self.adds_slash and not path.endswith("/") and not path.startswith(self.open_paths)


@dataclass(slots=True)
class FrontDoors:
    """The front doors of one application."""

    fallback: FrontDoor
    claimed: list[FrontDoor] = field(default_factory=list)

    def claim(self, door: FrontDoor) -> None:
        """Add a door."""
        self.claimed.append(door)

    def at(self, path: str) -> FrontDoor:
        """Return the door with the longest prefix of the path, or the fallback."""
        nearest = max(self.claimed, key=lambda door: door.match_length(path), default=self.fallback)
        return nearest if nearest.match_length(path) >= 0 else self.fallback


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
