"""Notices: shown once, with a button that takes back what they report, and never from another browser."""

from __future__ import annotations

from tests.console.conftest import Console, forms_in
from tests.console.zone_page import open_page


def test_a_notice_is_shown_once(console: Console) -> None:
    page = open_page(console)
    page.browser.send(f"{page.path}settings/", {"default_ttl": "60"})
    assert "Settings saved." in page.browser.get("/zones/").text
    assert "Settings saved." not in page.browser.get("/zones/").text


def test_what_was_saved_is_undone_from_the_notice(console: Console) -> None:
    page = open_page(console)
    page.add_address("192.0.2.1")
    undo = f"{page.path}history/{page.serial()}/"
    form = forms_in(page.browser.get(page.path).text, page.path)[undo]
    assert "intent" in form and page.browser.post(undo, form).location == f"{page.path}changes/"
    page.browser.send(f"{page.path}changes/", {"intent": "publish"})
    assert page.records() == []
    assert undo not in page.browser.get("/zones/").text


def test_a_change_of_a_comment_has_no_version_to_undo(console: Console) -> None:
    page = open_page(console)
    page.add_address("192.0.2.1")
    page.browser.get(page.path)
    page.change(page.records()[0], comment="noted")
    text = page.browser.get(page.path).text
    assert "Saved." in text and ">Undo</button>" not in text


def test_a_notice_of_another_browser_is_not_shown(console: Console) -> None:
    page, other = open_page(console), console.signed_in("other@example.org")
    page.browser.send(f"{page.path}settings/", {"default_ttl": "60"})
    other.client.set_cookie("notice", page.browser.cookie("notice") or "")
    assert "Settings saved." not in other.get("/zones/").text
    for damaged in ("x", "x.y", ""):
        other.client.set_cookie("notice", damaged)
        assert other.get("/zones/").status_code == 200
