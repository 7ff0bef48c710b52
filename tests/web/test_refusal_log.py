"""Refused requests are logged without secrets, and not more than some lines a minute."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from appliance.settings import ApiSettings
from appliance.web.rate_limits import LOG_LINES
from tests.api.conftest import Application, Bearer, open_application


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return open_application(tmp_path).configured(ApiSettings(failure_rate=0))


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "appliance.web.refusal_log"]


def test_refused_tokens_and_calls_are_logged(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    web, reader = application.app.test_client(), application.bearer("me@example.org", "dns:list")
    guess = "vps_Ab3dEf7hIjKlMnOpQrStUvWxYz"
    Bearer(web, guess)("GET", "/dns-zones/")
    for header in ("Bearer secret", "Bearer vps_short", "Basic dXNlcjpwYXNz", "Bearer vps_\x7f" + "x" * 40, None):
        headers = {} if header is None else {"Authorization": header}
        web.get("/api/v1/nothing/", headers=headers)
    reader("POST", "/dns-zones/", {"domain": "example.com"})
    reader("GET", "/dns-zones/")
    first, *others = lines(caplog)
    assert first == (
        "event=token-refused address=127.0.0.1 account=None token=vps_Ab3dEf7h method=GET route=/api/v1/dns-zones/ "
        "reason='a valid token is required'"
    )
    assert len(others) == 6
    assert all("token=None" in line and "route=None" in line for line in others[:5])
    assert others[5].startswith(
        f"event=call-refused address=127.0.0.1 account=me@example.org token={reader.secret[:12]} method=POST"
    )
    assert reader.secret not in caplog.text and guess not in caplog.text and "dXNlcjpwYXNz" not in caplog.text


def test_the_number_of_lines_is_bounded(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    web = application.app.test_client()
    for _ in range(LOG_LINES + 50):
        web.get("/api/v1/dns-zones/")
    assert LOG_LINES <= len(lines(caplog)) < LOG_LINES + 50
    application.bearer("me@example.org", "dns:list")("POST", "/dns-zones/", {"domain": "example.com"})
    assert lines(caplog)[-1].startswith("event=call-refused")


@pytest.mark.parametrize(("scheme", "expected"), [("http", None), ("https", "max-age=31536000")])
@pytest.mark.parametrize("path", ["/api/v1/dns-zones/", "/sign-in/", "/healthz", "/nothing"])
def test_responses_over_tls_ask_for_tls(application: Application, path: str, scheme: str, expected: str | None) -> None:
    settings = ApiSettings(trusted_proxies=("127.0.0.1",), hosts=("localhost",))
    web = application.configured(settings).app.test_client()
    answer = web.get(path, headers={"X-Forwarded-Proto": scheme})
    assert answer.headers.get("Strict-Transport-Security") == expected
    stranger = web.get(path, headers={"X-Forwarded-Proto": "https"}, environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
    assert "Strict-Transport-Security" not in stranger.headers
