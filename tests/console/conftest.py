"""A browser without JavaScript for tests: it keeps cookies, follows no redirects, and submits forms of pages."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from appliance.principal import Principal
from appliance.store import credentials
from tests.api.conftest import Application, open_application

PASSWORD = "correct horse battery"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""The hash of PASSWORD with parameters that make it fast to verify."""
ADDRESS = "192.0.2.1"
_FOLDER = tempfile.TemporaryDirectory()
_TEMPLATES = FileSystemBytecodeCache(_FOLDER.name)
"""The compiled templates of the pages: each application would compile them again."""


class _Forms(HTMLParser):
    """The hidden fields of the forms of a page, by the path that each is sent to."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.found: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a hidden field of the open form."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._open = self.found.setdefault(given.get("action", self.path), {})
        elif tag == "input" and given.get("type") == "hidden":
            self._open[given["name"]] = given.get("value", "")


@dataclass
class Browser:
    """A browser at an address."""

    client: FlaskClient
    address: str = ADDRESS
    secure: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> TestResponse:  # noqa: ANN401 - whatever the test client takes
        """Request a page."""
        return self._open("GET", path, **more)

    def weight(self, path: str, **sent: Any) -> int:  # noqa: ANN401 - fields of a form
        """Return the octets of a page and all its files; with `sent`, of the page that answers that form."""
        page = self.send(path, sent) if sent else self.get(path)
        assert page.status_code == 200, page.text
        sizes = [len(page.data)]
        for name in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)):
            with self.get(name) as file:
                sizes.append(len(file.data))
        assert len(sizes) > 3
        return sum(sizes)

    def forms(self, path: str) -> dict[str, dict[str, str]]:
        """Return the hidden fields of the forms on a page, by the path that each is sent to."""
        return forms_in(self.get(path).text, path)

    def send(self, path: str, values: dict[str, Any], page: str | None = None, **more: Any) -> TestResponse:  # noqa: ANN401
        """Submit the form that is sent to `path`; `page` is the page that has it, if it is another one."""
        return self._open("POST", path, data={**self.forms(page or path)[path], **values}, **more)

    def post(self, path: str, values: dict[str, Any], **more: Any) -> TestResponse:  # noqa: ANN401
        """Send a form without requesting its page first."""
        return self._open("POST", path, data=values, **more)

    def sign_in(self, email: str, password: str = PASSWORD, code: str = "", **more: str) -> TestResponse:
        """Submit the sign-in form, and the form for the code if the account has a second factor."""
        answer = self.send("/sign-in/", {"email": email, "password": password, **more})
        path = "/sign-in/code/"
        hidden = forms_in(answer.text, path).get(path) if answer.status_code == 200 else None
        return self.post(path, {**hidden, "code": code}) if hidden else answer

    def cookie(self, name: str = "session") -> str | None:
        """Return the value of the cookie."""
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
    """An application, with browsers and accounts."""

    application: Application

    def browser(self, address: str = ADDRESS, *, secure: bool = False) -> Browser:
        """Return a new browser."""
        return Browser(self.application.app.test_client(), address, secure)

    def account(self, email: str, *, is_admin: bool = False) -> Principal:
        """Return the principal of an account whose password is PASSWORD."""
        principal = Principal.local("test", self.application.account(email, is_admin=is_admin))
        with self.application.store.connection():
            credentials.set_password_hash(principal.account.uuid, PASSWORD_HASH)
        return principal

    def signed_in(self, email: str, *, is_admin: bool = False) -> Browser:
        """Return a browser that is signed in to that account."""
        self.account(email, is_admin=is_admin)
        browser = self.browser()
        assert browser.sign_in(email).status_code == 303
        return browser


def forms_in(page: str, path: str) -> dict[str, dict[str, str]]:
    """Return the hidden fields of the forms on a page at that path, by the path that each is sent to."""
    parser = _Forms(path)
    parser.feed(page)
    return parser.found


def texts(answer: TestResponse, pattern: str) -> list[str]:
    """Return all matches of the pattern in the page."""
    return re.findall(pattern, answer.text)


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """A new application, whose rate limits see a clock that does not move."""
    opened = open_application(tmp_path, lambda: 1000.0)
    opened.app.jinja_env.bytecode_cache = _TEMPLATES
    return opened


@pytest.fixture
def console(application: Application) -> Console:
    """The console of the application."""
    return Console(application)
