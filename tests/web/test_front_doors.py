"""Front doors: each authenticates the requests below its paths and answers their errors in its own form."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Blueprint, Response, request
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from appliance.errors import AuthenticationFailed, NotFound
from appliance.web.context import context
from appliance.web.error_status import status_of
from appliance.web.front_doors import FrontDoor, FrontDoors, doors_of
from tests.api.conftest import Application, is_error, open_application

DIALECT = "/api/v1/dialect"


def _authenticate() -> None:
    secret = request.headers.get("X-API-Key", "")
    context().authenticator.authenticate(secret, request.remote_addr or "", context().clock())


def _answer_error(error: Exception) -> Response:
    status = error.code if isinstance(error, HTTPException) else None
    return Response(f"dialect: {error}", status=status or 500) if status else _answer_ours(error)


def _answer_ours(error: Exception) -> Response:
    status = status_of(error) if isinstance(error, AuthenticationFailed | NotFound) else 500
    return Response(f"dialect: {type(error).__name__}", status=status)


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """An application with a second front door below the paths of the API."""
    application = open_application(tmp_path)
    pages = Blueprint("dialect", __name__, url_prefix=DIALECT)

    @pages.get("/localhost")
    def show() -> str:
        return "localhost"

    @pages.get("/broken")
    def fail() -> str:
        raise RuntimeError

    @pages.get("/missing")
    def miss() -> str:
        raise NotFound("no such zone")

    application.app.register_blueprint(pages)
    doors_of(application.app).claim(FrontDoor((DIALECT,), _answer_error, _authenticate))
    return application


@pytest.fixture
def web(application: Application) -> FlaskClient:
    return application.app.test_client()


def _is_dialect(answer: TestResponse, status: int, text: str) -> bool:
    assert (answer.status_code, answer.content_type) == (status, "text/html; charset=utf-8"), answer.text
    return text in answer.text


def test_a_door_below_the_api_authenticates_by_its_own_header(application: Application, web: FlaskClient) -> None:
    secret = application.secret("me@example.org", "dns:*")
    key, bearer = {"X-API-Key": secret}, {"Authorization": f"Bearer {secret}"}
    assert web.get(f"{DIALECT}/localhost", headers=key).text == "localhost"
    assert _is_dialect(web.get(f"{DIALECT}/localhost", headers=bearer), 401, "dialect: AuthenticationFailed")
    assert "WWW-Authenticate" not in web.get(f"{DIALECT}/localhost").headers
    assert web.get("/api/v1/dns-zones/", headers=bearer).status_code == 200
    refused = web.get("/api/v1/dns-zones/", headers=key)
    assert is_error(refused, 401, "invalid_token") and refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/localhost/x", "/localhost/x/y"])
def test_unknown_paths_below_a_door_are_answered_by_it_after_authentication(
    application: Application, web: FlaskClient, path: str
) -> None:
    key = {"X-API-Key": application.secret("me@example.org", "dns:*")}
    assert _is_dialect(web.get(f"{DIALECT}{path}"), 401, "dialect: AuthenticationFailed")
    assert _is_dialect(web.get(f"{DIALECT}{path}", headers=key), 404, "dialect: 404")


def test_every_error_below_a_door_has_its_form(application: Application, web: FlaskClient) -> None:
    key = {"X-API-Key": application.secret("me@example.org", "dns:*")}
    assert _is_dialect(web.post(f"{DIALECT}/localhost", headers=key), 405, "dialect: 405")
    assert _is_dialect(web.get(f"{DIALECT}/broken", headers=key), 500, "dialect: RuntimeError")
    assert _is_dialect(web.get(f"{DIALECT}/missing", headers=key), 404, "dialect: NotFound")


@pytest.mark.parametrize(
    "path", ["/api/v1/dialectx", "/api/v1/serversx", "/api/v1/server", "/api/v1", "/api/v1/nothing/"]
)
def test_all_other_paths_below_its_prefix_belong_to_the_api(
    application: Application, web: FlaskClient, path: str
) -> None:
    bearer = {"Authorization": f"Bearer {application.secret('me@example.org', 'dns:*')}"}
    assert is_error(web.get(path), 401, "invalid_token")
    assert is_error(web.get(path, headers=bearer), 404, "not_found")


@pytest.mark.parametrize("path", ["/apix", "/api/v2/", "/api/v1x", "/nothing", "//api/v1/"])
def test_unclaimed_paths_are_not_found_in_the_form_of_the_api(web: FlaskClient, path: str) -> None:
    refused = web.get(path)
    assert is_error(refused, 404, "not_found") and "WWW-Authenticate" not in refused.headers


def claimed(fallback: FrontDoor, *doors: FrontDoor) -> FrontDoors:
    """Return front doors that were claimed in that order."""
    found = FrontDoors(fallback)
    for door in doors:
        found.claim(door)
    return found


def test_the_longest_prefix_wins_in_any_order() -> None:
    def answer(_: Exception) -> Response:
        return Response()

    fallback, wide, deep = (FrontDoor(prefixes, answer) for prefixes in ((), ("/a",), ("/a/b/c", "/z")))
    for order in ([wide, deep], [deep, wide]):
        doors = claimed(fallback, *order)
        found = [doors.at(path) for path in ("/a", "/a/b", "/a/b/c", "/a/b/c/d", "/a/b/cd", "/z/", "/b", "", "*")]
        assert found == [wide, wide, deep, deep, wide, deep, fallback, fallback, fallback]


def test_where_a_trailing_slash_is_added() -> None:
    door = FrontDoor(("/a",), lambda _: Response(), open_paths=("/a/file", "/a/folder/"), adds_slash=True)
    assert [door.lacks_slash(path) for path in ("/a", "/a/", "/a/x", "/a/file", "/a/folder", "/a/folder/x")] == [
        *(True, False, True),
        *(False, True, False),
    ]
    assert not FrontDoor(("/a",), lambda _: Response()).lacks_slash("/a")


def test_an_exact_path_is_claimed_without_those_below_it() -> None:
    def answer(_: Exception) -> Response:
        return Response()

    fallback, wide = FrontDoor((), answer), FrontDoor(("/a/b",), answer)
    exact = FrontDoor(("/z",), answer, exact=("/a",))
    doors = claimed(fallback, wide, exact)
    assert [doors.at(path) for path in ("/a", "/a/", "/a/b", "/a/c", "/z/1")] == [exact, exact, wide, fallback, exact]
