"""Front doors: which protocol a path belongs to, and so who may enter and which form an error has.

Several protocols share the port of the API. Each claims its paths by a `FrontDoor`; the longest prefix wins, so a
protocol may live below the paths of another one. What nobody claims belongs to the fallback.

The pages of the console are no prefix: the console claims the routes of its blueprint, with handlers of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, Response, current_app, request

_KEY = "dns-appliance-front-doors"


def admit_all() -> None:
    """Let every request in."""


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """One protocol at the paths below its prefixes, which are written without a final slash.

    `authenticate` reads the credential of the current request and raises an AccessError unless it is valid; it runs
    before routing errors are answered. Paths that start with one of `open_paths` need no credential. `answer_error`
    turns every error below the prefixes into a response, also those of Flask and of unknown paths. `adds_slash`: a path
    without its final slash is the path with it, except in `open_paths`.
    """

    prefixes: tuple[str, ...]
    answer_error: Callable[[Exception], Response]
    authenticate: Callable[[], None] = admit_all
    open_paths: tuple[str, ...] = ()
    adds_slash: bool = False

    def claim_on(self, path: str) -> int:
        """Return the length of the longest prefix that the path lies at or below, or -1."""
        return max((len(prefix) for prefix in self.prefixes if f"{path}/".startswith(f"{prefix}/")), default=-1)

    def lacks_slash(self, path: str) -> bool:
        """Return whether the path is to be read as the same path with a final slash."""
        return self.adds_slash and not path.endswith("/") and not path.startswith(self.open_paths)


@dataclass(slots=True)
class FrontDoors:
    """The front doors of one application."""

    fallback: FrontDoor
    claimed: list[FrontDoor] = field(default_factory=list)

    def claim(self, door: FrontDoor) -> None:
        """Give the door its paths."""
        self.claimed.append(door)

    def at(self, path: str) -> FrontDoor:
        """Return the door with the longest prefix of that path."""
        nearest = max(self.claimed, key=lambda door: door.claim_on(path), default=self.fallback)
        return nearest if nearest.claim_on(path) >= 0 else self.fallback


def install(app: Flask, fallback: FrontDoor) -> FrontDoors:
    """Let the door of its path admit each request, and answer each error that no blueprint handles."""
    app.extensions[_KEY] = FrontDoors(fallback)
    app.before_request(_admit)
    app.register_error_handler(Exception, _answer_error)
    return doors_of(app)


def doors_of(app: Flask) -> FrontDoors:
    """Return the front doors of that application."""
    return cast(FrontDoors, app.extensions[_KEY])


def _admit() -> None:
    door = doors_of(current_app).at(request.path)
    if not request.path.startswith(door.open_paths):
        door.authenticate()


def _answer_error(error: Exception) -> Response:
    return doors_of(current_app).at(request.path).answer_error(error)
