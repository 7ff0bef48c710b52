"""A signed text is read for its purpose, by its browser and in its time only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.console.session import find_session
from appliance.console.signed_text import read_signed_text, sign_text
from tests.console.conftest import Console

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("text", ["", "a.b", "bücher \ud800"])
def test_a_signed_text_is_read_for_its_purpose_in_its_time(console: Console, text: str) -> None:
    with console.application.app.test_request_context():
        find_session()
        signed = sign_text("one", text, HOUR)
        assert read_signed_text("one", signed) == text
        assert read_signed_text("other", signed) is None
        for changed in (f"{signed}x", f"9{signed}", signed.partition(".")[2], text, ""):
            assert read_signed_text("one", changed) is None
        console.application.clock.forward(hours=1)
        assert read_signed_text("one", signed) is None


def test_a_signed_text_is_read_by_its_browser_only(console: Console) -> None:
    with console.application.app.test_request_context():
        find_session()
        signed = sign_text("one", "text", HOUR)
    with console.application.app.test_request_context():
        find_session()
        assert read_signed_text("one", signed) is None
