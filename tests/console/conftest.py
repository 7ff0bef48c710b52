"""A browser without JavaScript: it keeps its cookies, follows no link by itself, and fills in forms it was shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.app import create_app
from appliance.principal import Principal
from appliance.store import credentials
from tests.api.conftest import Application, open_application

PASSWORD = "correct horse battery"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""Quick to compare, as those of the appliance are not."""
HERE = "192.0.2.1"


class _Forms(HTMLParser):
    """The hidden fields of the forms of a page, by the path that each is sent to."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.found: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form begins, or one of its hidden fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._open = self.found.setdefault(given.get("action", self.path), {})
        elif tag == "input" and given.get("type") == "hidden":
            self._open[given["name"]] = given.get("value", "")


@dataclass
class Browser:
    """Someone's browser, at an address."""

    client: FlaskClient
    address: str = HERE
    secure: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> TestResponse:  # noqa: ANN401 - whatever the test client takes
        """A page."""
        return self._open("GET", path, **more)

    def weight(self, path: str, **sent: Any) -> int:  # noqa: ANN401 - fields of a form
        """Octets of a page, with every file that it is made of; of the one that answers a form, where that is sent."""
        page = self.send(path, sent) if sent else self.get(path)
        assert page.status_code == 200, page.text
        sizes = [len(page.data)]
        for name in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)):
            with self.get(name) as file:
                sizes.append(len(file.data))
        assert len(sizes) > 3
        return sum(sizes)

    def forms(self, path: str) -> dict[str, dict[str, str]]:
        """The hidden fields of the forms on a page, by where each is sent to."""
        parser = _Forms(path)
        parser.feed(self.get(path).text)
        return parser.found

    def send(self, path: str, values: dict[str, Any], page: str | None = None, **more: Any) -> TestResponse:  # noqa: ANN401
        """Fill in the form of the page that is sent to that path; `page` when it stands on another."""
        return self._open("POST", path, data={**self.forms(page or path)[path], **values}, **more)

    def post(self, path: str, values: dict[str, Any], **more: Any) -> TestResponse:  # noqa: ANN401
        """A form that was never shown."""
        return self._open("POST", path, data=values, **more)

    def sign_in(self, email: str, password: str = PASSWORD, code: str = "", **more: str) -> TestResponse:
        """Sign in, or try to."""
        return self.send("/sign-in/", {"email": email, "password": password, "code": code, **more})

    def cookie(self, name: str = "session") -> str | None:
        """What the cookie holds."""
        found = self.client.get_cookie(name)
        return found.value if found else None

    def _open(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:  # noqa: ANN401
        base = "https://localhost" if self.secure else "http://localhost"
        return self.client.open(
            path,
            method=method,
            base_url=base,
            headers={**self.headers, **(headers or {})},
            environ_overrides={"REMOTE_ADDR": self.address},
            **more,
        )


@dataclass
class Console:
    """A application, and people in front of it."""

    application: Application

    def browser(self, address: str = HERE, *, secure: bool = False) -> Browser:
        """A browser that was never here."""
        return Browser(self.application.app.test_client(), address, secure)

    def account(self, email: str, *, is_admin: bool = False) -> Principal:
        """An account with the password of all tests."""
        principal = Principal.local("test", self.application.account(email, is_admin=is_admin))
        with self.application.store.connection():
            credentials.set_password_hash(principal.account.uuid, PASSWORD_HASH)
        return principal

    def signed_in(self, email: str, *, is_admin: bool = False) -> Browser:
        """A browser of someone who is signed in."""
        self.account(email, is_admin=is_admin)
        browser = self.browser()
        assert browser.sign_in(email).status_code == 303
        return browser


def texts(answer: TestResponse, pattern: str) -> list[str]:
    """What the page shows that looks like this."""
    return re.findall(pattern, answer.text)


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """A new application, in which the seconds that limits count stand still."""
    opened = open_application(tmp_path)
    return Application(opened.settings, opened.clock, create_app(opened.settings, opened.clock, lambda: 1000.0))


@pytest.fixture
def console(application: Application) -> Console:
    """Its console."""
    return Console(application)
