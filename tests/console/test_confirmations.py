"""Changes that are reverted unless they are confirmed: published from a draft, shown on every page, decided."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from appliance.console.confirmations import MOST_SHOWN, print_time_left
from appliance.deploy.due_changes import DueChanges
from appliance.editing import CreateRecord, RecordInput, ReplaceRRset
from appliance.web.context import context_of
from tests.console.conftest import Console, forms_in
from tests.console.zone_page import ZonePage, open_page


@pytest.fixture
def page(console: Console) -> ZonePage:
    """The page of a new zone."""
    return open_page(console)


def publish(page: ZonePage, value: str, within: str = "300", **fields: str) -> str:
    """Publish an address from a draft; return the path of the form that decides about it, "" if there is none."""
    page.add_address(value, intent="draft", **fields)
    page.browser.send(f"{page.path}changes/", {"intent": "publish", "confirm_within": within})
    return next((path for path in decisions(page) if path), "")


def decisions(page: ZonePage) -> list[str]:
    """Return the paths of the forms of the banner."""
    return [path for path in forms_in(page.browser.get(page.path).text, page.path) if "/unconfirmed/" in path]


def decide(page: ZonePage, path: str, intent: str) -> str:
    """Send the form of the banner; return the next page."""
    sent = page.browser.send(path, {"intent": intent}, page.path)
    assert sent.location == page.path, sent.text
    return page.browser.get(page.path).text


def test_every_page_of_the_zone_shows_the_time_left(page: ZonePage) -> None:
    assert publish(page, "192.0.2.1")
    page.console.application.clock.forward(seconds=48)
    for tab in ("", "history/", "changes/", "settings/", "ask/", "delegation/", "records/new/"):
        text = page.browser.get(f"{page.path}{tab}").text
        assert 'data-seconds="252">4 min 12 s</time>' in text and "at 12:05:00 UTC" in text, tab
        assert ">Keep<" in text and ">Revert now<" in text
    assert "unconfirmed" in page.browser.get(f"{page.path}history/").text


def test_a_kept_change_stays(page: ZonePage) -> None:
    path = publish(page, "192.0.2.1")
    assert f"Version {page.serial()} is confirmed and stays." in decide(page, path, "keep")
    assert decisions(page) == [] and len(page.records()) == 1


def test_a_change_is_reverted_now(page: ZonePage) -> None:
    page.add_address("192.0.2.1", name="kept")
    path = publish(page, "192.0.2.2")
    serial = page.serial()
    assert f"Version {serial} was not confirmed: reverted." in decide(page, path, "revert")
    assert [record.value for record in page.records()] == ["192.0.2.1"] and decisions(page) == []
    form = page.browser.forms(page.path)["/sign-out/"]
    for intent in ("keep", "revert"):
        late = page.browser.post(path, {**form, "intent": intent})
        assert late.status_code == 409, intent


def test_what_changed_since_is_named(page: ZonePage) -> None:
    path = publish(page, "192.0.2.1")
    page.save([ReplaceRRset("A", "www", ["192.0.2.9"])])
    assert "has changed since, and stays" in decide(page, path, "revert")
    assert [record.value for record in page.records()] == ["192.0.2.9"]


def test_the_later_of_two_changes_is_reverted_first(page: ZonePage) -> None:
    earlier = publish(page, "192.0.2.1")
    serial = page.serial()
    publish(page, "192.0.2.2")
    later = next(path for path in decisions(page) if path != earlier)
    form = page.browser.forms(page.path)["/sign-out/"]
    refused = page.browser.post(earlier, {**form, "intent": "revert"})
    assert refused.status_code == 409 and f"confirm or revert version {page.serial()} first" in refused.text
    assert f"Version {page.serial()} was not confirmed: reverted." in decide(page, later, "revert")
    assert f"Version {serial} was not confirmed: reverted." in decide(page, earlier, "revert")
    assert page.records() == []


def test_a_change_that_is_due_has_no_button_to_keep_it(page: ZonePage) -> None:
    path = publish(page, "192.0.2.1", "60")
    page.console.application.clock.forward(minutes=2)
    text = page.browser.get(page.path).text
    assert "is being reverted" in text and ">Keep<" not in text
    form = page.browser.forms(page.path)["/sign-out/"]
    assert page.browser.post(path, {**form, "intent": "keep"}).status_code == 409
    application = page.console.application
    with application.store.connection():
        DueChanges(application.store, context_of(application.app).editor, application.clock).step()
    assert page.records() == [] and decisions(page) == []


def test_most_changes_need_no_confirmation(page: ZonePage) -> None:
    assert not publish(page, "192.0.2.1", "")
    page.add_address("192.0.2.3", name="c", intent="draft")
    changes = f"{page.path}changes/"
    refused = page.browser.send(changes, {"intent": "publish", "confirm_within": "7"})
    assert refused.status_code == 400 and 'id="confirm_within-error"' in refused.text
    page.browser.send(changes, {"intent": "publish"})
    assert len(page.records()) == 2 and decisions(page) == []


def test_the_banner_is_bounded(page: ZonePage) -> None:
    for number in range(MOST_SHOWN + 2):
        page.save_to_confirm(CreateRecord(RecordInput("A", "@", f"192.0.2.{number}")))
    assert len(decisions(page)) == MOST_SHOWN


def test_a_change_of_another_zone_is_not_decided(page: ZonePage) -> None:
    path = publish(page, "192.0.2.1")
    other = str(page.browser.send("/zones/new/", {"domain": "other.example"}).location)
    form = page.browser.forms(page.path)["/sign-out/"]
    for wrong in (path.replace(page.path, other), re.sub(r"[^/]+/$", f"{uuid4()}/", path)):
        assert page.browser.post(wrong, {**form, "intent": "keep"}).status_code == 404
    stranger = page.console.signed_in("other@example.org")
    token = stranger.forms("/account/")["/sign-out/"]
    assert stranger.post(path, {**token, "intent": "revert"}).status_code == 404
    assert len(decisions(page)) == 1


def test_a_time_is_printed_in_its_largest_units() -> None:
    printed = [print_time_left(seconds) for seconds in (0, 59, 60, 252, 3599, 3600, 86400)]
    assert printed == ["0 s", "59 s", "1 min 0 s", "4 min 12 s", "59 min 59 s", "1 h 0 min", "24 h 0 min"]
