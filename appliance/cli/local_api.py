"""The API of the appliance on this host, called in this process with an operator's authority.

So a command does the same here as with `--url`: the same call, the same checks, the same JSON.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask
from werkzeug.test import Client

from appliance.api.auth import PREFIX, local_door
from appliance.app import create_app
from appliance.cli.options import now, opened
from appliance.client import ApiClient, ApiRequest, ApiResponse
from appliance.principal import Principal
from appliance.problems import deployer_problem
from appliance.settings import Settings
from appliance.store import accounts
from appliance.web.context import context_of


class LocalCarrier:
    """Sends calls to an application in this process."""

    def __init__(self, app: Flask) -> None:
        self._client = Client(app)

    def send(self, request: ApiRequest) -> ApiResponse:
        """Return the answer to a call, whatever its status."""
        with self._client.open(
            f"{PREFIX}{request.path}",
            method=request.method,
            query_string=request.query,
            headers=request.headers,
            data=request.body,
        ) as response:
            return ApiResponse(response.status_code, dict(response.headers.items()), response.get_data())


@contextmanager
def open_local(settings: Settings, email: str | None = None, *, is_limited: bool = False) -> Iterator[ApiClient]:
    """Yield a client that acts for an operator, or on behalf of the account with that email.

    `is_limited`: it sees only the zones of the account. Raise SettingsError if there is no store.
    """
    with opened(settings):
        account = accounts.find_account(email) if email else None
        principal = Principal.local(f"command line, {getpass.getuser()}", account)
        if account and is_limited:
            principal = replace(principal, permissions=frozenset({"dns:*"}))
        problem = deployer_problem(now())
        app = create_app(settings, now, door=local_door(principal))
        try:
            yield ApiClient(LocalCarrier(app), hindrance=f"{problem.text}: {problem.remedy}" if problem else None)
        finally:
            context_of(app).store.close()
